package import Networks

/// Nodes whose results' shapes follow from their operands'.
extension ProblemBuilder {
  // MARK: Layers

  /// A transposed convolution with a random weight; all lists have one entry per axis of space.
  package mutating func convolutionTranspose(
    _ x: ValueID, to outputs: Int, kernel: [Int], strides: [Int]? = nil, padsBegin: [Int]? = nil,
    padsEnd: [Int]? = nil, dilations: [Int]? = nil, outputPadding: [Int]? = nil, groups: Int = 1, bias: Bool = true,
    scaled: Bool = false
  ) -> ValueID {
    let inputs = shape(x)[1]
    let ones = kernel.map { _ in 1 }
    let zeros = kernel.map { _ in 0 }
    var convolution = Convolution(
      kernel: kernel, strides: strides ?? ones, padsBegin: padsBegin ?? zeros, padsEnd: padsEnd ?? padsBegin ?? zeros,
      dilations: dilations ?? ones, groups: groups)
    if scaled { convolution.outputScale = random.floats(outputs, in: 0.5...1.5).map(Double.init) }
    let reach = 1.5 / Float(inputs / groups).squareRoot()
    let weight = constant([inputs, outputs / groups] + kernel, in: -reach...reach)
    let operands = bias ? [x, weight, constant([outputs])] : [x, weight]
    guard let least = convolution.transposedOutputShape(input: shape(x), weight: shape(weight)) else {
      preconditionFailure("\(name): the weight does not fit")
    }
    let result = least.dimensions.indices.map { axis in
      least[axis] + (axis < 2 ? 0 : (outputPadding ?? zeros)[axis - 2])
    }
    return node(.convolutionTranspose(convolution), operands, result: result)
  }

  package mutating func matrixProduct(_ left: ValueID, _ right: ValueID) -> ValueID {
    let (a, b) = (shape(left), shape(right))
    guard let leading = Shape(a.dimensions.dropLast(2)).broadcast(with: Shape(b.dimensions.dropLast(2))) else {
      preconditionFailure("\(name): operands do not broadcast")
    }
    return node(.matrixProduct, [left, right], result: leading.dimensions + [a[a.rank - 2], b[b.rank - 1]])
  }

  // MARK: Normalisations

  package mutating func layerNormalization(
    _ x: ValueID, axis: Int, epsilon: Double = 1e-3, bias: Bool = true
  ) -> ValueID {
    let parameters = Array(shape(x).dimensions[axis...])
    let operands = [x, constant(parameters, in: 0.5...1.5)] + (bias ? [constant(parameters)] : [])
    return node(.layerNormalization(axis: axis, epsilon: epsilon), operands, result: shape(x).dimensions)
  }

  package mutating func groupNormalization(_ x: ValueID, groups: Int, epsilon: Double = 1e-3) -> ValueID {
    let channels = [shape(x)[1]]
    return node(
      .groupNormalization(groups: groups, epsilon: epsilon),
      [x, constant(channels, in: 0.5...1.5), constant(channels)], result: shape(x).dimensions)
  }

  package mutating func softmax(_ x: ValueID, axis: Int, logarithm: Bool = false) -> ValueID {
    node(.softmax(axis: axis, logarithm: logarithm), [x], result: shape(x).dimensions)
  }

  // MARK: Choices, sums and resizing

  package mutating func select(_ condition: ValueID, _ a: ValueID, _ b: ValueID) -> ValueID {
    guard let result = shape(condition).broadcast(with: shape(a))?.broadcast(with: shape(b)) else {
      preconditionFailure("\(name): operands do not broadcast")
    }
    return node(.select, [condition, a, b], result: result.dimensions)
  }

  package mutating func reduce(_ reduction: Reduction, _ x: ValueID, axes: [Int], kept: Bool = true) -> ValueID {
    let extents = shape(x).dimensions
    let result =
      kept
      ? extents.indices.map { axes.contains($0) ? 1 : extents[$0] }
      : extents.indices.filter { !axes.contains($0) }.map { extents[$0] }
    return node(.reduce(reduction, axes: axes), [x], result: result)
  }

  package mutating func mean(_ x: ValueID, axes: [Int], kept: Bool = true) -> ValueID {
    reduce(.mean, x, axes: axes, kept: kept)
  }

  package mutating func cumulativeSum(
    _ x: ValueID, axis: Int, isExclusive: Bool = false, isReversed: Bool = false
  ) -> ValueID {
    node(
      .cumulativeSum(axis: axis, isExclusive: isExclusive, isReversed: isReversed), [x], result: shape(x).dimensions)
  }

  package mutating func resample(_ x: ValueID, _ steps: [Resampling]) -> ValueID {
    var result = shape(x).dimensions
    for step in steps { result[step.axis] = step.sources.count / step.taps }
    return node(.resample(steps), [x], result: result)
  }

  // MARK: Movement

  package mutating func expand(_ x: ValueID, _ result: [Int]) -> ValueID { node(.expand, [x], result: result) }

  /// Parts of an axis; `form` has the extents of the indices' axes.
  package mutating func gather(_ x: ValueID, axis: Int, _ indices: [Int], form: [Int]? = nil) -> ValueID {
    let form = form ?? [indices.count]
    var result = shape(x).dimensions
    result.replaceSubrange(axis...axis, with: form)
    return node(.gather(axis: axis, indices: indices, indexRank: form.count), [x], result: result)
  }

  /// Runs of an axis of the given extents.
  package mutating func split(_ x: ValueID, axis: Int, _ extents: [Int]) -> [ValueID] {
    let results = extents.map { extent in
      shape(x).dimensions.indices.map { $0 == axis ? extent : shape(x)[$0] }
    }
    return node(.split(axis: axis), [x], results: results)
  }
}
