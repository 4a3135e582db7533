import Networks

import Glibc

extension UnaryFunction {
  /// f(x).
  func value(_ x: Double) -> Double {
    switch self {
    case .relu: max(x, 0)
    case .leakyRelu(let slope): x > 0 ? x : slope * x
    case .elu(let alpha): x > 0 ? x : alpha * expm1(x)
    case .selu(let alpha, let gamma): gamma * (x > 0 ? x : alpha * expm1(x))
    case .celu(let alpha): x > 0 ? x : alpha * expm1(x / alpha)
    case .clip(let lower, let upper): min(max(x, lower), upper)
    case .sigmoid: 1 / (1 + Glibc.exp(-x))
    case .hardSigmoid(let alpha, let beta): min(max(alpha * x + beta, 0), 1)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .swish: x / (1 + Glibc.exp(-x))
    case .gelu(isApproximate: false): x * Self.normalShare(below: x)
    case .gelu(isApproximate: true): x * (1 + Glibc.tanh(Self.geluArgument(x))) / 2
    case .softplus: max(x, 0) + log1p(Glibc.exp(-abs(x)))
    case .mish: x * Glibc.tanh(UnaryFunction.softplus.value(x))
    case .softsign: x / (1 + abs(x))
    case .tanh: Glibc.tanh(x)
    case .exp: Glibc.exp(x)
    case .log: Glibc.log(x)
    case .squareRoot: x.squareRoot()
    case .reciprocal: 1 / x
    case .negate: -x
    case .absolute: abs(x)
    case .erf: Glibc.erf(x)
    case .power(let exponent): pow(x, exponent)
    case .sine: sin(x)
    case .cosine: cos(x)
    case .floor: x.rounded(.down)
    case .ceiling: x.rounded(.up)
    case .round: x.rounded(.toNearestOrEven)
    case .sign: x > 0 ? 1 : x < 0 ? -1 : 0
    case .logicalNot: x == 0 ? 1 : 0
    case .quantize(let grid): grid.nearest(to: x)
    }
  }

  /// f′(x), at kinks as `UnaryFunction` says.
  func derivative(_ x: Double) -> Double {
    switch self {
    case .relu: return x > 0 ? 1 : 0
    case .leakyRelu(let slope): return x > 0 ? 1 : slope
    case .elu(let alpha): return x > 0 ? 1 : alpha * Glibc.exp(x)
    case .selu(let alpha, let gamma): return gamma * (x > 0 ? 1 : alpha * Glibc.exp(x))
    case .celu(let alpha): return x > 0 ? 1 : Glibc.exp(x / alpha)
    case .clip(let lower, let upper): return x > lower && x < upper ? 1 : 0
    case .sigmoid:
      let value = value(x)
      return value * (1 - value)
    case .hardSigmoid(let alpha, let beta):
      let line = alpha * x + beta
      return line > 0 && line < 1 ? alpha : 0
    case .hardSwish: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5
    case .swish:
      let share = UnaryFunction.sigmoid.value(x)
      return share + x * share * (1 - share)
    case .gelu(isApproximate: false):
      return Self.normalShare(below: x) + x * Glibc.exp(-x * x / 2) / (2 * Double.pi).squareRoot()
    case .gelu(isApproximate: true):
      let bend = Glibc.tanh(Self.geluArgument(x))
      let slope = (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x)
      return (1 + bend + x * (1 - bend * bend) * slope) / 2
    case .softplus: return UnaryFunction.sigmoid.value(x)
    case .mish:
      let bend = Glibc.tanh(UnaryFunction.softplus.value(x))
      return bend + x * (1 - bend * bend) * UnaryFunction.sigmoid.value(x)
    case .softsign: return 1 / ((1 + abs(x)) * (1 + abs(x)))
    case .tanh:
      let value = value(x)
      return 1 - value * value
    case .exp: return Glibc.exp(x)
    case .log: return 1 / x
    case .squareRoot: return 0.5 / x.squareRoot()
    case .reciprocal: return -1 / (x * x)
    case .negate: return -1
    case .absolute: return x > 0 ? 1 : x < 0 ? -1 : 0
    case .erf: return 2 / Double.pi.squareRoot() * Glibc.exp(-x * x)
    case .power(let exponent): return exponent == 0 ? 0 : exponent * pow(x, exponent - 1)
    case .sine: return cos(x)
    case .cosine: return -sin(x)
    case .floor, .ceiling, .round, .sign, .logicalNot: return 0
    case .quantize(let grid): return grid.isInside(x) ? 1 : 0
    }
  }

  /// The share of a normal distribution below x.
  private static func normalShare(below x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }

  private static func geluArgument(_ x: Double) -> Double {
    (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
  }
}

extension BinaryFunction {
  /// f(a, b).
  func value(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .add: a + b
    case .subtract: a - b
    case .multiply: a * b
    case .divide: a / b
    case .power: pow(a, b)
    case .maximum: max(a, b)
    case .minimum: min(a, b)
    case .parametricRelu: a > 0 ? a : b * a
    case .equal: a == b ? 1 : 0
    case .less: a < b ? 1 : 0
    case .lessOrEqual: a <= b ? 1 : 0
    case .greater: a > b ? 1 : 0
    case .greaterOrEqual: a >= b ? 1 : 0
    case .logicalAnd: a != 0 && b != 0 ? 1 : 0
    case .logicalOr: a != 0 || b != 0 ? 1 : 0
    case .logicalXor: (a != 0) != (b != 0) ? 1 : 0
    }
  }

  /// ∂f/∂a or ∂f/∂b, where f has a kink as `BinaryFunction` says.
  func derivative(_ a: Double, _ b: Double, by position: Int) -> Double {
    switch (self, position) {
    case (.add, _), (.subtract, 0): 1
    case (.subtract, _): -1
    case (.multiply, 0): b
    case (.multiply, _): a
    case (.divide, 0): 1 / b
    case (.divide, _): -a / (b * b)
    case (.power, 0): b == 0 ? 0 : b * pow(a, b - 1)
    case (.power, _): a == 0 ? 0 : pow(a, b) * log(a)
    case (.maximum, _): a == b ? 0.5 : (a > b) == (position == 0) ? 1 : 0
    case (.minimum, _): a == b ? 0.5 : (a < b) == (position == 0) ? 1 : 0
    case (.parametricRelu, 0): a > 0 ? 1 : b
    case (.parametricRelu, _): a > 0 ? 0 : a
    case (.equal, _), (.less, _), (.lessOrEqual, _), (.greater, _), (.greaterOrEqual, _), (.logicalAnd, _),
      (.logicalOr, _), (.logicalXor, _):
      0
    }
  }
}
