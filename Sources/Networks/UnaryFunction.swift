/// A function of one value.
///
/// Derivatives at kinks are PyTorch's: Relu, LeakyRelu and the exponential units take the side of x ≤ 0 (Relu′(0) = 0,
/// LeakyRelu′(0) = slope, Elu′(0) = alpha); Clip passes the gradient strictly inside its bounds only; HardSigmoid and
/// HardSwish take the flat side's value at theirs; |x| has 0 at 0. Steps have the derivative 0 everywhere, but for
/// quantisation: there the gradient passes straight through (`Quantization`).
public enum UnaryFunction: Hashable, Sendable, Codable {
  // MARK: Activations

  /// max(x, 0)
  case relu
  /// x for x > 0, slope × x otherwise.
  case leakyRelu(slope: Double)
  /// x for x > 0, alpha × (eˣ − 1) otherwise.
  case elu(alpha: Double)
  /// gamma × (x for x > 0, alpha × (eˣ − 1) otherwise).
  case selu(alpha: Double, gamma: Double)
  /// x for x > 0, alpha × (e^(x ÷ alpha) − 1) otherwise.
  case celu(alpha: Double)
  /// min(max(x, lower), upper); an absent ONNX bound is ∓infinity.
  case clip(lower: Double, upper: Double)
  /// 1 ÷ (1 + e⁻ˣ)
  case sigmoid
  /// min(max(alpha × x + beta, 0), 1)
  case hardSigmoid(alpha: Double, beta: Double)
  /// x × min(max(x ÷ 6 + ½, 0), 1)
  case hardSwish
  /// x ÷ (1 + e⁻ˣ), also called SiLU.
  case swish
  /// x × ½ × (1 + erf(x ÷ √2)); approximate: x × ½ × (1 + tanh(√(2 ÷ π) × (x + 0.044715 × x³))).
  case gelu(isApproximate: Bool)
  /// ln(1 + eˣ)
  case softplus
  /// x × tanh(ln(1 + eˣ))
  case mish
  /// x ÷ (1 + |x|)
  case softsign
  /// Hyperbolic tangent.
  case tanh

  // MARK: Elementary functions

  /// eˣ
  case exp
  /// Natural logarithm.
  case log
  /// √x
  case squareRoot
  /// 1 ÷ x
  case reciprocal
  /// −x
  case negate
  /// |x|
  case absolute
  /// The error function 2 ÷ √π × ∫₀ˣ e^(−t²) dt.
  case erf
  /// x to a constant power.
  case power(exponent: Double)
  /// Sine of radians.
  case sine
  /// Cosine of radians.
  case cosine

  // MARK: Steps

  /// The largest integer that is not above.
  case floor
  /// The smallest integer that is not below.
  case ceiling
  /// The nearest integer, of two the even one.
  case round
  /// −1, 0 or 1.
  case sign
  /// 1 where x is 0, else 0.
  case logicalNot
  /// The nearest number of a grid: QuantizeLinear and DequantizeLinear in one.
  case quantize(Quantization)

  /// Whether its derivative is other than 0 anywhere.
  public var isDifferentiable: Bool {
    switch self {
    case .floor, .ceiling, .round, .sign, .logicalNot: false
    default: true
    }
  }
}
