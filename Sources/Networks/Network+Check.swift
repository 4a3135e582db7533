extension Network {
  /// Checks what `Network.init` promises. Shape mistakes end here, so that nothing behind has to look for them again.
  func check() throws(NetworkError) {
    guard batchSize > 0 else { throw NetworkError(name, "batch size \(batchSize), expected at least 1") }
    guard !outputs.isEmpty else { throw NetworkError(name, "has no output") }
    let known = values.indices
    for id in inputs + outputs where !known.contains(id.index) {
      throw NetworkError(name, "input or output \(id.index) is not among the \(values.count) values")
    }
    var computed = [Bool](repeating: false, count: values.count)
    for (index, value) in values.enumerated() where value.constant != nil { computed[index] = true }
    for input in inputs {
      guard self[input].constant == nil else { throw NetworkError(self[input].name, "is both an input and a constant") }
      guard !computed[input.index] else { throw NetworkError(self[input].name, "is named twice among the inputs") }
      let shape = self[input].shape
      guard shape.rank > 0, shape[0] == batchSize else {
        throw NetworkError(self[input].name, "has shape \(shape), expected \(batchSize) samples along axis 0")
      }
      computed[input.index] = true
    }
    for node in nodes {
      for case let operand? in node.inputs {
        guard known.contains(operand.index) else { throw NetworkError(node.name, "reads a value that does not exist") }
        guard computed[operand.index] else {
          throw NetworkError(node.name, "reads \(self[operand].name) before it is computed")
        }
      }
      for output in node.outputs {
        guard known.contains(output.index) else { throw NetworkError(node.name, "yields a value that does not exist") }
        guard !computed[output.index] else {
          throw NetworkError(node.name, "yields \(self[output].name) a second time")
        }
        computed[output.index] = true
      }
      if let problem = shapeProblem(of: node) { throw NetworkError(node.name, "\(node.opType): \(problem)") }
    }
    for output in outputs where !computed[output.index] {
      throw NetworkError(self[output].name, "is an output that nothing computes")
    }
  }

  /// What is wrong with a node's operands and results, or `nil`.
  private func shapeProblem(of node: Node) -> String? {
    let inputs = node.inputs.map { id in id.map { self[$0].shape } }
    let outputs = node.outputs.map { self[$0].shape }
    guard let (least, most) = node.operation.operandCount else {
      return inputs.isEmpty || inputs.contains(nil) ? "needs operands, none of them absent" : expectedOutputs()
    }
    guard inputs.count >= least, inputs.count <= most, inputs.prefix(least).allSatisfy({ $0 != nil }) else {
      return "\(inputs.count) operands, expected \(least == most ? "\(least)" : "\(least) to \(most)")"
    }
    return node.operation.constantOperandProblem(node.inputs.map { id in id.map { self[$0].constant != nil } })
      ?? expectedOutputs()

    func expectedOutputs() -> String? {
      guard !outputs.isEmpty else { return "yields nothing" }
      return node.operation.problem(operands: inputs, results: outputs)
    }
  }
}

extension Operation {
  /// How many operands it takes, or `nil` for any number.
  fileprivate var operandCount: (Int, Int)? {
    switch self {
    case .convolution, .linear: (2, 3)
    case .batchNormalization: (5, 5)
    case .binary: (2, 2)
    case .concat: nil
    case .unary, .split, .slice, .pool, .reduceMean, .reshape, .transpose, .pad, .softmax, .localResponseNormalization:
      (1, 1)
    }
  }

  /// Parameters have to be constants: executors pack them before they run.
  fileprivate func constantOperandProblem(_ isConstant: [Bool?]) -> String? {
    switch self {
    case .convolution, .linear, .batchNormalization:
      isConstant.dropFirst().contains(false) ? "weight, bias and statistics must be constants" : nil
    default: nil
    }
  }

