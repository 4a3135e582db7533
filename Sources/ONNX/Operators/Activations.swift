import Networks

extension OperatorNode {
  /// Clip's function: attributes below opset 11, constant operands from there on.
  func clip() throws(ImportProblem) -> UnaryFunction {
    let lower: Double
    let upper: Double
    if opset < 11 {
      lower = try float("min", default: -.infinity)
      upper = try float("max", default: .infinity)
    } else {
      for bound in ["min", "max"] where attributes[bound] != nil {
        throw .bad("attribute '\(bound)' belongs to opsets below 11, the model says opset \(opset)")
      }
      lower = try scalar(1) ?? -.infinity
      upper = try scalar(2) ?? .infinity
    }
    return .clip(lower: lower, upper: upper)
  }

  /// Whether Gelu is the form with a hyperbolic tangent.
  func approximatesGelu() throws(ImportProblem) -> Bool {
    switch try text("approximate", default: "none") {
    case "none": false
    case "tanh": true
    case let other: throw .bad("approximate '\(other)', expected none or tanh")
    }
  }

  /// A float attribute that something is divided by.
  func nonzero(_ name: String, default standard: Float) throws(ImportProblem) -> Double {
    let value = try float(name, default: standard)
    guard value != 0 else { throw .bad("\(name) of 0") }
    return value
  }

  /// Swish: x × σ(alpha × x).
  func convertSwish(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let alpha = try float("alpha", default: 1)
    guard alpha == 1 else { throw .unsupported("alpha \(alpha), supported is 1") }
    return try convertUnary(.swish, &builder)
  }

  /// PRelu: the slope broadcasts to the data's shape.
  func convertParametricRelu(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let slope = try float(1)
    guard x.shape.broadcast(with: slope.shape) == x.shape else {
      throw .bad("slope of shape \(slope.shape), expected one that broadcasts to \(x.shape)")
    }
    return [try builder.emit(self, .binary(.parametricRelu), [x, slope], x.shape.dimensions)]
  }

  /// ThresholdedRelu: x where it is above alpha, else 0.
  func convertThresholdedRelu(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let alpha = builder.scalar(try float("alpha", default: 1), named: "\(name)/alpha")
    let isAbove = try builder.emit(
      self, .binary(.greater), opType: "Greater", [x, alpha], x.shape.dimensions, part: "greater", isResult: false)
    let zero = builder.scalar(0, named: "\(name)/zero")
    return [try builder.emit(self, .select, [isAbove, x, zero], x.shape.dimensions)]
  }
}
