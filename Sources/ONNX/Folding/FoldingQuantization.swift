import Networks

/// Folding of weights and biases that are stored as integers with a scale.
extension OperatorNode {
  /// DequantizeLinear: (x − zero point) × scale, the scale one element or one per index of an axis.
  func foldDequantize(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try constant(0)
    let (scale, zero) = try quantization(of: x.shape, &builder)
    let (values, scales, zeros) = (x.doubles, scale.doubles, zero?.doubles)
    let results = values.indices.map { (values[$0] - (zeros?[$0] ?? 0)) * scales[$0] }
    return [folded(ConstantTensor(shape: x.shape, elements: .float(results.map { Float($0) })))]
  }

  /// QuantizeLinear: round(x ÷ scale) + zero point, halves to even, within the zero point's type.
  func foldQuantize(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try constant(0)
    let (scale, zero) = try quantization(of: x.shape, &builder)
    let range = try quantizedType().quantizedRange()
    let (values, scales, zeros) = (x.floats, scale.floats, zero?.doubles)
    let results = values.indices.map { place in
      // The quotient is rounded to float32 like in every runtime, which decides what is halfway between two integers.
      let steps = Double((values[place] / scales[place]).rounded(.toNearestOrEven)) + (zeros?[place] ?? 0)
      return Int64(saturating: min(max(steps, Double(range.lowerBound)), Double(range.upperBound)))
    }
    return [folded(ConstantTensor(shape: x.shape, elements: .integer(results)))]
  }

  /// The type of QuantizeLinear's result: the zero point's, or uint8 without one.
  func quantizedType() throws(ImportProblem) -> ElementType {
    guard attributes["output_dtype"] == nil else { throw .unsupported("attribute 'output_dtype'") }
    guard optional(2) != nil else { return .uint8 }
    guard let type = optional(2)?.elementType else { throw .unsupported("a zero point of unknown type") }
    return type
  }

  /// Scale and zero point, spread to the shape of what they belong to.
  private func quantization(of shape: Shape, _ builder: inout NetworkBuilder) throws(ImportProblem)
    -> (scale: ConstantTensor, zero: ConstantTensor?)
  {
    let blockSize = try integer("block_size", default: 0)
    guard blockSize == 0 else { throw .unsupported("blocks of \(blockSize) elements") }
    _ = try builder.reserve(shape.dimensions, arrays: 4)
    var spread: [ConstantTensor] = []
    for position in 1...2 where optional(position) != nil {
      let parameter = try constant(position)
      if parameter.shape.count == 1 {
        spread.append(parameter.reshaped(Shape([])).expanded(to: shape))
        continue
      }
      let axis = try self.axis(try integer("axis", default: 1), rank: shape.rank)
      guard parameter.shape.dimensions == [shape[axis]] else {
        throw .bad("a scale or zero point of shape \(parameter.shape), expected [\(shape[axis])]")
      }
      let dimensions = shape.dimensions.indices.map { $0 == axis ? shape[axis] : 1 }
      spread.append(parameter.reshaped(Shape(dimensions)).expanded(to: shape))
    }
    guard let scale = spread.first else { throw .bad("the scale is missing") }
    return (scale, spread.count > 1 ? spread[1] : nil)
  }
}
