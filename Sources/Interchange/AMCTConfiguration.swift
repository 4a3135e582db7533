import Configuration

/// A configuration of AMCT's channel pruning: what its search is asked for, or what is to be pruned of each layer.
///
/// Ratios of layers are shares of their output channels that go. A layer's own ratio comes before that of its type, and that
/// before the one of the whole network; the four lists of layers to skip are one.
public enum AMCTConfiguration: Sendable {
  /// What a search is asked for.
  case search(Search)
  /// What is to be pruned: written by hand, or by a search.
  case prune(Prune)

  /// What a search is asked for.
  public struct Search: Sendable {
    /// Bit complexity of the original ÷ that of the pruned network, > 1.
    public let compressRatio: Double
    /// Whether kept channels are multiples of 16.
    public let ascendOptimized: Bool
    /// The largest share of its channels that a layer loses, 0 < m ≤ 1.
    public let maxPruneRatio: Double
    /// Batches that sensitivities are measured on.
    public let testIteration: Int
    /// A prune config with layers to skip and ratios by hand.
    public let overridePruneConfig: String?
    let place: TextProto.Place
  }

  /// What is to be pruned of each layer.
  public struct Prune: Sendable {
    /// What holds for the whole network.
    var network: Filter?
    var networkPlace: TextProto.Place?
    /// Ratios of single layers, in the order of the file.
    var layers: [(name: String, filter: Filter)] = []
    /// Ratios of types of layers, in the order of the file.
    var types: [(name: String, filter: Filter)] = []
    /// Layers that are not pruned.
    var skippedLayers: [String] = []
    /// Types of layers that are not pruned.
    var skippedTypes: [String] = []
    var remarks: [String] = []
  }

  /// A `balanced_l2_norm_filter_prune`.
  struct Filter: Sendable {
    let pruneRatio: Double
    let ascendOptimized: Bool
  }

  /// What kept channels are multiples of under `ascend_optimized`.
  static let ascendMultiple = 16

  /// The prune config that a search config names.
  var overrideFile: String? {
    if case .search(let search) = self { search.overridePruneConfig } else { nil }
  }
}

extension AMCTConfiguration {
  /// The same in our terms.
  /// - Parameters:
  ///   - file: what errors call the file.
  ///   - override: the prune config that a search config names.
  func demand(file: String, override: AMCTConfiguration?) throws(ConfigurationError) -> PruningDemand {
    var demand = PruningDemand(file: file)
    switch self {
    case .prune(let prune):
      try prune.add(to: &demand)
      if prune.network != nil, !prune.layers.isEmpty {
        demand.remark(
          "the ratio of the whole network counts for layers that the file does not name; what AMCT's search writes there "
            + "means nothing (--named-only leaves it out)")
      }
      let flags = Set(prune.filters.map(\.ascendOptimized))
      if flags == [true] { demand.channelMultiple = Self.ascendMultiple }
      if flags.count > 1 {
        demand.remark("ascend_optimized differs between layers; \"channel_multiple\" holds for all and is left out")
      }
    case .search(let search):
      demand.target = SearchConfiguration.Target(.compressionRatio(search.compressRatio), in: .bitComplexity)
      demand.channelMultiple = search.ascendOptimized ? Self.ascendMultiple : nil
      if search.maxPruneRatio < 1 {
        demand.rules.append(LayerRule(opTypes: ["default"], action: .search(maxSparsity: search.maxPruneRatio)))
      }
      switch override {
      case nil: break
      case .search(let other)?:
        throw other.place.error("expected skips and overrides of layers, found a search config")
      case .prune(let prune)?:
        if let place = prune.networkPlace {
          throw place.error("prune_config: expected skips and overrides alone, found a ratio of the whole network")
        }
        try prune.add(to: &demand)
        if prune.filters.contains(where: { $0.ascendOptimized != search.ascendOptimized }) {
          demand.remark("ascend_optimized of the override differs from the search's, which holds for all layers")
        }
      }
      demand.remark(
        "test_iteration \(search.testIteration) means so many batches: set \"samples\" of \"calibration\" to "
          + "\(search.testIteration) × batch_size")
    }
    return demand
  }
}

extension AMCTConfiguration.Prune {
  /// All that say how much.
  fileprivate var filters: [AMCTConfiguration.Filter] {
    (network.map { [$0] } ?? []) + types.map(\.filter) + layers.map(\.filter)
  }

  /// Adds entries in an order in which the last one that selects a layer is the one that counts in AMCT.
  fileprivate func add(to demand: inout PruningDemand) throws(ConfigurationError) {
    demand.remarks += remarks
    if let network { demand.rules.append(LayerRule(opTypes: ["default"], action: .fix(sparsity: network.pruneRatio))) }
    for type in types {
      demand.rules.append(LayerRule(opTypes: [type.name], action: .fix(sparsity: type.filter.pruneRatio)))
    }
    demand.exclude(types: skippedTypes)
    for layer in layers {
      demand.rules.append(LayerRule(opNames: [layer.name], action: .fix(sparsity: layer.filter.pruneRatio)))
    }
    demand.exclude(names: skippedLayers)
    if !skippedTypes.isEmpty, !layers.isEmpty {
      demand.remark("a layer with a ratio of its own is pruned even if its type is skipped")
    }
  }
}
