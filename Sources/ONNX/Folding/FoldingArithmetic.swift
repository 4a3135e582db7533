import Glibc
import Networks

/// Functions of two constants.
enum FoldedBinary: Sendable {
  case add, subtract, multiply, divide, power, min, max, equal, less, lessOrEqual, greater, greaterOrEqual, and, or, xor
  /// Remainder with the divisor's sign.
  case modulo
  /// Remainder with the dividend's sign.
  case remainder
}

/// Folding of element-wise operators. Floats are computed in float64, integers as int64 that wraps.
extension OperatorNode {
  func foldUnary(_ function: UnaryFunction, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    let shape = try builder.reserve(tensor.shape.dimensions, arrays: 2)
    let elements: ConstantTensor.Elements
    if case .integer(let values) = tensor.elements {
      switch function {
      case .absolute: elements = .integer(values.map { $0 < 0 ? 0 &- $0 : $0 })
      case .negate: elements = .integer(values.map { 0 &- $0 })
      case .sign: elements = .integer(values.map { $0.signum() })
      case .relu: elements = .integer(values.map { max($0, 0) })
      case .clip(let lower, let upper):
        let (low, high) = (Int64(saturating: lower), Int64(saturating: upper))
        elements = .integer(values.map { min(max($0, low), high) })
      case .logicalNot: elements = .integer(values.map { $0 == 0 ? 1 : 0 })
      default: throw .bad("operand of integers, expected floats")
      }
    } else {
      guard function != .logicalNot else { throw .bad("operand of floats, expected booleans") }
      elements = .double(tensor.doubles.map { function.value(at: $0) })
    }
    return [folded(ConstantTensor(shape: shape, elements: elements))]
  }

  func foldBinary(_ function: FoldedBinary, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    [folded(try Self.combined(function, try constant(0), try constant(1), &builder))]
  }

  /// Min, Max, Sum: any number of operands.
  func foldChain(_ function: FoldedBinary, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    var result = try constant(0)
    for position in operands.indices.dropFirst() {
      result = try Self.combined(function, result, try constant(position), &builder)
    }
    return [folded(result)]
  }

  /// Mean of any number of operands.
  func foldMean(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    var sum = try constant(0)
    for position in operands.indices.dropFirst() {
      sum = try Self.combined(.add, sum, try constant(position), &builder)
    }
    let shape = try builder.reserve(sum.shape.dimensions)
    let count = Double(operands.count)
    return [folded(ConstantTensor(shape: shape, elements: .double(sum.doubles.map { $0 / count })))]
  }

  func foldMod(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    try foldBinary(try flag("fmod") ? .remainder : .modulo, &builder)
  }

  func foldWhere(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (condition, left, right) = (try constant(0), try constant(1), try constant(2))
    guard let both = left.shape.broadcast(with: right.shape), let all = both.broadcast(with: condition.shape) else {
      throw .bad("operands \(condition.shape), \(left.shape) and \(right.shape) do not broadcast")
    }
    let shape = try builder.reserve(all.dimensions, arrays: 4)
    let picks = condition.expanded(to: shape).doubles
    let (yes, no) = (left.expanded(to: shape), right.expanded(to: shape))
    let elements: ConstantTensor.Elements
    if case .integer(let yes) = yes.elements, case .integer(let no) = no.elements {
      elements = .integer(picks.indices.map { picks[$0] != 0 ? yes[$0] : no[$0] })
    } else {
      let (yes, no) = (yes.doubles, no.doubles)
      elements = .double(picks.indices.map { picks[$0] != 0 ? yes[$0] : no[$0] })
    }
    return [folded(ConstantTensor(shape: shape, elements: elements))]
  }

