import Allocation
import Channels
import Configuration
import Networks

/// What a search knows of a network before anything is measured: a function of network and configuration alone.
struct NetworkAnalysis {
  /// The network's name.
  let name: String
  private(set) var solving: Solving
  /// The network's latency at every width that the solver may choose; `nil` without a table of it.
  let latency: LatencyCost?
  private(set) var configuration: SearchConfiguration
  /// The layers whose widths are to be chosen.
  let layersOfChosenBits: [Int]
  /// How the layers follow each other.
  let graph: LayerGraph

  /// Analyses a network.
  /// - Throws: what of the configuration does not go with the network, or what the network costs being out of range.
  init(_ network: Network, _ configuration: SearchConfiguration, latency: LatencyTable?) throws {
    self.configuration = configuration
    name = network.name
    let structure = ChannelStructure(of: network)
    graph = LayerGraph(network, structure)
    let identities = structure.layers.map(\.identity)
    let widths = try configuration.bitWidths(of: identities)
    let costs: CostModel
    do {
      costs = try CostModel(
        structure, bits: widths.map { LayerBits(activation: $0.activation, weight: $0.weight) })
    } catch {
      throw SearchError(.badContent, file: configuration.model.path, "\(error)")
    }
    layersOfChosenBits = configuration.layersWithSearchedBits(identities)
    solving = Solving(
      structure: structure, costs: costs, space: try SearchSpace(structure, configuration),
      solver: configuration.solver, targets: configuration.targets)
    self.latency = try latency.map { try LatencyCost($0, structure, costs, model: configuration.model.path) }
  }

  /// The same for another solver and other targets.
  /// - Parameter other: asks for nothing else of the network.
  func changed(to other: SearchConfiguration) -> NetworkAnalysis {
    var changed = self
    changed.configuration = other
    changed.solving = Solving(
      structure: solving.structure, costs: solving.costs, space: solving.space, solver: other.solver,
      targets: other.targets)
    return changed
  }

  /// The widths that layers may be given; `nil` where none are chosen.
  /// - Parameter table: what widths were measured to cost; `nil` before that.
  func bitChoices(_ table: QuantizationTable?) throws(AllocationError) -> BitChoices? {
    guard !configuration.bits.search.isEmpty else { return nil }
    return try BitChoices(solving.structure, solving.costs, configuration.bits, layersOfChosenBits) { layer, bits in
      table?.loss(ofLayer: layer, bits) ?? 0
    }
  }

  /// The problem with nothing known of the losses: what can be reached does not depend on them.
  /// - Throws: `SearchError` when a target cannot be reached.
  func ranges() throws -> [CostRange] {
    do {
      let losses = solving.structure.groups.map { [Double](repeating: 0, count: $0.unitCount) }
      let problem = try solving.problem(
        AllocationInput(losses: losses, bits: try bitChoices(nil), latency: latency))
      try problem.checkReachable()
      if configuration.solver.method == .measured {
        try MeasuredAllocator.checkReachable(problem, candidates: configuration.measured.candidates)
      }
      return problem.ranges
    } catch {
      throw SearchError(error, in: configuration)
    }
  }

  /// The network's latency before and after a plan, in milliseconds, where it is known.
  func latency(_ kept: [Int]) throws -> (before: Double, after: Double)? {
    guard let latency else { return nil }
    return (try latency.exact(solving.costs.unitCounts), try latency.exact(kept))
  }

  /// A measurement of this network as a plan is made from it.
  func input(_ losses: [[Double]], _ quantization: QuantizationTable?) throws(AllocationError) -> AllocationInput {
    AllocationInput(losses: losses, bits: try bitChoices(quantization), latency: latency)
  }
}
