/// Other numbers for the parameters of one layer; what is `nil` stays.
///
/// The arrays have the layout of the network's constants, which is the file's: a Conv's weight is outputs × inputs per
/// group × kernel, a ConvTranspose's inputs × outputs per group × kernel, a Gemm's or MatMul's constant factor as it is
/// stored, transposed or not. A Gemm's `bias` is its third operand, one number per output, before `beta`.
public struct LayerParameters: Hashable, Sendable {
  /// The node by its name in the network.
  public let node: String
  /// The weight of a Conv, ConvTranspose, Gemm or MatMul.
  public var weight: [Float]?
  /// The bias of a Conv, ConvTranspose or Gemm; one that has none gets it.
  public var bias: [Float]?
  /// The factor per channel of a BatchNormalization.
  public var scale: [Float]?
  /// The summand per channel of a BatchNormalization.
  public var shift: [Float]?
  /// The mean per channel of a BatchNormalization.
  public var mean: [Float]?
  /// The variance per channel of a BatchNormalization.
  public var variance: [Float]?

  /// Numbers for a layer with weights.
  public init(node: String, weight: [Float]? = nil, bias: [Float]? = nil) {
    self.node = node
    self.weight = weight
    self.bias = bias
  }

  /// Numbers for a BatchNormalization.
  public init(
    node: String, scale: [Float]? = nil, shift: [Float]? = nil, mean: [Float]? = nil, variance: [Float]? = nil
  ) {
    self.node = node
    self.scale = scale
    self.shift = shift
    self.mean = mean
    self.variance = variance
  }
}
