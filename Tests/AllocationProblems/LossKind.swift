import Glibc

/// How the losses of a network's units are distributed.
public enum LossKind: String, CaseIterable, Sendable {
  /// Independent, exponential, of one scale per group.
  case exponential
  /// Exponentials to the third power: a few units hold nearly all loss.
  case heavyTailed
  /// Nearly nothing for most units, growing steeply: prefix sums far from linear.
  case convex
  /// Four levels, so that most units tie.
  case ties
  /// A fifth of the units better gone.
  case negative

  /// The losses of a group's units, of about `scale` each, in the order of the units.
  public func losses(_ count: Int, scale: Double, using random: inout SeededGenerator) -> [Double] {
    (0..<count).map { index in
      let uniform = Double.random(in: 0..<1, using: &random)
      let exponential = -scale * log1p(-uniform)
      switch self {
      case .exponential: return exponential
      case .heavyTailed: return exponential * exponential * exponential / (scale * scale)
      case .convex: return scale * pow(Double(index + 1) / Double(count), 6)
      case .ties: return scale * (uniform * 4).rounded(.down) / 4
      case .negative: return exponential - 0.2 * scale
      }
    }
  }
}
