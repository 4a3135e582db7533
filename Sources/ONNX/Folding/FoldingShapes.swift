import Networks

/// Folding of the operators that make arrays from shapes and numbers.
extension OperatorNode {
  /// Shape: known for computed values too, since the batch size is.
  func foldShape(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let shape = try required(0).shape
    func bound(_ written: Int) -> Int { min(max(written < 0 ? written + shape.rank : written, 0), shape.rank) }
    let start = opset >= 15 ? bound(max(try integer("start", default: 0), -shape.rank)) : 0
    let end = opset >= 15 ? bound(max(try integer("end", default: shape.rank), -shape.rank)) : shape.rank
    let extents = start < end ? shape.dimensions[start..<end].map { Int64($0) } : []
    let result = try builder.reserve([extents.count])
    return [folded(ConstantTensor(shape: result, elements: .integer(extents)))]
  }

  func foldSize(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let count = Int64(try required(0).shape.count)
    return [folded(ConstantTensor(shape: try builder.reserve([]), elements: .integer([count])))]
  }

  func foldConstantOfShape(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    guard let dimensions = try integerList(0) else { throw .bad("the shape is missing") }
    let shape = try builder.reserve(dimensions)
    guard let attribute = attributes["value"] else {
      return [folded(ConstantTensor(shape: shape, elements: .float([Float](repeating: 0, count: shape.count))))]
    }
    let value = try ConstantTensor(attribute.t, files: [:])
    guard value.shape.count == 1 else { throw .bad("a value of shape \(value.shape), expected one element") }
    let elements: ConstantTensor.Elements =
      switch value.elements {
      case .float(let values): .float([Float](repeating: values[0], count: shape.count))
      case .double(let values): .double([Double](repeating: values[0], count: shape.count))
      case .integer(let values): .integer([Int64](repeating: values[0], count: shape.count))
      }
    return [folded(ConstantTensor(shape: shape, elements: elements))]
  }

  func foldRange(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let bounds = [try constant(0), try constant(1), try constant(2)]
    guard bounds.allSatisfy({ $0.shape.count == 1 }) else { throw .bad("bounds, expected one element each") }
    let (start, limit, step) = (bounds[0].doubles[0], bounds[1].doubles[0], bounds[2].doubles[0])
    let steps = ((limit - start) / step).rounded(.up)
    guard let count = Int(exactly: max(steps, 0)), step != 0 else {
      throw .bad("a range from \(start) to \(limit) in steps of \(step)")
    }
    let shape = try builder.reserve([count])
    if case .integer(let first) = bounds[0].elements, case .integer(let delta) = bounds[2].elements {
      let values = (0..<count).map { first[0] &+ Int64($0) &* delta[0] }
      return [folded(ConstantTensor(shape: shape, elements: .integer(values)))]
    }
    let values = (0..<count).map { start + Double($0) * step }
    return [folded(ConstantTensor(shape: shape, elements: .double(values)))]
  }

  /// Cast. Where it changes nothing that can be held here, the operand keeps its name.
  func foldCast(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let operand = try required(0)
    let tensor = try constant(0)
    let target = try castTarget()
    switch (tensor.elements, target) {
    case (.float, .float32), (.float, .float64), (.double, .float64), (.integer, .int64): return [operand]
    default: break
    }
    let shape = try builder.reserve(tensor.shape.dimensions)
    return [folded(ConstantTensor(shape: shape, elements: try Self.cast(tensor, to: target)))]
  }

  private static func cast(_ tensor: ConstantTensor, to target: ElementType) throws(ImportProblem)
    -> ConstantTensor.Elements
  {
    switch target {
    case .float32: return .float(tensor.floats)
    case .float16: return .float(tensor.floats.map { Float(Float16($0)) })
    case .float64: return .double(tensor.doubles)
    case .bool: return .integer(tensor.doubles.map { $0 != 0 ? 1 : 0 })
    default: break
    }
    let wide: [Int64]
    if case .integer(let values) = tensor.elements {
      wide = values
    } else {
      var truncated: [Int64] = []
      truncated.reserveCapacity(tensor.shape.count)
      for value in tensor.doubles {
        guard let integer = Int64(exactly: value.rounded(.towardZero)) else {
          throw .bad("\(value) becomes no integer")
        }
        truncated.append(integer)
      }
      wide = truncated
    }
    return .integer(
      wide.map { value in
        switch target {
        case .uint8: Int64(UInt8(truncatingIfNeeded: value))
        case .int8: Int64(Int8(truncatingIfNeeded: value))
        case .uint16: Int64(UInt16(truncatingIfNeeded: value))
        case .int16: Int64(Int16(truncatingIfNeeded: value))
        case .uint32: Int64(UInt32(truncatingIfNeeded: value))
        case .int32: Int64(Int32(truncatingIfNeeded: value))
        default: value
        }
      })
  }
}
