package import Networks

/// Values on grids that are exact in float32: none lies on a kink, in no order of summation.
extension ProblemBuilder {
  /// A watched layer whose outputs are odd multiples of 1/32, exact in float32: at least that far from every kink on a
  /// multiple of 1/16.
  package mutating func gridFront(_ sample: [Int]) -> ValueID {
    let x = gridInput(sample)
    let channels = sample[0]
    let weights = random.quarters(channels * channels)
    let bias = constant([channels], (0..<channels).map { Float($0 % 5 - 2) / 16 + 1 / 32 })
    let result: ValueID
    if sample.count == 1 {
      let weight = constant([channels, channels], weights)
      result = node(.linear(Linear(weightIsOutputByInput: true)), [x, weight, bias], result: shape(x).dimensions)
    } else {
      let ones = sample.dropFirst().map { _ in 1 }
      let zeros = sample.dropFirst().map { _ in 0 }
      let weight = constant([channels, channels] + ones, weights)
      let convolution = Convolution(
        kernel: ones, strides: ones, padsBegin: zeros, padsEnd: zeros, dilations: ones, groups: 1)
      result = node(.convolution(convolution), [x, weight, bias], result: shape(x).dimensions)
    }
    observe(result)
    return result
  }

  /// A convolution whose outputs are odd multiples of `offset` and so never on a kink, which lie on even ones.
  ///
  /// Weights are quarters: the inputs have to be multiples of 8 × `offset`, as `gridFront`'s are for 1/256.
  package mutating func gridConvolution(
    _ x: ValueID, to outputs: Int, kernel: [Int], strides: [Int]? = nil, padsBegin: [Int]? = nil, groups: Int = 1,
    offset: Float = 1 / 256
  ) -> ValueID {
    let inputs = shape(x)[1] / groups
    let zeros = kernel.map { _ in 0 }
    let convolution = Convolution(
      kernel: kernel, strides: strides ?? kernel.map { _ in 1 }, padsBegin: padsBegin ?? zeros,
      padsEnd: padsBegin ?? zeros, dilations: kernel.map { _ in 1 }, groups: groups)
    let weight = constant([outputs, inputs] + kernel, random.quarters(outputs * inputs * kernel.reduce(1, *)))
    let bias = constant([outputs], (0..<outputs).map { Float($0 % 5 - 2) / 16 + offset })
    guard let result = convolution.outputShape(input: shape(x), weight: shape(weight)) else {
      preconditionFailure("\(name): no window fits")
    }
    return node(.convolution(convolution), [x, weight, bias], result: result.dimensions)
  }

  /// A BatchNormalization whose outputs are odd multiples of `offset`: factors of ±¼ and ±½ that are exact.
  ///
  /// The inputs have to be multiples of 8 × `offset`.
  package mutating func gridNormalization(_ x: ValueID, offset: Float = 1 / 256) -> ValueID {
    let channels = shape(x)[1]
    let parameters: [ValueID] = [
      constant([channels], (0..<channels).map { [0.5, -0.5, 1, -1][$0 % 4] }),
      constant([channels], (0..<channels).map { Float($0 % 3) / 8 + offset }),
      constant([channels], random.quarters(channels)), constant([channels], (0..<channels).map { _ in 4 }),
    ]
    return node(.batchNormalization(epsilon: 0), [x] + parameters, result: shape(x).dimensions)
  }

  /// A constant of multiples of ¼.
  package mutating func gridConstant(_ shape: [Int]) -> ValueID {
    constant(shape, random.quarters(shape.reduce(1, *)))
  }
}