  /// What is wrong with the shapes, or `nil`. Operand counts are known to be right.
  fileprivate func problem(operands: [Shape?], results: [Shape]) -> String? {
    guard let x = operands[0] else { return "first operand absent" }
    if case .split(let axis) = self { return Self.splitProblem(x, axis: axis, results) }
    guard results.count == 1 else { return "\(results.count) results, expected 1" }
    let y = results[0]
    switch self {
    case .convolution(let convolution):
      return convolution.problem(x, weight: operands[1], bias: operands.dropFirst(2).first ?? nil, y)
    case .linear(let linear): return linear.problem(x, weight: operands[1], bias: operands.dropFirst(2).first ?? nil, y)
    case .batchNormalization:
      guard x.rank >= 2 else { return "operand of shape \(x), expected a batch and a channel axis" }
      let channels = Shape([x[1]])
      for case let parameter? in operands.dropFirst() where parameter != channels {
        return "a parameter of shape \(parameter), expected \(channels)"
      }
      return mismatch(y, x)
    case .unary: return mismatch(y, x)
    case .binary:
      guard let other = operands[1], let shape = x.broadcast(with: other) else {
        return "operands \(x) and \(operands[1].map(\.description) ?? "absent") do not broadcast"
      }
      return mismatch(y, shape)
    case .concat(let axis): return Self.concatProblem(operands.compactMap { $0 }, axis: axis, y)
    case .split: return nil
    case .slice(let starts, let steps): return Self.sliceProblem(x, starts: starts, steps: steps, y)
    case .pool(let pool): return pool.problem(x, y)
    case .reduceMean(let axes): return Self.reductionProblem(x, axes: axes, y)
    case .reshape: return x.count == y.count ? nil : "\(x) has \(x.count) elements, \(y) has \(y.count)"
    case .transpose(let permutation):
      guard permutation.sorted() == Array(0..<x.rank) else { return "permutation \(permutation) for \(x.rank) axes" }
      return mismatch(y, Shape(permutation.map { x[$0] }))
    case .pad(let pad):
      guard pad.before.count == x.rank, pad.behind.count == x.rank, (pad.before + pad.behind).allSatisfy({ $0 >= 0 })
      else { return "pads \(pad.before), \(pad.behind) for shape \(x)" }
      if pad.mode == .reflect, (0..<x.rank).contains(where: { max(pad.before[$0], pad.behind[$0]) >= max(x[$0], 1) }) {
        return "reflecting pads \(pad.before), \(pad.behind) reach past shape \(x)"
      }
      if pad.mode == .edge, (0..<x.rank).contains(where: { x[$0] == 0 && max(pad.before[$0], pad.behind[$0]) > 0 }) {
        return "pads \(pad.before), \(pad.behind) repeat the edge of shape \(x), which has none"
      }
      let padded = x.dimensions.indices.map { sum([x[$0], pad.before[$0], pad.behind[$0]]) }
      guard let expected = shape(padded) else { return "pads \(pad.before), \(pad.behind) overflow for shape \(x)" }
      return mismatch(y, expected)
    case .softmax(let axis, _):
      guard x.dimensions.indices.contains(axis) else { return "axis \(axis) for shape \(x)" }
      return mismatch(y, x)
    case .localResponseNormalization(let window):
      guard x.rank >= 2, window.size >= 1, sum([x[1], window.size]) != nil else {
        return "window of \(window.size) channels over shape \(x)"
      }
      return mismatch(y, x)
    }
  }

  private static func splitProblem(_ x: Shape, axis: Int, _ results: [Shape]) -> String? {
    guard x.dimensions.indices.contains(axis) else { return "axis \(axis) for shape \(x)" }
    for part in results {
      guard part.rank == x.rank, part.dimensions.indices.allSatisfy({ $0 == axis || part[$0] == x[$0] }) else {
        return "a part of shape \(part) of \(x) along axis \(axis)"
      }
    }
    let extents = results.map { $0[axis] }
    return sum(extents) == x[axis] ? nil : "parts of \(extents) along axis \(axis) of \(x)"
  }

