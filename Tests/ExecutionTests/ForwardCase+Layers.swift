import Networks

extension ForwardCase {
  static func convolution(
    _ kernel: [Int], strides: [Int], begin: [Int], end: [Int], dilations: [Int], groups: Int = 1,
    scale: [Double]? = nil
  ) -> Operation {
    .convolution(
      Convolution(
        kernel: kernel, strides: strides, padsBegin: begin, padsEnd: end, dilations: dilations, groups: groups,
        outputScale: scale))
  }

  static let layers: [ForwardCase] = [
    // 1·w₀ + 2·w₁ …: a correlation, the kernel is not turned round. Pads: one in front.
    ForwardCase(
      description: "convolution along one axis",
      operation: convolution([2], strides: [1], begin: [1], end: [0], dilations: [1]), shape: [1, 1, 3], x: [1, 2, 3],
      constants: [([1, 1, 2], [10, 1]), ([1], [100])], result: [1, 1, 3], expected: [101, 112, 123]),
    // Windows at −1 and 1 with elements 2 apart: (x₋₁, x₁), (x₁, x₃).
    ForwardCase(
      description: "convolution with stride 2 and dilation 2",
      operation: convolution([2], strides: [2], begin: [1], end: [0], dilations: [2]), shape: [1, 1, 4],
      x: [1, 2, 3, 4], constants: [([1, 1, 2], [10, 1])], result: [1, 1, 2], expected: [2, 24]),
    // Rows (1 2) (3 4), kernel rows (1 10) (100 1000).
    ForwardCase(
      description: "convolution of a plane",
      operation: convolution([2, 2], strides: [1, 1], begin: [0, 0], end: [1, 0], dilations: [1, 1]),
      shape: [1, 1, 2, 2], x: [1, 2, 3, 4], constants: [([1, 1, 2, 2], [1, 10, 100, 1000])], result: [1, 1, 2, 1],
      expected: [4321, 43]),
    // Groups of 2 inputs and 1 output; the bias is not scaled.
    ForwardCase(
      description: "convolution in groups with output scale",
      operation: convolution([1], strides: [1], begin: [0], end: [0], dilations: [1], groups: 2, scale: [2, 3]),
      shape: [1, 4, 1], x: [1, 2, 3, 4], constants: [([2, 2, 1], [1, 10, 1, 10]), ([2], [0.5, 0.25])],
      result: [1, 2, 1], expected: [42.5, 129.25]),
    // 2 · (1·1 + 2·10) · 3 + 4 · 5 and 2 · (1·100 + 2·1000) · 1 + 4 · 6.
    ForwardCase(
      description: "linear, weight [O, I]",
      operation: .linear(Linear(weightIsOutputByInput: true, alpha: 2, beta: 4, outputScale: [3, 1])), shape: [1, 2],
      x: [1, 2], constants: [([2, 2], [1, 10, 100, 1000]), ([2], [5, 6])], result: [1, 2], expected: [146, 4224]),
    // 1·1 + 2·100 and 1·10 + 2·1000.
    ForwardCase(
      description: "linear, weight [I, O]", operation: .linear(Linear(weightIsOutputByInput: false)), shape: [1, 2],
      x: [1, 2], constants: [([2, 2], [1, 10, 100, 1000])], result: [1, 2], expected: [201, 2010]),
    // Input 1 puts (10 1) at 0, input 2 puts twice that a step of 2 behind.
    ForwardCase(
      description: "transposed convolution along one axis",
      operation: transposed([2], strides: [2], begin: [0], end: [0], dilations: [1]), shape: [1, 1, 2], x: [1, 2],
      constants: [([1, 1, 2], [10, 1]), ([1], [100])], result: [1, 1, 4], expected: [110, 101, 120, 102]),
    // Without pads 10 0 21 0 2: one cut off in front; two of output padding behind, which hold the bias.
    ForwardCase(
      description: "transposed convolution with pads, dilation and output padding",
      operation: transposed([2], strides: [2], begin: [1], end: [0], dilations: [2]), shape: [1, 1, 2], x: [1, 2],
      constants: [([1, 1, 2], [10, 1]), ([1], [0.5])], result: [1, 1, 5], expected: [0.5, 21.5, 0.5, 2.5, 0.5]),
    // Two groups of one input and two outputs: weight [I, O ÷ groups, K]; the bias is not scaled.
    ForwardCase(
      description: "transposed convolution in groups with output scale",
      operation: transposed([1], strides: [1], begin: [0], end: [0], dilations: [1], groups: 2, scale: [2, 3, 4, 5]),
      shape: [1, 2, 2], x: [1, 1, 2, 0],
      constants: [([2, 2, 1], [1, 10, 100, 1000]), ([4], [0.5, 0.25, 0.5, 0.25])],
      result: [1, 4, 2], expected: [2.5, 2.5, 30.25, 30.25, 800.5, 0.5, 10000.25, 0.25]),
    // Rows (1 2), kernel rows (1 10) (100 1000).
    ForwardCase(
      description: "transposed convolution of a plane",
      operation: transposed([2, 2], strides: [1, 1], begin: [0, 0], end: [0, 0], dilations: [1, 1]),
      shape: [1, 1, 1, 2], x: [1, 2], constants: [([1, 1, 2, 2], [1, 10, 100, 1000])], result: [1, 1, 2, 3],
      expected: [1, 12, 20, 100, 1200, 2000]),
    // (1 2 / 3 4) × (1 10 / 100 1000) for the first matrix, (5 6 / 7 8) for the second.
    ForwardCase(
      description: "matrix product with a widened constant", operation: .matrixProduct, shape: [1, 2, 2, 2],
      x: [1, 2, 3, 4, 5, 6, 7, 8], constants: [([2, 2], [1, 10, 100, 1000])], result: [1, 2, 2, 2],
      expected: [201, 2010, 403, 4030, 605, 6050, 807, 8070]),
    // Two constant matrices of one row each on the left of one matrix (1 2 / 3 4).
    ForwardCase(
      description: "matrix product that widens the operand", operation: .matrixProduct, shape: [1, 2, 2],
      x: [1, 2, 3, 4], constants: [([1, 2, 1, 2], [1, 10, 100, 1000])], isConstantFirst: true, result: [1, 2, 1, 2],
      expected: [31, 42, 3100, 4200]),
  ]

  private static func transposed(
    _ kernel: [Int], strides: [Int], begin: [Int], end: [Int], dilations: [Int], groups: Int = 1,
    scale: [Double]? = nil
  ) -> Operation {
    .convolutionTranspose(
      Convolution(
        kernel: kernel, strides: strides, padsBegin: begin, padsEnd: end, dilations: dilations, groups: groups,
        outputScale: scale))
  }
}
