extension Operation {
  /// How many operands it takes, or `nil` for any number.
  var operandCount: (Int, Int)? {
    switch self {
    case .convolution, .convolutionTranspose, .linear, .layerNormalization: (2, 3)
    case .batchNormalization: (5, 5)
    case .groupNormalization, .select: (3, 3)
    case .binary, .matrixProduct: (2, 2)
    case .concat: nil
    case .unary, .split, .slice, .gather, .expand, .pool, .reduce, .resample, .cumulativeSum, .reshape, .transpose,
      .pad,
      .softmax, .localResponseNormalization:
      (1, 1)
    }
  }

  /// Parameters have to be constants: executors pack them before they run.
  func constantOperandProblem(_ isConstant: [Bool?]) -> String? {
    switch self {
    case .convolution, .convolutionTranspose, .linear, .batchNormalization, .layerNormalization, .groupNormalization:
      isConstant.dropFirst().contains(false) ? "weight, bias and statistics must be constants" : nil
    default: nil
    }
  }

  /// What is wrong with the shapes, or `nil`. Operand counts are known to be right.
  func problem(operands: [Shape?], results: [Shape]) -> String? {
    guard let x = operands[0] else { return "first operand absent" }
    if case .split(let axis) = self { return Self.splitProblem(x, axis: axis, results) }
    guard results.count == 1 else { return "\(results.count) results, expected 1" }
    let y = results[0]
    switch self {
    case .convolution(let convolution):
      return convolution.problem(x, weight: operands[1], bias: operands.dropFirst(2).first ?? nil, y)
    case .convolutionTranspose(let convolution):
      return convolution.transposedProblem(x, weight: operands[1], bias: operands.dropFirst(2).first ?? nil, y)
    case .linear(let linear): return linear.problem(x, weight: operands[1], bias: operands.dropFirst(2).first ?? nil, y)
    case .matrixProduct: return Self.matrixProductProblem(x, operands[1], y)
    case .batchNormalization: return Self.channelParameterProblem(x, operands.dropFirst(), y)
    case .layerNormalization(let axis, _): return Self.layerNormalizationProblem(x, axis, operands.dropFirst(), y)
    case .groupNormalization(let groups, _):
      guard x.rank >= 2, groups >= 1, x[1] % groups == 0 else { return "\(groups) groups of the channels of \(x)" }
      return Self.channelParameterProblem(x, operands.dropFirst(), y)
    case .localResponseNormalization(let window):
      guard x.rank >= 2, window.size >= 1, sum([x[1], window.size]) != nil else {
        return "window of \(window.size) channels over shape \(x)"
      }
      return Self.mismatch(y, x)
    case .softmax(let axis, _), .cumulativeSum(let axis, _, _):
      guard x.dimensions.indices.contains(axis) else { return "axis \(axis) for shape \(x)" }
      return Self.mismatch(y, x)
    case .unary: return Self.mismatch(y, x)
    case .binary, .select: return Self.broadcastProblem(operands, y)
    case .expand:
      return x.broadcast(with: y) == y ? nil : "\(x) does not broadcast to \(y)"
    case .reduce(_, let axes): return Self.reductionProblem(x, axes: axes, y)
    case .pool(let pool): return pool.problem(x, y)
    case .resample(let steps): return Self.resamplingProblem(x, steps, y)
    case .concat(let axis): return Self.concatProblem(operands.compactMap { $0 }, axis: axis, y)
    case .split: return nil
    case .slice(let starts, let steps): return Self.sliceProblem(x, starts: starts, steps: steps, y)
    case .gather(let axis, let indices, let rank): return Self.gatherProblem(x, axis, indices, indexRank: rank, y)
    case .reshape: return x.count == y.count ? nil : "\(x) has \(x.count) elements, \(y) has \(y.count)"
    case .transpose(let permutation):
      guard permutation.sorted() == Array(0..<x.rank) else { return "permutation \(permutation) for \(x.rank) axes" }
      return Self.mismatch(y, Shape(permutation.map { x[$0] }))
    case .pad(let pad): return pad.problem(x, y)
    }
  }

