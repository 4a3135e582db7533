/// What a search may do with one layer.
public enum LayerPolicy: Hashable, Sendable {
  /// The search decides; at most this share of the channels goes, `nil` for no limit.
  case searched(maxSparsity: Double?)
  /// This share of the channels goes, as the configuration says; the layer is no part of the search space.
  case fixed(sparsity: Double)
  /// All channels stay.
  case excluded
  /// The layer shares the `total_sparsity` at this position of `LayerSelection.totals`.
  case total(position: Int)
}

/// What the entries of `config_list` come to for the layers of one network.
///
/// Of all entries that select a layer the last one owns it, and it alone decides: nothing of an earlier one, not
/// even its `max_sparsity_per_layer`, is left. So a later `exclude` takes a layer out, and a still later other entry
/// brings it back.
///
/// A layer that no entry selects:
/// - is searched without a limit when there is a `target` and the list, if any, only takes layers out of the search
///   (every entry has `exclude` or `sparsity_per_layer`), which is what AMCT's skips and overrides mean;
/// - is left as it is when the list says what to prune (an entry with `total_sparsity`, or with
///   `max_sparsity_per_layer` alone), as in NNI, or when there is no `target`.
public struct LayerSelection: Hashable, Sendable {
  /// One policy for each layer.
  public let policies: [LayerPolicy]

  /// The position in `config_list` of the entry that owns each layer; `nil` for a layer that no entry selects.
  public let owners: [Int?]

  /// The entries with `total_sparsity` that own a layer, in order.
  public let totals: [Total]

  /// A sparsity that several layers have to reach together.
  public struct Total: Hashable, Sendable {
    /// The position of the entry in `config_list`.
    public let entry: Int
    /// The share of their parameters that the layers lose together.
    public let sparsity: Double
    /// The largest share of its channels that one of them loses; `nil` for no limit.
    public let maxSparsity: Double?
    /// The positions of the layers, ascending.
    public let layers: [Int]
  }
}

extension LayerSelection {
  /// - Parameter owners: for each layer the last rule that selects it.
  init(rules: [LayerRule], owners: [Int?], isTargetGiven: Bool) {
    let saysWhatToPrune = rules.contains { rule in
      switch rule.action {
      case .search, .total: true
      case .exclude, .fix: false
      }
    }
    var totals: [Total] = []
    var positions: [Int: Int] = [:]
    for (entry, rule) in rules.enumerated() {
      guard case .total(let sparsity, let maxSparsity) = rule.action else { continue }
      let layers = owners.indices.filter { owners[$0] == entry }
      guard !layers.isEmpty else { continue }
      positions[entry] = totals.count
      totals.append(Total(entry: entry, sparsity: sparsity, maxSparsity: maxSparsity, layers: layers))
    }
    policies = owners.map { owner in
      guard let owner else { return isTargetGiven && !saysWhatToPrune ? .searched(maxSparsity: nil) : .excluded }
      switch rules[owner].action {
      case .exclude: return .excluded
      case .fix(let sparsity): return .fixed(sparsity: sparsity)
      case .search(let maxSparsity): return .searched(maxSparsity: maxSparsity)
      case .total: return positions[owner].map { .total(position: $0) } ?? .excluded
      }
    }
    self.owners = owners
    self.totals = totals
  }

  /// Whether no channel is left for the solver to choose.
  var isEmptySearchSpace: Bool {
    policies.allSatisfy { policy in
      switch policy {
      case .searched, .total: false
      case .fixed, .excluded: true
      }
    }
  }
}