  private static func concatProblem(_ parts: [Shape], axis: Int, _ y: Shape) -> String? {
    guard y.dimensions.indices.contains(axis) else { return "axis \(axis) for shape \(y)" }
    for part in parts {
      guard part.rank == y.rank, part.dimensions.indices.allSatisfy({ $0 == axis || part[$0] == y[$0] }) else {
        return "an operand of shape \(part) for a result of shape \(y) along axis \(axis)"
      }
    }
    let extents = parts.map { $0[axis] }
    return sum(extents) == y[axis] ? nil : "operands of \(extents) along axis \(axis) for a result of shape \(y)"
  }

  private static func sliceProblem(_ x: Shape, starts: [Int], steps: [Int], _ y: Shape) -> String? {
    guard starts.count == x.rank, steps.count == x.rank, y.rank == x.rank, steps.allSatisfy({ $0 != 0 }) else {
      return "starts \(starts), steps \(steps) for shape \(x)"
    }
    for axis in x.dimensions.indices where y[axis] > 0 {
      let (reach, overflow) = (y[axis] - 1).multipliedReportingOverflow(by: steps[axis])
      guard !overflow, (0..<x[axis]).contains(starts[axis]), let last = sum([starts[axis], reach]),
        (0..<x[axis]).contains(last)
      else {
        return "\(y[axis]) elements from \(starts[axis]) in steps of \(steps[axis]) on axis \(axis) of \(x)"
      }
    }
    return nil
  }

  private static func reductionProblem(_ x: Shape, axes: [Int], _ y: Shape) -> String? {
    guard axes == Array(Set(axes)).sorted(), axes.allSatisfy({ (0..<x.rank).contains($0) }) else {
      return "axes \(axes) of shape \(x)"
    }
    let kept = x.dimensions.indices.map { axes.contains($0) ? 1 : x[$0] }
    let squeezed = x.dimensions.indices.filter { !axes.contains($0) }.map { x[$0] }
    return y.dimensions == kept || y.dimensions == squeezed ? nil : "a result of shape \(y) from axes \(axes) of \(x)"
  }

  fileprivate func mismatch(_ found: Shape, _ expected: Shape) -> String? {
    found == expected ? nil : "a result of shape \(found), expected \(expected)"
  }
}

extension Convolution {
  /// Whether each input channel makes outputs of its own.
  ///
  /// One channel in one group is a plain convolution: its output does not have to go with its input.
  public func isDepthwise(inputs: Int) -> Bool { groups > 1 && groups == inputs }

  /// The output's shape for an input [N, I, D…] and a weight [O, I ÷ groups, K…], or `nil` when they do not fit.
  public func outputShape(input: Shape, weight: Shape) -> Shape? {
    let space = kernel.count
    guard input.rank == space + 2, weight.rank == space + 2, groups >= 1,
      [strides.count, padsBegin.count, padsEnd.count, dilations.count].allSatisfy({ $0 == space }),
      Array(weight.dimensions.dropFirst(2)) == kernel,
      weight[1].multipliedReportingOverflow(by: groups) == (input[1], false), weight[0] % groups == 0
    else { return nil }
    var dimensions = [input[0], weight[0]]
    for axis in 0..<space {
      guard
        let extent = windowCount(
          extent: input[axis + 2], kernel: kernel[axis], stride: strides[axis], dilation: dilations[axis],
          pads: padsBegin[axis], padsEnd[axis])
      else { return nil }
      dimensions.append(extent)
    }
    return Shape(checking: dimensions)
  }

  fileprivate func problem(_ x: Shape, weight: Shape?, bias: Shape?, _ y: Shape) -> String? {
    guard (1...2).contains(kernel.count) else { return "\(kernel.count) axes of space, supported are 1 and 2" }
    guard let weight, let expected = outputShape(input: x, weight: weight) else {
      return "weight \(weight.map(\.description) ?? "absent") with groups \(groups) does not fit input \(x)"
    }
    if let bias, bias != Shape([weight[0]]) { return "bias of shape \(bias), expected [\(weight[0])]" }
    guard weight.count > 0 else { return "weight \(weight) has no elements" }
    if let outputScale, outputScale.count != weight[0] { return "\(outputScale.count) scales for \(weight[0]) outputs" }
    return y == expected ? nil : "a result of shape \(y), expected \(expected)"
  }
}

