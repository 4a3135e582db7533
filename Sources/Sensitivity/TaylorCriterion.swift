/// First-order Taylor sensitivity: how much the loss changes, to first order, when a channel unit is removed.
///
/// loss(w − wᵢ) expanded gives −Σ w·∂L/∂w over the unit's weights, and by the chain rule that sum is Σ a·∂L/∂a over its
/// activations at the producing layers' outputs (bias included), so no weight gradient is computed. After Molchanov et
/// al., arXiv:1611.06440 and arXiv:1906.10771.
public struct TaylorCriterion: Hashable, Sendable {
  /// How the values t of one channel become its sensitivity.
  public enum Reduction: String, Hashable, Sendable {
    /// Mean of |t|, in loss units.
    case meanAbs = "mean_abs"
    /// |mean of t|, in loss units.
    case absMean = "abs_mean"
    /// Mean of t², in squared loss units.
    case meanSquare = "mean_square"
  }

  /// What one value t is taken over.
  public enum Level: String, Hashable, Sendable {
    /// The mean loss of one batch; a short last batch counts as much as a full one.
    case batch
    /// The loss of one sample.
    case sample
  }

  /// How the values become a sensitivity.
  public let reduction: Reduction
  /// What one value is taken over.
  public let level: Level

  /// A criterion.
  public init(reduction: Reduction, level: Level) {
    self.reduction = reduction
    self.level = level
  }

  /// What one value adds to its channel's sum.
  @inline(__always)
  func contribution(_ value: Double) -> Double {
    switch reduction {
    case .meanAbs: abs(value)
    case .absMean: value
    case .meanSquare: value * value
    }
  }

  /// The sensitivity from a sum of contributions over `count` values.
  func sensitivity(sum: Double, count: Int) -> Double {
    let mean = sum / Double(count)
    return reduction == .absMean ? abs(mean) : mean
  }
}
