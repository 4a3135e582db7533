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

  /// What is wrong with a node's shapes, or `nil`.
  func problem(_ x: Shape, weight: Shape?, bias: Shape?, _ y: Shape) -> String? {
    guard (1...2).contains(kernel.count) else { return "\(kernel.count) axes of space, supported are 1 and 2" }
    guard let weight, let expected = outputShape(input: x, weight: weight) else {
      return "weight \(weight.map(\.description) ?? "absent") with groups \(groups) does not fit input \(x)"
    }
    if let bias, bias != Shape([weight[0]]) { return "bias of shape \(bias), expected [\(weight[0])]" }
    guard weight.count > 0 else { return "weight \(weight) has no elements" }
    if let outputScale, outputScale.count != weight[0] { return "\(outputScale.count) scales for \(weight[0]) outputs" }
    return y == expected ? nil : "a result of shape \(y), expected \(expected)"
  }

  /// The least output shape for an input [N, I, D…] and a weight [I, O ÷ groups, K…] of a transposed convolution, the one
  /// without output padding, or `nil` when they do not fit.
  public func transposedOutputShape(input: Shape, weight: Shape) -> Shape? {
    let space = kernel.count
    guard input.rank == space + 2, weight.rank == space + 2, groups >= 1,
      [strides.count, padsBegin.count, padsEnd.count, dilations.count].allSatisfy({ $0 == space }),
      (padsBegin + padsEnd).allSatisfy({ $0 >= 0 }), (kernel + strides + dilations).allSatisfy({ $0 >= 1 }),
      Array(weight.dimensions.dropFirst(2)) == kernel, weight[0] == input[1], input[1] % groups == 0,
      let outputs = product(weight[1], groups)
    else { return nil }
    var dimensions = [input[0], outputs]
    for axis in 0..<space {
      guard input[axis + 2] >= 1, let steps = product(input[axis + 2] - 1, strides[axis]),
        let reach = product(kernel[axis] - 1, dilations[axis]), let whole = sum([steps, reach, 1]),
        let extent = sum([whole, -padsBegin[axis], -padsEnd[axis]])
      else { return nil }
      dimensions.append(max(extent, 0))
    }
    return Shape(checking: dimensions)
  }

  /// What is wrong with a transposed convolution's shapes, or `nil`.
  func transposedProblem(_ x: Shape, weight: Shape?, bias: Shape?, _ y: Shape) -> String? {
    guard (1...2).contains(kernel.count) else { return "\(kernel.count) axes of space, supported are 1 and 2" }
    guard let weight, let least = transposedOutputShape(input: x, weight: weight) else {
      return "weight \(weight.map(\.description) ?? "absent") with groups \(groups) does not fit input \(x)"
    }
    if let bias, bias != Shape([least[1]]) { return "bias of shape \(bias), expected [\(least[1])]" }
    guard weight.count > 0 else { return "weight \(weight) has no elements" }
    if let outputScale, outputScale.count != least[1] { return "\(outputScale.count) scales for \(least[1]) outputs" }
    guard y.rank == x.rank, y[0] == x[0], y[1] == least[1] else { return "a result of shape \(y), expected \(least)" }
    for axis in kernel.indices {
      // Output padding: places behind the last window, fewer than a step apart.
      let padding = y[axis + 2] - least[axis + 2]
      guard y[axis + 2] >= 1, padding >= 0, padding < max(strides[axis], dilations[axis]) else {
        return "a result of shape \(y), expected \(least) and less than a step of output padding"
      }
    }
    return nil
  }
}
