import Glibc
import Networks

extension UnaryFunction {
  /// The function of one constant element, in float64.
  func value(at x: Double) -> Double {
    switch self {
    case .relu: x > 0 ? x : x.isNaN ? x : 0
    case .leakyRelu(let slope): x > 0 ? x : slope * x
    case .elu(let alpha): x > 0 ? x : alpha * expm1(x)
    case .selu(let alpha, let gamma): gamma * (x > 0 ? x : alpha * expm1(x))
    case .celu(let alpha): x > 0 ? x : alpha * expm1(x / alpha)
    case .clip(let lower, let upper): x < lower ? min(lower, upper) : x > upper ? upper : x
    case .sigmoid: Self.sigmoid(x)
    case .hardSigmoid(let alpha, let beta): min(max(alpha * x + beta, 0), 1)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .swish: x * Self.sigmoid(x)
    case .gelu(let isApproximate):
      isApproximate
        ? x / 2 * (1 + Glibc.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        : x / 2 * (1 + Glibc.erf(x / 2.0.squareRoot()))
    case .softplus: Self.softplus(x)
    case .mish: x * Glibc.tanh(Self.softplus(x))
    case .softsign: x / (1 + x.magnitude)
    case .tanh: Glibc.tanh(x)
    case .exp: Glibc.exp(x)
    case .log: Glibc.log(x)
    case .squareRoot: x.squareRoot()
    case .reciprocal: 1 / x
    case .negate: -x
    case .absolute: x.magnitude
    case .erf: Glibc.erf(x)
    case .power(let exponent): pow(x, exponent)
    case .sine: sin(x)
    case .cosine: cos(x)
    case .floor: x.rounded(.down)
    case .ceiling: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .sign: x > 0 ? 1 : x < 0 ? -1 : x
    case .logicalNot: x == 0 ? 1 : 0
    case .quantize(let grid): grid.nearest(to: x)
    }
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + Glibc.exp(-x)) }

  /// ln(1 + eˣ) without overflow.
  private static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(Glibc.exp(-x.magnitude)) }
}

extension Int64 {
  /// The nearest integer towards zero, or the last one in that direction.
  init(saturating value: Double) {
    self = Int64(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : .min)
  }
}
