/// A linear layer: out[…, o] = alpha × Σᵢ x[…, i] × W(o, i) × outputScale[o] + beta × bias[o].
public struct Linear: Hashable, Sendable, Codable {
  /// True when the weight is stored [O, I] (Gemm with transB), false for [I, O].
  public var weightIsOutputByInput: Bool
  /// ONNX Gemm's alpha; 1 for MatMul.
  public var alpha: Double
  /// ONNX Gemm's beta; 1 for MatMul.
  public var beta: Double
  /// As in `Convolution.outputScale`.
  public var outputScale: [Double]?

  /// A linear layer.
  public init(weightIsOutputByInput: Bool, alpha: Double = 1, beta: Double = 1, outputScale: [Double]? = nil) {
    self.weightIsOutputByInput = weightIsOutputByInput
    self.alpha = alpha
    self.beta = beta
    self.outputScale = outputScale
  }
}
