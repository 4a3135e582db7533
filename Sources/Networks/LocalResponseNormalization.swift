/// out = x ÷ (bias + alpha ÷ size × Σ over the window of x²)^beta, the window being `size` channels around, ONNX LRN.
public struct LocalResponseNormalization: Hashable, Sendable, Codable {
  /// Channels in the window: ⌊(size − 1) ÷ 2⌋ in front, ⌈(size − 1) ÷ 2⌉ behind.
  public var size: Int
  /// Weight of the squares.
  public var alpha: Double
  /// Exponent.
  public var beta: Double
  /// Offset.
  public var bias: Double

  /// A normalisation window.
  public init(size: Int, alpha: Double, beta: Double, bias: Double) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }
}
