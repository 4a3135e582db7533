/// Resizing along one axis: out[o] = Σₜ weights[o × taps + t] × x[sources[o × taps + t]].
public struct Resampling: Hashable, Sendable, Codable {
  /// The axis, ≥ 0; its new extent is in the output's shape.
  public var axis: Int
  /// Elements that each output element is summed from: 1 nearest, 2 linear, 4 cubic.
  public var taps: Int
  /// Where they lie along the axis of the operand, outputs × taps, row-major; each inside the axis, repetitions allowed.
  public var sources: [Int]
  /// What each is multiplied by, in the order of `sources`.
  public var weights: [Double]

  /// Resizing along one axis.
  public init(axis: Int, taps: Int, sources: [Int], weights: [Double]) {
    self.axis = axis
    self.taps = taps
    self.sources = sources
    self.weights = weights
  }
}
