import Networks

/// One ONNX node during an import: its operands are bound, its attributes can be looked up.
struct OperatorNode {
  /// The node's unique name.
  let name: String
  /// The op type as written.
  let opType: String
  /// The version of the standard operators.
  let opset: Int
  /// Operands in ONNX's order; `nil` where an optional one is left out.
  let operands: [Operand?]
  /// Names of the results; empty where one is not wanted.
  let outputs: [String]
  /// Whether anything reads each result.
  let isRead: [Bool]
  /// Attributes by name.
  let attributes: [String: Onnx_AttributeProto]

  /// The operand at a position, or `nil` when it is left out.
  func optional(_ position: Int) -> Operand? {
    operands.indices.contains(position) ? operands[position] : nil
  }

  /// An operand that has to be there.
  func required(_ position: Int) throws(ImportProblem) -> Operand {
    guard let operand = optional(position) else {
      throw .bad("operand \(position) is missing, \(operands.count) are there")
    }
    return operand
  }

  /// A floating-point operand that has to be there, computed or constant.
  func float(_ position: Int) throws(ImportProblem) -> Operand {
    let operand = try required(position)
    guard !operand.isInteger else { throw .unsupported("operand '\(operand.name)' holds integers, expected floats") }
    return operand
  }

  /// A floating-point constant that has to be there: a weight, a statistic.
  func parameter(_ position: Int, _ role: String) throws(ImportProblem) -> Operand {
    let operand = try float(position)
    guard operand.constant != nil else {
      throw .unsupported("\(role) '\(operand.name)' is computed, supported are constants only")
    }
    return operand
  }

  /// A constant that has to be there.
  func constant(_ position: Int) throws(ImportProblem) -> ConstantTensor {
    let operand = try required(position)
    guard let constant = operand.constant else {
      throw .unsupported("operand '\(operand.name)' is computed, supported are constants only")
    }
    return constant
  }

  /// The elements of an integer constant with at most one axis, or `nil` when the operand is left out.
  func integerList(_ position: Int) throws(ImportProblem) -> [Int]? {
    guard let operand = optional(position) else { return nil }
    let tensor = try constant(position)
    guard case .integer(let elements) = tensor.elements, tensor.shape.rank <= 1,
      elements.count <= ImportLimits.listElements
    else {
      throw .bad("operand '\(operand.name)' of shape \(tensor.shape), expected a list of integers")
    }
    return elements.map { Int($0) }
  }

  /// The element of a constant with one element, or `nil` when the operand is left out.
  func scalar(_ position: Int) throws(ImportProblem) -> Double? {
    guard let operand = optional(position) else { return nil }
    let tensor = try constant(position)
    guard tensor.shape.count == 1 else {
      throw .bad("operand '\(operand.name)' of shape \(tensor.shape), expected one element")
    }
    return tensor.doubles.first
  }

  /// A list that is an attribute below an opset and an operand from there on.
  /// - Throws: when it is given in the way that this opset does not know: ignored, it would change the result.
  func list(_ name: String, attributeBelow opset: Int, operand position: Int) throws(ImportProblem) -> [Int]? {
    if self.opset < opset { return try integers(name) }
    guard attributes[name] == nil else {
      throw .bad("attribute '\(name)' belongs to opsets below \(opset), the model says opset \(self.opset)")
    }
    return try integerList(position)
  }

  /// An axis as a number from 0, from one that may count from the end.
  func axis(_ axis: Int, rank: Int) throws(ImportProblem) -> Int {
    guard axis >= -rank, axis < rank else { throw .bad("axis \(axis), expected \(-rank) to \(rank - 1)") }
    return axis < 0 ? axis + rank : axis
  }

  /// Distinct axes, ascending from 0.
  func axes(_ axes: [Int], rank: Int) throws(ImportProblem) -> [Int] {
    var resolved: [Int] = []
    for axis in axes { resolved.append(try self.axis(axis, rank: rank)) }
    guard Set(resolved).count == resolved.count else { throw .bad("axes \(axes) name one axis twice") }
    return resolved.sorted()
  }
}
