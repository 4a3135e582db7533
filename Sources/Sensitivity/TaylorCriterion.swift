/// Taylor sensitivity: how much the loss changes when channel units are removed, by an expansion around the network.
///
/// loss(w − wᵢ) expanded gives −Σ w·∂L/∂w over the unit's weights, and by the chain rule that sum is t = Σ a·∂L/∂a over
/// its activations at the producing layers' outputs (bias included), so no weight gradient is computed there. After
/// Molchanov et al., arXiv:1611.06440 and arXiv:1906.10771. At the layers that read a unit, and where every weight counts
/// by its magnitude, t comes from the gradients of the weights, which exist for a batch as a whole. The second derivatives are
/// taken as squares of first ones: with the data's labels (empirical Fisher) or with labels of the network's own prediction
/// (Gauss-Newton).
public enum TaylorCriterion: Hashable, Sendable {
  /// Order 1: the size of the first derivative.
  case first(FirstOrder)
  /// Order 2: −mean t + ½ mean t′², t′ being t with the labels of the curvature; per sample.
  case second(Curvature)

  /// How the values t of one channel become its sensitivity.
  public enum Reduction: String, Hashable, Sendable {
    /// Mean of |t|, in loss units.
    case meanAbs = "mean_abs"
    /// |mean of t|, in loss units.
    case absMean = "abs_mean"
    /// Mean of t², in squared loss units.
    case meanSquare = "mean_square"
    /// ½ mean of t², in loss units: the second-order term with the empirical Fisher matrix for the Hessian (Theis et al.,
    /// arXiv:1801.05787).
    case halfMeanSquare = "fisher"
    /// Mean of Σ |w·∂L/∂w| over the unit's weights, in loss units.
    case weightMagnitudes = "weight_abs"
    /// The share of that in the sum over all weights of the network: the connection sensitivity (SNIP, Lee et al.,
    /// arXiv:1810.02340) of all connections of a unit.
    case connectionShare = "snip"
  }

  /// Which layers' weights say what a unit counts.
  public enum Site: String, Hashable, Sendable {
    /// Those of the layers that make it.
    case producer
    /// Those of the layers that read it.
    case consumer
    /// Those of all that go with it: of layers that make it, pass it on channel by channel, or read it.
    case members
  }

  /// What one value t is taken over.
  public enum Level: String, Hashable, Sendable {
    /// The mean loss of one batch; a short last batch counts as much as a full one.
    case batch
    /// The loss of one sample.
    case sample
  }

  /// How the values of the layers that make one unit become the unit's.
  public enum GroupReduction: String, Hashable, Sendable {
    /// Added up, then reduced: the unit goes as a whole.
    case sum
    /// Reduced, then added up.
    case sumOfAbsolutes = "sum_abs"
  }

  /// An expansion of order 1.
  public struct FirstOrder: Hashable, Sendable {
    /// How the values become a sensitivity.
    public let reduction: Reduction
    /// What one value is taken over.
    public let level: Level
    /// How the layers of a unit come together.
    public let groupReduction: GroupReduction
    /// Which layers they are.
    public let site: Site

    /// An expansion of order 1.
    /// - Precondition: values from weights are of batches, and nothing but magnitudes is taken over all members.
    public init(reduction: Reduction, level: Level, groupReduction: GroupReduction = .sum, site: Site = .producer) {
      self.reduction = reduction
      self.level = level
      self.groupReduction = groupReduction
      self.site = site
      precondition(!weighs || (level == .batch && groupReduction == .sum))
      precondition(isOfMagnitudes || site != .members)
    }

    /// Whether every weight counts by its magnitude.
    var isOfMagnitudes: Bool { reduction == .weightMagnitudes || reduction == .connectionShare }

    /// Whether it goes by gradients of weights, which exist for a batch as a whole.
    var weighs: Bool { isOfMagnitudes || site == .consumer }
  }

  /// Whose labels the squared derivatives are taken with.
  public enum Curvature: Hashable, Sendable {
    /// The data's: free.
    case fisher
    /// So many per sample drawn from the network's prediction, each another pass; for a squared error, as many targets
    /// drawn around the prediction with the variance that makes their expectation the Gauss-Newton matrix.
    ///
    /// The gradient of a mean over positions with independent labels has a mean square smaller by the number of positions
    /// than the curvature, so a square counts `positions` times; 1 for a squared error, whose targets see to it.
    case drawn(count: Int, seed: UInt64, positions: Int)
    /// The most probable classes, weighted by their probabilities: a pass for each.
    case ranked(count: Int)

    /// Passes behind the one with the data's labels.
    public var passes: Int {
      switch self {
      case .fisher: 0
      case .drawn(let count, _, _): count
      case .ranked(let count): count
      }
    }

    /// Rows t′ per sample.
    public var rowsPerSample: Int { max(passes, 1) }
  }

  /// Passes behind the one with the data's labels.
  public var passes: Int {
    if case .second(let curvature) = self { curvature.passes } else { 0 }
  }

  /// Rows t′ per sample; 0 without a curvature.
  public var rowsPerSample: Int {
    if case .second(let curvature) = self { curvature.rowsPerSample } else { 0 }
  }

  /// Numbers kept per place: sums of t's contributions, and of t′².
  var columns: Int {
    switch self {
    case .first: 1
    case .second: 2
    }
  }

  /// What one value adds to its channel's sum.
  @inline(__always)
  func contribution(_ value: Double) -> Double {
    switch self {
    case .first(let first):
      switch first.reduction {
      case .meanAbs: abs(value)
      case .absMean, .weightMagnitudes, .connectionShare: value
      case .meanSquare, .halfMeanSquare: value * value
      }
    case .second: value
    }
  }

  /// The sensitivity from sums over `count` values.
  func sensitivity(sum: Double, squares: Double, count: Int) -> Double {
    let mean = sum / Double(count)
    switch self {
    case .first(let first):
      switch first.reduction {
      case .absMean: return abs(mean)
      case .meanAbs, .meanSquare, .halfMeanSquare, .weightMagnitudes, .connectionShare: return factor * mean
      }
    case .second: return 0.5 * (squares / Double(count)) - mean
    }
  }

  /// What the mean of the contributions of an expansion of order 1 is multiplied by.
  var factor: Double {
    if case .first(let first) = self, first.reduction == .halfMeanSquare { 0.5 } else { 1 }
  }

  /// What makes sensitivities shares of their sum over all weights; `nil` for sensitivities that are none, and where
  /// nothing depends on any weight.
  func share(of sum: Double) -> Double? {
    guard case .first(let first) = self, first.reduction == .connectionShare, sum > 0 else { return nil }
    return 1 / sum
  }
}
