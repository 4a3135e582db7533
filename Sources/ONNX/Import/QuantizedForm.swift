import Networks

/// The integers that a computed tensor of the file holds behind QuantizeLinear: q stands for (q − zero point) × scale.
///
/// The network's value is those real numbers already; what works on the integers alike works on them.
struct QuantizedForm: Hashable, CustomStringConvertible {
  /// What one step is worth.
  let scale: Float
  /// The integer that stands for 0.
  let zeroPoint: Int64
  /// The integers' type.
  let type: ElementType

  var description: String { "\(type) with scale \(scale) and zero point \(zeroPoint)" }

  /// The real number of an integer.
  func number(of integer: Double) -> Double { (integer - Double(zeroPoint)) * Double(scale) }

  /// The real numbers of all integers of the type.
  /// - Throws: for a type that is not quantised to.
  func grid() throws(ImportProblem) -> Quantization {
    let range = try type.quantizedRange()
    return Quantization(scale: scale, steps: Int(range.lowerBound - zeroPoint)...Int(range.upperBound - zeroPoint))
  }
}

extension ElementType {
  /// The integers of a type that QuantizeLinear makes.
  func quantizedRange() throws(ImportProblem) -> ClosedRange<Int64> {
    switch self {
    case .uint8: 0...255
    case .int8: -128...127
    case .uint16: 0...65535
    case .int16: -32768...32767
    default: throw .unsupported("a zero point of \(self)")
    }
  }
}

extension OperatorNode {
  /// Operators that choose or move elements: what they do to the integers is what they do to the real numbers.
  private static let choosing: Set = [
    "Concat", "DepthToSpace", "Dropout", "Expand", "Flatten", "Gather", "Identity", "MaxPool", "Pad", "Reshape",
    "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze",
  ]

  /// The integers that the computed operands hold, and so the results; `nil` for floats.
  /// - Throws: when integers of different forms meet, or for an operator that makes something else of integers than of
  ///   the numbers that they stand for.
  func quantizedForm() throws(ImportProblem) -> QuantizedForm? {
    let computed = operands.compactMap { $0 }.filter { $0.constant == nil }
    guard opType != "DequantizeLinear", let first = computed.first(where: { $0.quantizedForm != nil }),
      let form = first.quantizedForm
    else { return nil }
    if let other = computed.first(where: { $0.quantizedForm != form }) {
      throw .unsupported(
        "operand '\(first.name)' is \(form), operand '\(other.name)' "
          + "\(other.quantizedForm.map(\.description) ?? "floats"), supported are equal ones")
    }
    // max(q, 0) is the real numbers' function where 0 stands for 0.
    guard Self.choosing.contains(opType) || (opType == "Relu" && form.zeroPoint == 0) else {
      throw .unsupported(
        "operand '\(first.name)' is \(form); between QuantizeLinear and DequantizeLinear supported are: "
          + "\(Self.choosing.sorted().joined(separator: ", ")), and Relu with zero point 0")
    }
    return form
  }

  /// QuantizeLinear of a computed value: the numbers that its integers stand for.
  func convertQuantize(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let form = try writtenForm(type: try quantizedType())
    let grid = try form.grid()
    return [try builder.emit(self, .unary(.quantize(grid)), [x], x.shape.dimensions).holding(form)]
  }

  /// DequantizeLinear of a computed value, which is real numbers already.
  func convertDequantize(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try required(0)
    guard let form = x.quantizedForm else {
      throw .unsupported("operand '\(x.name)' holds no computed integers of QuantizeLinear")
    }
    let own = try writtenForm(type: form.type)
    guard own == form else {
      throw .unsupported("operand '\(x.name)' is \(form) and is read as \(own), supported is the same")
    }
    return [x.holding(nil)]
  }

  /// Scale and zero point of all elements together.
  private func writtenForm(type: ElementType) throws(ImportProblem) -> QuantizedForm {
    let scales = try constant(1)
    let zeros = optional(2) == nil ? nil : try constant(2)
    guard scales.shape.count == 1, zeros.map({ $0.shape.count == 1 }) ?? true else {
      throw .unsupported(
        "a computed value with a scale of shape \(scales.shape), supported is one scale and zero point for all of it")
    }
    let scale = scales.floats[0]
    guard scale > 0, scale.isFinite else { throw .bad("scale \(scale), expected a number above 0") }
    var zeroPoint: Int64 = 0
    if let zeros {
      guard case .integer(let integers) = zeros.elements, try type.quantizedRange().contains(integers[0]),
        (optional(2)?.elementType ?? type) == type
      else { throw .bad("a zero point that is no \(type)") }
      zeroPoint = integers[0]
    }
    return QuantizedForm(scale: scale, zeroPoint: zeroPoint, type: type)
  }
}