  static func mismatch(_ found: Shape, _ expected: Shape) -> String? {
    found == expected ? nil : "a result of shape \(found), expected \(expected)"
  }

  private static func broadcastProblem(_ operands: [Shape?], _ y: Shape) -> String? {
    var shape = Shape([])
    for operand in operands {
      guard let operand, let wider = shape.broadcast(with: operand) else {
        let names = operands.map { $0?.description ?? "absent" }
        return "operands \(names.dropLast().joined(separator: ", ")) and \(names[names.count - 1]) do not broadcast"
      }
      shape = wider
    }
    return mismatch(y, shape)
  }

  private static func matrixProductProblem(_ left: Shape, _ right: Shape?, _ y: Shape) -> String? {
    guard let right, left.rank >= 2, right.rank >= 2, left[left.rank - 1] == right[right.rank - 2],
      let leading = Shape(checking: left.dimensions.dropLast(2))?.broadcast(with: Shape(right.dimensions.dropLast(2))),
      let expected = Shape(checking: leading.dimensions + [left[left.rank - 2], right[right.rank - 1]])
    else { return "operands \(left) and \(right?.description ?? "absent") have no matrix product" }
    return mismatch(y, expected)
  }

  /// Parameters of one element per channel, behind x.
  private static func channelParameterProblem(_ x: Shape, _ parameters: ArraySlice<Shape?>, _ y: Shape) -> String? {
    guard x.rank >= 2 else { return "operand of shape \(x), expected a batch and a channel axis" }
    let channels = Shape([x[1]])
    for parameter in parameters where parameter != channels {
      return "a parameter of shape \(parameter?.description ?? "absent"), expected \(channels)"
    }
    return mismatch(y, x)
  }

  private static func layerNormalizationProblem(
    _ x: Shape, _ axis: Int, _ parameters: ArraySlice<Shape?>, _ y: Shape
  ) -> String? {
    guard x.dimensions.indices.contains(axis) else { return "axis \(axis) for shape \(x)" }
    let normalised = Shape(Array(x.dimensions[axis...]))
    for case let parameter? in parameters where parameter != normalised {
      return "a parameter of shape \(parameter), expected \(normalised)"
    }
    return mismatch(y, x)
  }

  private static func reductionProblem(_ x: Shape, axes: [Int], _ y: Shape) -> String? {
    guard axes == Array(Set(axes)).sorted(), axes.allSatisfy({ (0..<x.rank).contains($0) }) else {
      return "axes \(axes) of shape \(x)"
    }
    let kept = x.dimensions.indices.map { axes.contains($0) ? 1 : x[$0] }
    let squeezed = x.dimensions.indices.filter { !axes.contains($0) }.map { x[$0] }
    return y.dimensions == kept || y.dimensions == squeezed ? nil : "a result of shape \(y) from axes \(axes) of \(x)"
  }

  private static func resamplingProblem(_ x: Shape, _ steps: [Resampling], _ y: Shape) -> String? {
    guard x.rank == y.rank else { return "a result of shape \(y) from \(x)" }
    let axes = steps.map(\.axis)
    guard axes == Array(Set(axes)).sorted(), axes.allSatisfy({ (0..<x.rank).contains($0) }) else {
      return "axes \(axes) of shape \(x)"
    }
    for axis in 0..<x.rank where !axes.contains(axis) && x[axis] != y[axis] {
      return "a result of shape \(y) from \(x), axis \(axis) is not resized"
    }
    for step in steps {
      guard step.taps >= 1, product(y[step.axis], step.taps) == step.sources.count,
        step.weights.count == step.sources.count, step.sources.allSatisfy({ (0..<x[step.axis]).contains($0) })
      else {
        return "\(step.sources.count) sources and \(step.weights.count) weights of \(step.taps) taps "
          + "for axis \(step.axis) of \(x) to \(y)"
      }
    }
    // What lies between two steps has to be a shape too.
    var extents = x.dimensions
    for axis in axes {
      extents[axis] = y[axis]
      guard Shape(checking: extents) != nil else { return "a result of shape \(y) from \(x) overflows on the way" }
    }
    return nil
  }
}
