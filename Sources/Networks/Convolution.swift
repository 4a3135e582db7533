/// Geometry of a convolution or transposed convolution: 1-D or 2-D (kernel.count axes of space).
public struct Convolution: Hashable, Sendable, Codable {
  /// Kernel extent per space axis.
  public var kernel: [Int]
  /// Steps per space axis.
  public var strides: [Int]
  /// Zeros in front, per space axis; negative pads are refused at import.
  public var padsBegin: [Int]
  /// Zeros behind, per space axis. A transposed convolution cuts its pads off; output padding is in the output's shape.
  public var padsEnd: [Int]
  /// Distance between kernel elements, 1 = dense (ONNX counting).
  public var dilations: [Int]
  /// Convolution groups; inputs and outputs divide by it.
  public var groups: Int
  /// What folding multiplied onto the output channels: what the weight yields for channel o × outputScale[o], then + bias.
  /// `nil` until a normalisation was folded in; executors apply it when they pack the weight.
  public var outputScale: [Double]?

  /// A convolution's geometry.
  public init(
    kernel: [Int], strides: [Int], padsBegin: [Int], padsEnd: [Int], dilations: [Int], groups: Int,
    outputScale: [Double]? = nil
  ) {
    self.kernel = kernel
    self.strides = strides
    self.padsBegin = padsBegin
    self.padsEnd = padsEnd
    self.dilations = dilations
    self.groups = groups
    self.outputScale = outputScale
  }
}
