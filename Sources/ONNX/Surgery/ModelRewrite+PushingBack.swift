import Networks

/// What the operands of a constant node have to become so that its result becomes what is wanted.
extension ModelRewrite {
  private static let arithmetic: Set = [
    "Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean", "Min", "Mod",
    "Mul",
    "Or", "Pow", "Sub", "Sum", "Where", "Xor",
  ]

  /// By operand what it has to become; operands that are not named keep their value. `nil` when the node cannot yield
  /// what is wanted, or only under a shape that is not known: then its result is stored.
  func pushBack(_ demand: Demand, _ index: Int) -> [Int: Demand]? {
    let node = surgery.trace.nodes[index].node
    let proto = surgery.protos[index]
    guard let result = constant(proto.output.first { !$0.isEmpty } ?? "")?.shape else { return nil }
    switch demand {
    case .integers(let integers, let dimensions, let alone):
      return pushBack(integers, dimensions, alone, node, proto, result)
    case .part(let part):
      return (try? pushBack(part, node, result.dimensions)).flatMap { $0 }
    }
  }

  private func pushBack(_ part: TensorPart, _ node: OperatorNode, _ result: [Int]) throws(ImportProblem) -> [Int:
    Demand]?
  {
    let operand = try node.required(0).shape.dimensions
    switch node.opType {
    case "Identity", "Cast", "Dropout": return [0: .part(part)]
    case _ where OperatorRegistry.unaryFunctions[node.opType] != nil: return [0: .part(part)]
    case "Transpose":
      return part.transposedBack(try node.permutation(of: Shape(operand))).map { [0: .part($0)] }
    case "Flatten", "Reshape", "Squeeze", "Unsqueeze": return try reshapeBack(part, node, result, operand)
    case "QuantizeLinear", "DequantizeLinear": return try dequantizeBack(part, node, operand)
    case _ where Self.arithmetic.contains(node.opType):
      var demands: [Int: Demand] = [:]
      for position in node.operands.indices {
        guard let own = part.operand(try node.required(position).shape.dimensions, of: result) else { return nil }
        demands[position] = .part(own)
      }
      return demands
    case "Concat": return try concatBack(part, node)
    case "ConstantOfShape": return [0: Self.extents(part.extents(of: result))]
    case "Expand":
      guard let written = try node.integerList(1), let own = part.operand(operand, of: result) else { return nil }
      let target = part.extents(of: result).suffix(written.count)
      return [0: .part(own), 1: Self.extents(zip(written, target).map { $0 == 1 ? 1 : $1 })]
    default: return nil
    }
  }

  private static func extents(_ extents: [Int]) -> Demand {
    let list = extents.map { Int64($0) }
    return .integers(list, dimensions: [list.count], alone: list)
  }

  private func reshapeBack(_ part: TensorPart, _ node: OperatorNode, _ result: [Int], _ operand: [Int])
    throws(ImportProblem) -> [Int: Demand]?
  {
    guard let own = part.reshapedBack(from: result, to: operand) else { return nil }
    let (from, target) = (own.extents(of: operand), part.extents(of: result))
    guard node.opType == "Reshape", let written = try node.integerList(1) else {
      // The same axes have to go and come.
      return (try? node.reshaped(Shape(from)))?.dimensions == target ? [0: .part(own)] : nil
    }
    let keepsZero = node.opset >= 14 ? try node.flag("allowzero") : false
    let entries = NodeSurgery.target(written, for: target, from: from, keepsZero: keepsZero)
    return [0: .part(own), 1: Self.extents(entries)]
  }

  /// Stored integers stay integers; scales and zero points per index of an axis go with it.
  private func dequantizeBack(_ part: TensorPart, _ node: OperatorNode, _ operand: [Int]) throws(ImportProblem)
    -> [Int: Demand]?
  {
    var demands: [Int: Demand] = [0: .part(part)]
    for position in 1...2 {
      guard let parameter = node.optional(position) else { continue }
      guard parameter.shape.count > 1 else {
        demands[position] = .part(TensorPart())
        continue
      }
      let axis = try node.axis(try node.integer("axis", default: 1), rank: operand.count)
      guard axis != 1 || part.blocks.isEmpty else { return nil }
      demands[position] = .part(TensorPart(axes: part.axes[axis].map { [0: $0] } ?? [:]))
    }
    return demands
  }

  private func concatBack(_ part: TensorPart, _ node: OperatorNode) throws(ImportProblem) -> [Int: Demand]? {
    let (axis, _) = try node.concat()
    guard part.blocks.isEmpty || axis > 1 else { return nil }
    var demands: [Int: Demand] = [:]
    var start = 0
    for position in node.operands.indices {
      let extent = try node.required(position).shape[axis]
      var own = part
      if let kept = part.axes[axis] {
        let run = kept.filter { $0 >= start && $0 < start + extent }.map { $0 - start }
        guard !run.isEmpty else { return nil }
        own.axes[axis] = run.count == extent ? nil : run
      }
      start += extent
      demands[position] = .part(own)
    }
    return demands
  }

  /// A list of integers goes back to where its entries are written.
  private func pushBack(
    _ integers: [Int64], _ dimensions: [Int], _ alone: [Int64], _ node: OperatorNode, _ proto: Onnx_NodeProto,
    _ result: Shape
  ) -> [Int: Demand]? {
    guard dimensions == result.dimensions, let operand = node.optional(0) else { return nil }
    // A list of which nothing is known takes the batch size from somewhere: it is replaced as a whole.
    if case .unknown = drifts[proto.output[0]] { return nil }
    switch node.opType {
    case "Identity", "Cast", "Dropout", "Flatten", "Reshape", "Squeeze", "Unsqueeze":
      return [0: .integers(integers, dimensions: operand.shape.dimensions, alone: alone)]
    case "Concat" where result.rank == 1:
      var demands: [Int: Demand] = [:]
      var start = 0
      for (position, operand) in node.operands.enumerated() {
        guard let count = operand?.shape.count, start + count <= integers.count else { return nil }
        demands[position] = .integers(
          Array(integers[start..<start + count]), dimensions: [count], alone: Array(integers[start..<start + count]))
        start += count
      }
      return demands
    case "Mul" where integers.count == 1:
      // A number of heads times the batch size, as exported attentions have it: the number that is written changes.
      for (own, other) in [(0, 1), (1, 0)] where surgery.fixedConstants.contains(proto.input[own]) {
        guard drifts[proto.input[other]] == nil, let factor = constant(proto.input[other]),
          let written = constant(proto.input[own]), case .integer(let factors) = factor.elements, factors.count == 1,
          factors[0] > 0, integers[0] % factors[0] == 0, written.shape.count == 1
        else { continue }
        let quotient = [integers[0] / factors[0]]
        return [own: .integers(quotient, dimensions: written.shape.dimensions, alone: quotient)]
      }
      return nil
    default: return nil
    }
  }
}
