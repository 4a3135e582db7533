import Networks

/// A tensor of which no part that could be listed stays: where its elements come from.
struct ScatteredTensor {
  /// The last tensor in front of it of which a part stays.
  let source: String
  /// Under the tensor's shape, the places of its elements in the source, in row-major order.
  let places: ConstantTensor
}

/// Channel shuffles whose blocks lose different channels: nodes that only move elements are run on places, and what comes
/// out of them is picked from what went in.
extension ModelRewrite {
  /// Operators that move elements and compute nothing.
  private static let movements: Set = [
    "Dropout", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze",
  ]

  /// A node that reads or yields such a tensor.
  mutating func scatter(_ index: Int) throws(ImportProblem) {
    let node = surgery.trace.nodes[index].node
    let proto = surgery.protos[index]
    let isMovement =
      Self.movements.contains(node.opType) && node.operands[0]?.constant == nil
      && node.operands.dropFirst().allSatisfy { $0 == nil || $0?.constant != nil }
    guard isMovement, let fold = OperatorRegistry.rule(for: node.opType)?.fold else {
      throw .unsupported("its groups of channels lose different channels, supported are operators that only move them")
    }
    let input = proto.input[0]
    let source: String
    let places: ConstantTensor
    if let tensor = scattered[input] {
      (source, places) = (tensor.source, tensor.places)
    } else {
      let shape = try movement.reserve(try node.required(0).shape.dimensions)
      source = input
      places = ConstantTensor(shape: shape, elements: .integer((0..<Int64(shape.count)).map { $0 }))
    }
    var operands = node.operands
    operands[0] = Operand(name: input, constant: places)
    let moved = try fold(
      OperatorNode(
        name: node.name, opType: node.opType, opset: node.opset, operands: operands, outputs: node.outputs,
        isRead: node.isRead, attributes: node.attributes), &movement)
    var picks: [Onnx_NodeProto] = []
    for (position, name) in proto.output.enumerated() where !name.isEmpty && moved.indices.contains(position) {
      guard let places = moved[position].constant else { continue }
      guard part(name) != .scattered else {
        scattered[name] = ScatteredTensor(source: source, places: places)
        continue
      }
      let pick = try pick(places, name, from: source)
      let own = picks.isEmpty ? proto.name : unique("\(node.name)/gather")
      picks.append(gather(named: own, source, pick.indices, axis: pick.axis, to: name))
    }
    nodes[index] = picks.first
    behind[index] = Array(picks.dropFirst())
  }

  /// The indices of one axis of a source that make a tensor.
  private func pick(_ places: ConstantTensor, _ name: String, from source: String) throws(ImportProblem)
    -> (axis: Int, indices: [Int])
  {
    guard let shape = surgery.trace.bindings[source]?.shape, case .integer(let all) = places.elements else {
      throw .bad("'\(source)' is defined nowhere")
    }
    var part = TensorPart()
    if case .along(let axes) = self.part(name) { part.axes = axes }
    let extents = part.extents(of: places.shape.dimensions)
    let kept = part.places(in: places.shape.dimensions).map { Int(all[$0]) }
    // By axis of the source the new number of every index.
    let sourcePart = self.part(source)
    let numbers = shape.dimensions.indices.map { axis -> [Int?] in
      var numbers = [Int?](repeating: nil, count: shape[axis])
      for (number, index) in (sourcePart[axis] ?? Array(0..<shape[axis])).enumerated() { numbers[index] = number }
      return numbers
    }
    let axes = shape.dimensions.indices.sorted { ($0 == 1 ? -1 : $0) < ($1 == 1 ? -1 : $1) }
    for axis in axes where extents.count == shape.rank {
      if let indices = Self.indices(kept, extents, shape, numbers, along: axis) { return (axis, indices) }
    }
    throw .unsupported(
      "what stays of '\(name)' is no choice of indices along one axis of '\(source)', from which its groups lose "
        + "different channels")
  }

  /// The indices along an axis, if all others come out as they go in.
  private static func indices(
    _ places: [Int], _ extents: [Int], _ shape: Shape, _ numbers: [[Int?]], along axis: Int
  ) -> [Int]? {
    let (steps, sourceSteps) = (Shape(extents).rowMajorStrides, shape.rowMajorStrides)
    var indices = [Int](repeating: -1, count: extents[axis])
    for (flat, place) in places.enumerated() {
      for other in extents.indices {
        let own = flat / steps[other] % extents[other]
        guard let number = numbers[other][place / sourceSteps[other] % shape[other]] else { return nil }
        if other != axis {
          guard number == own else { return nil }
        } else if indices[own] < 0 {
          indices[own] = number
        } else if indices[own] != number {
          return nil
        }
      }
    }
    // The other axes have to be there in full.
    let isWhole = extents.indices.allSatisfy { $0 == axis || extents[$0] == numbers[$0].count { $0 != nil } }
    return isWhole ? indices : nil
  }
}
