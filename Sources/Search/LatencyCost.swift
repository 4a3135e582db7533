import Allocation
import Channels

/// The latency of one network by a measured table.
struct LatencyCost {
  /// Staircases over kept counts that never fall where widths grow, in milliseconds, for an allocator: never above `exact`.
  let terms: [CostTerm]
  /// Where the table was measured.
  let machine: LatencyMachine
  private let table: LatencyTable
  private let structure: ChannelStructure
  private let costs: CostModel
  private let model: String

  /// - Throws: `SearchError` naming the first layer that the table lacks.
  init(_ table: LatencyTable, _ structure: ChannelStructure, _ costs: CostModel, model: String) throws {
    self.table = table
    self.structure = structure
    self.costs = costs
    self.model = model
    machine = table.machine
    terms = try table.terms(for: structure, costs, model: model)
  }

  /// What the network takes at kept counts, in milliseconds, as it was timed.
  func exact(_ kept: [Int]) throws -> Double {
    try table.milliseconds(structure, costs, model: model, kept: kept)
  }
}