  private static func combined(
    _ function: FoldedBinary, _ left: ConstantTensor, _ right: ConstantTensor, _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> ConstantTensor {
    guard let broadcast = left.shape.broadcast(with: right.shape) else {
      throw .bad("operands \(left.shape) and \(right.shape) do not broadcast")
    }
    let shape = try builder.reserve(broadcast.dimensions, arrays: 3)
    let (left, right) = (left.expanded(to: shape), right.expanded(to: shape))
    if case .integer(let a) = left.elements, case .integer(let b) = right.elements {
      return ConstantTensor(shape: shape, elements: .integer(try integers(function, a, b)))
    }
    return ConstantTensor(shape: shape, elements: floats(function, left.doubles, right.doubles))
  }

  private static func integers(_ function: FoldedBinary, _ a: [Int64], _ b: [Int64]) throws(ImportProblem) -> [Int64] {
    let places = a.indices
    switch function {
    case .add: return places.map { a[$0] &+ b[$0] }
    case .subtract: return places.map { a[$0] &- b[$0] }
    case .multiply: return places.map { a[$0] &* b[$0] }
    case .min: return places.map { Swift.min(a[$0], b[$0]) }
    case .max: return places.map { Swift.max(a[$0], b[$0]) }
    case .equal: return places.map { a[$0] == b[$0] ? 1 : 0 }
    case .less: return places.map { a[$0] < b[$0] ? 1 : 0 }
    case .lessOrEqual: return places.map { a[$0] <= b[$0] ? 1 : 0 }
    case .greater: return places.map { a[$0] > b[$0] ? 1 : 0 }
    case .greaterOrEqual: return places.map { a[$0] >= b[$0] ? 1 : 0 }
    case .and: return places.map { a[$0] != 0 && b[$0] != 0 ? 1 : 0 }
    case .or: return places.map { a[$0] != 0 || b[$0] != 0 ? 1 : 0 }
    case .xor: return places.map { (a[$0] != 0) != (b[$0] != 0) ? 1 : 0 }
    case .divide, .modulo, .remainder:
      guard !b.contains(0) else { throw .bad("division by zero") }
      if function == .divide { return places.map { a[$0].dividedReportingOverflow(by: b[$0]).partialValue } }
      let floored = function == .modulo
      return places.map { place in
        let rest = a[place].remainderReportingOverflow(dividingBy: b[place]).partialValue
        return floored && rest != 0 && (rest < 0) != (b[place] < 0) ? rest &+ b[place] : rest
      }
    case .power:
      var powers: [Int64] = []
      for place in places {
        guard let power = Int64(exactly: pow(Double(a[place]), Double(b[place])).rounded(.towardZero)) else {
          throw .bad("\(a[place]) to the power of \(b[place]) is past the largest integer")
        }
        powers.append(power)
      }
      return powers
    }
  }

  private static func floats(_ function: FoldedBinary, _ a: [Double], _ b: [Double]) -> ConstantTensor.Elements {
    let places = a.indices
    switch function {
    case .add: return .double(places.map { a[$0] + b[$0] })
    case .subtract: return .double(places.map { a[$0] - b[$0] })
    case .multiply: return .double(places.map { a[$0] * b[$0] })
    case .divide: return .double(places.map { a[$0] / b[$0] })
    case .power: return .double(places.map { pow(a[$0], b[$0]) })
    case .min: return .double(places.map { Swift.min(a[$0], b[$0]) })
    case .max: return .double(places.map { Swift.max(a[$0], b[$0]) })
    case .remainder: return .double(places.map { fmod(a[$0], b[$0]) })
    case .modulo:
      return .double(
        places.map { place in
          let rest = fmod(a[place], b[place])
          return rest != 0 && (rest < 0) != (b[place] < 0) ? rest + b[place] : rest
        })
    case .equal: return .integer(places.map { a[$0] == b[$0] ? 1 : 0 })
    case .less: return .integer(places.map { a[$0] < b[$0] ? 1 : 0 })
    case .lessOrEqual: return .integer(places.map { a[$0] <= b[$0] ? 1 : 0 })
    case .greater: return .integer(places.map { a[$0] > b[$0] ? 1 : 0 })
    case .greaterOrEqual: return .integer(places.map { a[$0] >= b[$0] ? 1 : 0 })
    case .and: return .integer(places.map { a[$0] != 0 && b[$0] != 0 ? 1 : 0 })
    case .or: return .integer(places.map { a[$0] != 0 || b[$0] != 0 ? 1 : 0 })
    case .xor: return .integer(places.map { (a[$0] != 0) != (b[$0] != 0) ? 1 : 0 })
    }
  }
}
