/// A function of two broadcast operands a and b. Derivatives where it has a kink are PyTorch's.
public enum BinaryFunction: Hashable, Sendable, Codable {
  // MARK: Arithmetic

  /// a + b
  case add
  /// a − b
  case subtract
  /// a × b
  case multiply
  /// a ÷ b
  case divide
  /// aᵇ; ∂/∂a is 0 where b is 0, ∂/∂b = aᵇ × ln a is 0 where a is 0.
  case power
  /// The larger; half of the gradient goes to each of equals.
  case maximum
  /// The smaller; half of the gradient goes to each of equals.
  case minimum
  /// a where a > 0, else b × a: b is the slope (ONNX PRelu). At a = 0 the derivative by a is b.
  case parametricRelu

  // MARK: Comparisons and logic: 1 where true, else 0; no gradient. An operand counts as true where it is not 0.

  /// a = b
  case equal
  /// a < b
  case less
  /// a ≤ b
  case lessOrEqual
  /// a > b
  case greater
  /// a ≥ b
  case greaterOrEqual
  /// Both are true.
  case logicalAnd
  /// One is true, or both are.
  case logicalOr
  /// One is true, the other not.
  case logicalXor

  /// Whether its derivatives are other than 0 anywhere.
  public var isDifferentiable: Bool {
    switch self {
    case .add, .subtract, .multiply, .divide, .power, .maximum, .minimum, .parametricRelu: true
    case .equal, .less, .lessOrEqual, .greater, .greaterOrEqual, .logicalAnd, .logicalOr, .logicalXor: false
    }
  }
}