extension Linear {
  /// Input and output features of a rank-2 weight.
  public func features(of weight: Shape) -> (inputs: Int, outputs: Int) {
    weightIsOutputByInput ? (weight[1], weight[0]) : (weight[0], weight[1])
  }

  fileprivate func problem(_ x: Shape, weight: Shape?, bias: Shape?, _ y: Shape) -> String? {
    guard let weight, weight.rank == 2, x.rank >= 1 else { return "operand \(x), weight needs two axes" }
    let (inputs, outputs) = features(of: weight)
    guard weight.count > 0, x[x.rank - 1] == inputs else { return "operand \(x) does not fit weight \(weight)" }
    if let bias, bias != Shape([outputs]) { return "bias of shape \(bias), expected [\(outputs)]" }
    if let outputScale, outputScale.count != outputs { return "\(outputScale.count) scales for \(outputs) outputs" }
    let expected = Array(x.dimensions.dropLast()) + [outputs]
    return y.dimensions == expected ? nil : "a result of shape \(y), expected \(expected)"
  }
}

extension Pool {
  fileprivate func problem(_ x: Shape, _ y: Shape) -> String? {
    let space = kernel.count
    guard (1...2).contains(space) else { return "\(space) axes of space, supported are 1 and 2" }
    guard x.rank == space + 2, y.rank == x.rank, y[0] == x[0], y[1] == x[1],
      [strides.count, padsBegin.count, padsEnd.count, dilations.count].allSatisfy({ $0 == space })
    else { return "window \(kernel) on shape \(x) to \(y)" }
    for axis in 0..<space {
      // The last window of ceil mode may reach behind the pads, but it starts inside the input or its front pad.
      guard kernel[axis] >= 1, strides[axis] >= 1, dilations[axis] >= 1, padsBegin[axis] >= 0, padsEnd[axis] >= 0,
        let windowEnd = product(dilations[axis], kernel[axis] - 1), padsBegin[axis] <= windowEnd, y[axis + 2] >= 1,
        let lastWindow = product(y[axis + 2] - 1, strides[axis]),
        let padded = sum([x[axis + 2], padsBegin[axis], padsEnd[axis]]), lastWindow < padded - padsEnd[axis],
        // Where the last window's last element lies is computed by whoever runs it.
        sum([lastWindow, windowEnd]) != nil
      else { return "window \(kernel), strides \(strides), pads \(padsBegin) on shape \(x) to \(y)" }
    }
    return nil
  }
}

/// The sum, or `nil` when it overflows.
private func sum(_ terms: [Int]) -> Int? {
  var total = 0
  for term in terms {
    let (sum, overflow) = total.addingReportingOverflow(term)
    guard !overflow else { return nil }
    total = sum
  }
  return total
}

/// The product, or `nil` when it overflows.
private func product(_ left: Int, _ right: Int) -> Int? {
  let (product, overflow) = left.multipliedReportingOverflow(by: right)
  return overflow ? nil : product
}

/// The shape of some extents, or `nil` when one of them or their product overflows.
private func shape(_ extents: [Int?]) -> Shape? {
  let known = extents.compactMap { $0 }
  return known.count == extents.count ? Shape(checking: known) : nil
}

/// How many windows fit along one axis, or `nil` when none does or an argument makes no sense.
private func windowCount(extent: Int, kernel: Int, stride: Int, dilation: Int, pads: Int...) -> Int? {
  guard kernel >= 1, stride >= 1, dilation >= 1, pads.allSatisfy({ $0 >= 0 }) else { return nil }
  let (reach, reachOverflow) = (kernel - 1).multipliedReportingOverflow(by: dilation)
  var padded = extent
  for pad in pads {
    let (sum, overflow) = padded.addingReportingOverflow(pad)
    guard !overflow else { return nil }
    padded = sum
  }
  guard !reachOverflow, padded > reach else { return nil }
  return (padded - reach - 1) / stride + 1
}
