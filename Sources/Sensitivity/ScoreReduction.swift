public import Channels

/// How the scores of the layers that make a unit become the unit's.
public enum ScoreReduction: String, Hashable, Sendable, CaseIterable {
  /// Their sum.
  case sum
  /// Their mean.
  case mean
  /// The largest.
  case max
  /// That of the first layer in graph order.
  case first
}

/// What makes scores of different layers comparable that have no common unit.
///
/// Scores in units of the loss have one: they are left alone.
public enum ScoreNormalization: String, Hashable, Sendable, CaseIterable {
  /// Nothing.
  case none
  /// A group's scores are divided by their mean.
  case mean
  /// A group's scores are divided by the largest of them.
  case max
  /// Every layer's scores are divided by the euclidean norm of what they are of: its weights, or the scores themselves.
  case norm
  /// A score is divided by the sum of itself and of all in its group that go after it: what a unit counts among those
  /// that are left; after Lee et al., arXiv:2010.07611.
  case lamp

  /// A group's scores made comparable with other groups'.
  func applied(to scores: [Double]) -> [Double] {
    switch self {
    case .none, .norm: return scores
    case .mean: return ScoreNormalization.divided(scores, by: scores.reduce(0, +) / Double(scores.count))
    case .max: return ScoreNormalization.divided(scores, by: scores.max() ?? 0)
    case .lamp:
      var result = scores
      var rest = 0.0
      // From the largest down; of equal ones the last goes last.
      for place in scores.indices.sorted(by: { (scores[$0], $0) > (scores[$1], $1) }) {
        rest += scores[place]
        result[place] = rest >= .leastNormalMagnitude ? scores[place] / rest : 0
      }
      return result
    }
  }

  /// - Returns: the scores as they are where all are 0, or so small that they only keep an order.
  static func divided(_ scores: [Double], by divisor: Double) -> [Double] {
    divisor >= .leastNormalMagnitude ? scores.map { $0 / divisor } : scores
  }
}

extension ChannelScores {
  /// The scores of units from those of layers.
  ///
  /// Depthwise layers only pass a unit on: their scores stand with the layer and count in no unit.
  /// - Parameters:
  ///   - layers: per layer the score of every output channel, none negative; several channels of one unit are added up.
  ///   - norms: per layer what `norm` divides by; `nil` for the norm of the scores.
  public init(
    layers: [[Double]], of structure: ChannelStructure, _ reduction: ScoreReduction = .sum,
    _ normalization: ScoreNormalization = .none, norms: [Double]? = nil
  ) {
    let layout = SensitivityLayout(structure)
    // By group the units' scores of every layer that makes them.
    var found = structure.groups.map { _ in [[Double]]() }
    for (layer, scores) in layers.enumerated() {
      let norm = norms?[layer] ?? scores.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let scores = normalization == .norm ? ScoreNormalization.divided(scores, by: norm) : scores
      var own: [Int: [Double]] = [:]
      for (channel, place) in layout.unitPlaces[layer].enumerated() {
        guard let place, let unit = structure.layers[layer].outputUnits[channel] else { continue }
        own[unit.group, default: [Double](repeating: 0, count: layout.groups[unit.group].count)][
          place - layout.groups[unit.group].lowerBound] += scores[channel]
      }
      for (group, scores) in own { found[group].append(scores) }
    }
    let groups = zip(found, structure.groups).map { scores, group in
      let units = (0..<group.unitCount).map { unit in reduction.value(scores.map { $0[unit] }) }
      return normalization.applied(to: units)
    }
    self.init(layers: layers, groups: groups)
  }

  /// Scores of units alone, made comparable; `norm` divides by that of the group's scores. A layer's channel has that of
  /// its unit, and one of none 0.
  /// - Parameter groups: by group; empty for one that has none because it stays: should it be let go later, its units go
  ///   last.
  public init(groups: [[Double]], of structure: ChannelStructure, _ normalization: ScoreNormalization) {
    let comparable = groups.map { scores in
      normalization == .norm
        ? ScoreNormalization.divided(scores, by: scores.reduce(0) { $0 + $1 * $1 }.squareRoot())
        : normalization.applied(to: scores)
    }
    let largest = comparable.joined().max() ?? 0
    self.init(
      groups: zip(comparable, structure.groups).map { scores, group in
        scores.isEmpty ? [Double](repeating: largest, count: group.unitCount) : scores
      }, of: structure)
  }
}

extension ScoreReduction {
  /// - Returns: 0 where there are none.
  func value(_ scores: [Double]) -> Double {
    switch self {
    case .sum: scores.reduce(0, +)
    case .mean: scores.isEmpty ? 0 : scores.reduce(0, +) / Double(scores.count)
    case .max: scores.max() ?? 0
    case .first: scores.first ?? 0
    }
  }
}
