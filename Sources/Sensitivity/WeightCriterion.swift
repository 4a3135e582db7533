public import Channels
public import Networks

/// A criterion that needs the weights alone.
public enum WeightCriterion: String, Hashable, Sendable, CaseIterable {
  /// Σ |w| of a filter; Li et al., arXiv:1608.08710.
  case l1
  /// √Σ w² of a filter.
  case l2
  /// Σ over the layer's other filters of the euclidean distance to this one: what is near all others they can stand in
  /// for; He et al., arXiv:1811.00250.
  case geometricMedian = "geometric_median"
  /// |γ| of the normalisation behind; Liu et al., arXiv:1708.06519.
  case normalizationScale = "bn_scale"
  /// What a response counts for the network's outputs, passed back through |w|; Yu et al., arXiv:1711.05908.
  case nisp
  /// A number of 0 ..< 1 drawn for every unit: what every other criterion has to be better than.
  case random

  /// Filters of a layer that are scored as one piece of work: the distances of fewer would read the layer too often.
  public static let filtersPerPiece = 64

  /// The pieces of work that the scores of layers are made in: runs of filters of a layer.
  ///
  /// A function of the structure alone, so any number of ranks gives the same numbers.
  public static func pieces(_ structure: ChannelStructure) -> [(layer: Int, filters: Range<Int>)] {
    structure.layers.enumerated().flatMap { layer, one in
      stride(from: 0, to: one.outputs, by: filtersPerPiece).map { start in
        (layer, start..<min(start + filtersPerPiece, one.outputs))
      }
    }
  }
}

extension ChannelStructure {
  /// By layer √Σ w² of all its weights.
  public func weightNorms(in network: Network) -> [Double] {
    layers.map { LayerFilters(of: $0, in: network).squaredSums.reduce(0, +).squareRoot() }
  }
}

extension ChannelScores {
  /// The scores of a network's channels.
  ///
  /// - Parameters:
  ///   - network: the analysed network, normalisations not folded.
  ///   - structure: what `network` was analysed to.
  ///   - seed: of what is drawn.
  ///   - groups: those that need scores; `nil` for all that can lose units. Others get the largest of all where they have
  ///     none: should they be let go later, they go last.
  /// - Throws: `SensitivityError` when the network lacks what the criterion goes by.
  public init(
    _ criterion: WeightCriterion, of network: Network, _ structure: ChannelStructure,
    _ reduction: ScoreReduction = .sum, _ normalization: ScoreNormalization = .none, seed: UInt64 = 0,
    groups: Set<Int>? = nil
  ) throws(SensitivityError) {
    switch criterion {
    case .l1, .l2, .geometricMedian:
      let filters = structure.layers.map { LayerFilters(of: $0, in: network) }
      let scores = filters.map { filters in
        switch criterion {
        case .l1: filters.absoluteSums
        case .geometricMedian: filters.distanceSums(0..<filters.count)
        default: filters.squaredSums.map { $0.squareRoot() }
        }
      }
      self.init(
        layers: scores, of: structure, reduction, normalization, norms: structure.weightNorms(in: network))
    case .normalizationScale:
      try self.init(
        normalizationScalesOf: network, structure, reduction, normalization,
        groups: groups ?? Set(structure.groups.filter(\.isPrunable).map(\.id)))
    case .nisp:
      self.init(
        layers: try structure.responseImportance(of: network), of: structure, reduction, normalization)
    case .random:
      let drawn = structure.groups.map { group in
        (0..<group.unitCount).map { unit in
          var random = SplitMix64(seed, UInt64(group.id), UInt64(unit))
          return random.unit()
        }
      }
      self.init(groups: drawn.map(normalization.applied), of: structure)
    }
  }

  /// Scores of units alone: a layer's channel has that of its unit, and one of none 0.
  public init(groups: [[Double]], of structure: ChannelStructure) {
    self.init(
      layers: structure.layers.map { layer in layer.outputUnits.map { $0.map { groups[$0.group][$0.unit] } ?? 0 } },
      groups: groups)
  }

  /// |γ| of every unit's normalisations.
  private init(
    normalizationScalesOf network: Network, _ structure: ChannelStructure, _ reduction: ScoreReduction,
    _ normalization: ScoreNormalization, groups needed: Set<Int>
  ) throws(SensitivityError) {
    var groups: [[Double]?] = []
    for group in structure.groups {
      var found: [[Double]] = []
      for member in group.members where member.role == .norm {
        guard let id = network.nodes[member.node].inputs[1], let scale = network[id].constant?.doubles else { continue }
        let own = member.indices.map { $0.reduce(0) { $0 + abs(scale[$1]) } }
        let norm = scale.reduce(0) { $0 + $1 * $1 }.squareRoot()
        found.append(normalization == .norm ? ScoreNormalization.divided(own, by: norm) : own)
      }
      guard !found.isEmpty || !needed.contains(group.id) else {
        let maker = group.members.first { $0.role == .produce }?.name ?? "group \(group.id)"
        throw SensitivityError(
          "\(WeightCriterion.normalizationScale.rawValue): no normalisation follows '\(maker)', whose channels have no "
            + "score then; exclude it in config_list, or choose another criterion (a network whose normalisations are "
            + "folded has none at all)")
      }
      let units = (0..<group.unitCount).map { unit in reduction.value(found.map { $0[unit] }) }
      groups.append(found.isEmpty ? nil : normalization.applied(to: units))
    }
    let largest = groups.compactMap { $0?.max() }.max() ?? 0
    self.init(
      groups: zip(groups, structure.groups).map { $0 ?? [Double](repeating: largest, count: $1.unitCount) },
      of: structure)
  }
}
