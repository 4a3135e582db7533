import Networks

/// Layers: weights lose rows with the outputs and columns with the inputs.
extension NodeSurgery {
  /// Conv (weight [O, I ÷ groups, K…]) and ConvTranspose (weight [I, O ÷ groups, K…]).
  mutating func convolution(isTransposed: Bool) throws(ImportProblem) {
    let groups = try node.integer("group", default: 1)
    let (inputs, outputs) = (try shape(0)[1], resultShapes[0][1])
    let (keptInputs, keptOutputs) = (operandParts[0][1], resultParts[0][1])
    let rows = isTransposed ? keptInputs : keptOutputs
    var part = TensorPart(axes: rows.map { [0: $0] } ?? [:])
    if groups > 1, groups == inputs {
      // Depthwise: outputs go with their input, and the convolution groups with both.
      let multiplier = outputs / inputs
      let expected = keptInputs?.flatMap { input in (0..<multiplier).map { input * multiplier + $0 } }
      try agree(expected, keptOutputs, "outputs of a depthwise convolution")
      if let keptInputs { set("group", keptInputs.count) }
    } else {
      let rowCount = isTransposed ? inputs : outputs
      let columnCount = isTransposed ? outputs : inputs
      if let rows { _ = try blocks(rows, of: rowCount, into: groups, isTransposed ? "inputs" : "outputs") }
      if let columns = isTransposed ? keptOutputs : keptInputs {
        let blocks = try blocks(columns, of: columnCount, into: groups, isTransposed ? "outputs" : "inputs")
        if blocks.allSatisfy({ $0 == blocks[0] }) {
          part.axes[1] = blocks[0]
        } else {
          part.blocks = blocks
        }
      }
    }
    keep(part, of: 1)
    keep(keptOutputs, ofAxis: 0, of: 2)
    // Some exporters write batch and channels into ConvTranspose's output_shape too.
    if isTransposed, var written = try node.integers("output_shape"), written.count == resultShapes[0].rank {
      written[1] = newExtents()[1]
      set("output_shape", written)
    }
  }

  /// Gemm: A′ [M, K] × B′ [K, N] + C.
  mutating func gemm() throws(ImportProblem) {
    let (rowsOfA, innerOfA) = try node.flag("transA") ? (1, 0) : (0, 1)
    let (innerOfB, columnsOfB) = try node.flag("transB") ? (1, 0) : (0, 1)
    try multiply(inner: (innerOfA, innerOfB), rows: (rowsOfA, 0), columns: (columnsOfB, 1))
    if node.optional(2) != nil { try follow(2) }
  }

  /// MatMul: […, M, K] × […, K, N]; one axis alone is a row on the left and a column on the right.
  mutating func matMul() throws(ImportProblem) {
    let (left, right) = (try shape(0).rank, try shape(1).rank)
    let result = resultShapes[0].rank
    try multiply(
      inner: (left - 1, max(right - 2, 0)), rows: left == 1 ? nil : (left - 2, right == 1 ? result - 1 : result - 2),
      columns: right == 1 ? nil : (right - 1, result - 1))
  }

  /// A product of matrices of which one may be constant.
  /// - Parameters:
  ///   - inner: the axis that is summed over, of each operand.
  ///   - rows: the left operand's other axis and the result's.
  ///   - columns: the right operand's other axis and the result's.
  private mutating func multiply(inner: (Int, Int), rows: (Int, Int)?, columns: (Int, Int)?) throws(ImportProblem) {
    let inners = [inner.0, inner.1]
    let outers = [rows, columns]
    for position in 0...1 {
      var part = TensorPart()
      let other = 1 - position
      part.axes[inners[position]] = operandParts[other][inners[other]]
      if let (own, result) = outers[position] { part.axes[own] = resultParts[0][result] }
      if opMultipliesBatches {
        // Axes in front of the matrices broadcast.
        let dimensions = try shape(position).dimensions
        let offset = resultShapes[0].rank - dimensions.count
        for axis in dimensions.indices.dropLast(2) where dimensions[axis] > 1 && axis + offset >= 0 {
          part.axes[axis] = resultParts[0][axis + offset]
        }
      }
      if isConstant(position) {
        keep(part, of: position)
      } else if isConstant(other) {
        try agree(operandParts[position], part.axes, "operand \(position)", besides: inners[position])
      } else {
        try agree(operandParts[position], part.axes, "operand \(position)", besides: nil)
      }
    }
  }

  private var opMultipliesBatches: Bool { node.opType == "MatMul" }

  /// Einsum: what stays of an axis goes by its letter.
  mutating func einsum() throws(ImportProblem) {
    var ranks: [Int] = []
    for position in node.operands.indices { ranks.append(try shape(position).rank) }
    let equation = try EinsumEquation(try node.text("equation", default: ""), ranks: ranks)
    var kept: [EinsumEquation.Label: [Int]] = [:]
    for (axis, label) in equation.result.enumerated() { kept[label] = resultParts[0][axis] }
    for position in node.operands.indices where !isConstant(position) {
      for (axis, label) in equation.terms[position].enumerated() {
        let own = operandParts[position][axis]
        let isStretched = try shape(position)[axis] == 1
        if equation.result.contains(label) {
          if !isStretched { try agree(own, kept[label], "axis \(axis) of operand \(position)") }
        } else if let own {
          if let other = kept[label] { try agree(own, other, "axis \(axis) of operand \(position)") }
          kept[label] = own
        }
      }
    }
    for position in node.operands.indices where isConstant(position) {
      var part = TensorPart()
      for (axis, label) in equation.terms[position].enumerated() where try shape(position)[axis] > 1 {
        part.axes[axis] = kept[label]
      }
      keep(part, of: position)
    }
  }

  /// Where in its data operand a layer finds its input channels: operand and axis; `nil` when it is no layer.
  func inputChannels() throws(ImportProblem) -> (operand: Int, axis: Int)? {
    switch node.opType {
    case "Conv", "ConvTranspose": return (0, 1)
    case "Gemm":
      let operand = isConstant(0) ? 1 : 0
      let isTurned = try node.flag(operand == 0 ? "transA" : "transB")
      return (operand, (operand == 0) == isTurned ? 0 : 1)
    case "MatMul":
      let rank = try shape(isConstant(0) ? 1 : 0).rank
      return isConstant(0) ? (1, max(rank - 2, 0)) : (0, rank - 1)
    case "Einsum":
      guard let constant = node.operands.indices.first(where: { isConstant($0) }), node.operands.count == 2 else {
        return nil
      }
      let equation = try EinsumEquation(
        try node.text("equation", default: ""), ranks: [try shape(0).rank, try shape(1).rank])
      let operand = 1 - constant
      let axis = equation.terms[operand].firstIndex {
        equation.terms[constant].contains($0) && !equation.result.contains($0)
      }
      return axis.map { (operand, $0) }
    default: return nil
    }
  }
}
