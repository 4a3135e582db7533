import CMalloc
import Configuration
import Execution
import MessagePassing
import Networks
import Pipelining
import Sensitivity

/// A search in which groups of ranks hold the stages of the network.
struct SearchStages {
  let grid: RankGrid
  let backend: any StagedBackend

  /// - Returns: `nil` where every rank holds the whole network.
  /// - Precondition: where it does not, the backend can run stages.
  init?(_ grid: RankGrid?, _ backend: any ExecutionBackend) {
    guard let grid, grid.layers > 1 else { return nil }
    guard let backend = backend as? any StagedBackend else {
      preconditionFailure("grid \(grid): \(backend) does not run stages of a network")
    }
    self.grid = grid
    self.backend = backend
  }

  /// Lets this process give back what messages took as soon as they are read.
  ///
  /// They are made by some threads and freed by others: left to itself the allocator keeps half as much again.
  static func returnLargeBlocks() { pc_malloc_return_blocks_from(1 << 20) }

  /// What other ranks than 0 are told of the network.
  /// - Throws: `SearchError` when the search needs whole networks, or the network has too few nodes for so many stages.
  func outline(of preparation: Preparation) throws -> NetworkOutline {
    let request = try preparation.execution(without: []).request
    _ = try stages(request, preparation)
    guard let network = preparation.network else { preconditionFailure("the weights were given up") }
    return NetworkOutline(network, request)
  }

  /// Where a network is cut.
  func stages(_ request: ExecutionRequest, _ preparation: Preparation) throws -> NetworkStages {
    try SearchStages.check(preparation.configuration)
    do {
      return try NetworkStages(request, count: grid.layers)
    } catch {
      throw SearchError(.configuration, file: preparation.configuration.file, "--grid \(grid): \(error)")
    }
  }

  /// Whole networks do not fit a rank: what evaluates changed ones cannot be done.
  private static func check(_ configuration: SearchConfiguration) throws {
    let place: String
    if configuration.solver.method == .measured {
      place = "$.solver.method: \"measured\""
    } else if !configuration.bits.search.isEmpty {
      place = "$.bits.search"
    } else if configuration.sensitivity.goesByWeightGradients {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.sensitivity: gradients of weights are summed up where the whole network is, which --grid cuts into stages; "
          + "leave one of them out")
    } else if !configuration.sensitivity.method.isExpansion, !configuration.sensitivity.method.isOfWeights {
      place = "$.sensitivity.method: \"\(configuration.sensitivity.method.rawValue)\""
    } else if configuration.sensitivity.method.isOfWeights {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.sensitivity.method: \"\(configuration.sensitivity.method.rawValue)\" goes by the weights of the whole "
          + "network, which --grid cuts into stages; leave --grid out, as nothing else is held")
    } else {
      return
    }
    throw SearchError(
      .configuration, file: configuration.file,
      "\(place) evaluates whole networks in every rank, which --grid cuts into stages; leave one of them out")
  }

  /// This rank's stage: rank 0 cuts the network and sends every rank its own.
  ///
  /// - Parameters:
  ///   - removed: by group the units that the network is measured without.
  ///   - isLast: whether rank 0 gives the weights up.
  func package(
    _ preparation: inout Preparation, without removed: [[Int]], isLast: Bool, on world: any Communicator
  ) throws -> StagePackage {
    guard world.rank == 0 else { return try StagePackage(from: 0, on: world) }
    let request = try preparation.execution(without: removed).request
    if isLast { preparation.releaseWeights() }
    let cut = try stages(request, preparation)
    for stage in (0..<cut.count).reversed() {
      let package = StagePackage(request, cut, stage: stage)
      for rank in grid.ranks(of: stage) where rank > 0 { try package.send(to: rank, on: world) }
    }
    return StagePackage(request, cut, stage: 0)
  }
}

extension RankGrid {
  /// Whether a search can run on these ranks.
  /// - Throws: `SearchError` when there are more or fewer than the grid has.
  func check(on world: any Communicator, applies: Bool) throws {
    precondition(layers == 1 || !applies, "the pruned model is made from a whole network")
    guard world.size != rankCount else { return }
    throw SearchError(
      .usage, file: "--grid \(self)",
      "needs \(rankCount) \(rankCount == 1 ? "rank" : "ranks"), there \(world.size == 1 ? "is" : "are") \(world.size)"
    )
  }
}

extension WorkPlan {
  /// Runs `body` while threads of this rank serve the ranks that hold the other stages, where there are any.
  func serving(_ body: () throws -> Void) throws {
    guard let stage else { return try body() }
    try stage.serving(body)
  }
}
