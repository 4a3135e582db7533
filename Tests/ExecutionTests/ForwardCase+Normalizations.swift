import Networks

extension ForwardCase {
  static let normalizations: [ForwardCase] = [
    // (x − mean) × scale ÷ √(variance + ε) + shift, √(3 + 1) = 2 and √(8 + 1) = 3.
    ForwardCase(
      description: "batch normalization", operation: .batchNormalization(epsilon: 1), shape: [1, 2, 2],
      x: [1, 3, 1, 3], constants: [([2], [2, 3]), ([2], [10, 20]), ([2], [1, 0]), ([2], [3, 8])], result: [1, 2, 2],
      expected: [10, 12, 21, 23]),
    // alpha ÷ size = 1, windows over size 2 reach one channel behind: 1 + 1 + 4, 1 + 4 + 9, 1 + 9; beta 1.
    ForwardCase(
      description: "response normalization over an even size",
      operation: .localResponseNormalization(LocalResponseNormalization(size: 2, alpha: 2, beta: 1, bias: 1)),
      shape: [1, 3, 1], x: [1, 2, 3], result: [1, 3, 1], expected: [1.0 / 6, 2.0 / 14, 3.0 / 10]),
    // √(1 + (1 + 4)) …: one channel on both sides.
    ForwardCase(
      description: "response normalization over an odd size",
      operation: .localResponseNormalization(LocalResponseNormalization(size: 3, alpha: 3, beta: 0.5, bias: 1)),
      shape: [1, 3, 1], x: [1, 2, 3], result: [1, 3, 1],
      expected: [1 / 6.0.squareRoot(), 2 / 15.0.squareRoot(), 3 / 14.0.squareRoot()]),
    ForwardCase(
      description: "softmax", operation: .softmax(axis: 1, logarithm: false), shape: [1, 2, 2], x: [0, 1, 0, 1],
      result: [1, 2, 2], expected: [0.5, 0.5, 0.5, 0.5]),
    ForwardCase(
      description: "logarithm of softmax", operation: .softmax(axis: 2, logarithm: true), shape: [1, 1, 4],
      x: [1, 1, 1, 1], result: [1, 1, 4], expected: [Double](repeating: -1.386_294_361_119_890_6, count: 4)),
    // Rows (1 3), (2 10): means 2 and 6, variances 1 and 16; ε is 0.
    ForwardCase(
      description: "layer normalization of the last axis", operation: .layerNormalization(axis: 2, epsilon: 0),
      shape: [1, 2, 2], x: [1, 3, 2, 10], constants: [([2], [2, 3]), ([2], [10, 20])], result: [1, 2, 2],
      expected: [8, 23, 8, 23]),
    // Mean 4, variance (9 + 1 + 1 + 9) ÷ 4 = 5; √(5 + 4) = 3. No bias.
    ForwardCase(
      description: "layer normalization of two axes without bias", operation: .layerNormalization(axis: 1, epsilon: 4),
      shape: [1, 2, 2], x: [1, 3, 5, 7], constants: [([2, 2], [1, 2, 3, 4])], result: [1, 2, 2],
      expected: [-1, -2.0 / 3, 1, 4]),
    // Channels (1 3) and (5 7) together: mean 4, variance 5; the others (0 2) and (0 2): mean 1, variance 1; ε 4.
    ForwardCase(
      description: "group normalization", operation: .groupNormalization(groups: 2, epsilon: 4), shape: [1, 4, 2],
      x: [1, 3, 5, 7, 0, 2, 0, 2], constants: [([4], [3, 6, 5, 10]), ([4], [10, 20, 30, 40])], result: [1, 4, 2],
      expected: [
        7, 9, 22, 26, 30 - 5.0.squareRoot(), 30 + 5.0.squareRoot(), 40 - 2 * 5.0.squareRoot(),
        40 + 2 * 5.0.squareRoot(),
      ]),
    // Each channel by itself: means 2 and 6, variances 1; ε 3.
    ForwardCase(
      description: "instance normalization", operation: .groupNormalization(groups: 2, epsilon: 3), shape: [1, 2, 2],
      x: [1, 3, 5, 7], constants: [([2], [2, 4]), ([2], [10, 20])], result: [1, 2, 2], expected: [9, 11, 18, 22]),
  ]
}
