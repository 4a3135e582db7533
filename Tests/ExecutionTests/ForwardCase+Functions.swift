import Networks

extension ForwardCase {
  static let functions: [ForwardCase] = [
    ForwardCase(
      description: "hard sigmoid", operation: .unary(.hardSigmoid(alpha: 0.25, beta: 0.5)), shape: [1, 3],
      x: [-3, 1, 3], result: [1, 3], expected: [0, 0.75, 1]),
    ForwardCase(
      description: "hard swish", operation: .unary(.hardSwish), shape: [1, 3], x: [-4, 1, 5], result: [1, 3],
      expected: [0, 4.0 / 6, 5]),
    ForwardCase(
      description: "sigmoid", operation: .unary(.sigmoid), shape: [1, 3], x: [-100, 0, 100], result: [1, 3],
      expected: [0, 0.5, 1]),
    ForwardCase(
      description: "tanh", operation: .unary(.tanh), shape: [1, 2], x: [0, 1], result: [1, 2],
      expected: [0, 0.761_594_155_955_764_9]),
    ForwardCase(
      description: "swish", operation: .unary(.swish), shape: [1, 3], x: [-2, 0, 1],
      result: [1, 3], expected: [-0.238_405_844_044_235_1, 0, 0.731_058_578_630_004_9]),
    ForwardCase(
      description: "gelu", operation: .unary(.gelu(isApproximate: false)), shape: [1, 3], x: [-1, 0, 2],
      result: [1, 3], expected: [-0.158_655_253_931_457_07, 0, 1.954_499_736_103_641_6]),
    ForwardCase(
      description: "approximate gelu", operation: .unary(.gelu(isApproximate: true)), shape: [1, 3], x: [-1, 0, 2],
      result: [1, 3], expected: [-0.158_808_009_391_723_24, 0, 1.954_597_694_087_775]),
    ForwardCase(
      description: "softplus", operation: .unary(.softplus), shape: [1, 4], x: [-1, 0, 2, 800],
      result: [1, 4], expected: [0.313_261_687_518_222_86, 0.693_147_180_559_945_3, 2.126_928_011_042_972_7, 800]),
    ForwardCase(
      description: "mish", operation: .unary(.mish), shape: [1, 3], x: [-1, 0, 2],
      result: [1, 3], expected: [-0.303_401_461_374_108_95, 0, 1.943_958_959_533_994_6]),
    ForwardCase(
      description: "softsign", operation: .unary(.softsign), shape: [1, 3], x: [-3, 0, 1],
      result: [1, 3], expected: [-0.75, 0, 0.5]),
    ForwardCase(
      description: "elu", operation: .unary(.elu(alpha: 0.5)), shape: [1, 3], x: [-1, 0, 2],
      result: [1, 3], expected: [-0.316_060_279_414_278_83, 0, 2]),
    ForwardCase(
      description: "selu", operation: .unary(.selu(alpha: 0.5, gamma: 3)), shape: [1, 3], x: [-1, 0, 2],
      result: [1, 3], expected: [-0.948_180_838_242_836_5, 0, 6]),
    ForwardCase(
      description: "celu", operation: .unary(.celu(alpha: 2)), shape: [1, 3], x: [-1, 0, 2],
      result: [1, 3], expected: [-0.786_938_680_574_733_2, 0, 2]),
    ForwardCase(
      description: "exponential", operation: .unary(.exp), shape: [1, 3], x: [-1, 0, 2],
      result: [1, 3], expected: [0.367_879_441_171_442_33, 1, 7.389_056_098_930_65]),
    ForwardCase(
      description: "logarithm", operation: .unary(.log), shape: [1, 3], x: [0.5, 1, 2],
      result: [1, 3], expected: [-0.693_147_180_559_945_3, 0, 0.693_147_180_559_945_3]),
    ForwardCase(
      description: "square root", operation: .unary(.squareRoot), shape: [1, 3], x: [0, 4, 2.25],
      result: [1, 3], expected: [0, 2, 1.5]),
    ForwardCase(
      description: "reciprocal", operation: .unary(.reciprocal), shape: [1, 2], x: [-4, 0.5],
      result: [1, 2], expected: [-0.25, 2]),
    ForwardCase(
      description: "negation", operation: .unary(.negate), shape: [1, 2], x: [-4, 0.5],
      result: [1, 2], expected: [4, -0.5]),
    ForwardCase(
      description: "magnitude", operation: .unary(.absolute), shape: [1, 3], x: [-4, 0, 0.5],
      result: [1, 3], expected: [4, 0, 0.5]),
    ForwardCase(
      description: "error function", operation: .unary(.erf), shape: [1, 3], x: [-1, 0, 2],
      result: [1, 3], expected: [-0.842_700_792_949_714_9, 0, 0.995_322_265_018_952_7]),
    ForwardCase(
      description: "power", operation: .unary(.power(exponent: -2)), shape: [1, 2], x: [-2, 4],
      result: [1, 2], expected: [0.25, 0.0625]),
    ForwardCase(
      description: "sine", operation: .unary(.sine), shape: [1, 3], x: [-1, 0, 2],
      result: [1, 3], expected: [-0.841_470_984_807_896_5, 0, 0.909_297_426_825_681_7]),
    ForwardCase(
      description: "cosine", operation: .unary(.cosine), shape: [1, 3], x: [-1, 0, 2],
      result: [1, 3], expected: [0.540_302_305_868_139_8, 1, -0.416_146_836_547_142_4]),
    ForwardCase(
      description: "floor", operation: .unary(.floor), shape: [1, 3], x: [-1.5, 2, 2.75],
      result: [1, 3], expected: [-2, 2, 2]),
    ForwardCase(
      description: "ceiling", operation: .unary(.ceiling), shape: [1, 3], x: [-1.5, 2, 2.25],
      result: [1, 3], expected: [-1, 2, 3]),
    ForwardCase(
      description: "rounding, half to even", operation: .unary(.round), shape: [1, 6],
      x: [-1.5, -0.5, 0.5, 1.5, 2.5, 2.75],
      result: [1, 6], expected: [-2, 0, 0, 2, 2, 3]),
    ForwardCase(
      description: "sign", operation: .unary(.sign), shape: [1, 3], x: [-1.5, 0, 2],
      result: [1, 3], expected: [-1, 0, 1]),
    ForwardCase(
      description: "logical not", operation: .unary(.logicalNot), shape: [1, 3], x: [-1.5, 0, 2],
      result: [1, 3], expected: [0, 1, 0]),
    ForwardCase(
      description: "quantisation, half to even, from end to end",
      operation: .unary(.quantize(Quantization(scale: 0.5, steps: -3...2))), shape: [1, 9],
      x: [-9, -1.25, -0.75, -0.25, 0.125, 0.25, 0.75, 1.25, 9], result: [1, 9],
      expected: [-1.5, -1, -1, 0, 0, 0, 1, 1, 1]),
  ]

  static let functionsOfTwo: [ForwardCase] = [
    ForwardCase(
      description: "power", operation: .binary(.power), shape: [1, 3], x: [2, 4, -2],
      constants: [([3], [3, 0.5, 2])], result: [1, 3], expected: [8, 2, 4]),
    ForwardCase(
      description: "maximum", operation: .binary(.maximum), shape: [1, 3], x: [1, 2, 3],
      constants: [([3], [2, 2, 2])], result: [1, 3], expected: [2, 2, 3]),
    ForwardCase(
      description: "minimum", operation: .binary(.minimum), shape: [1, 3], x: [1, 2, 3],
      constants: [([3], [2, 2, 2])], result: [1, 3], expected: [1, 2, 2]),
    ForwardCase(
      description: "relu with slopes", operation: .binary(.parametricRelu), shape: [1, 3], x: [-2, 0, 2],
      constants: [([3], [0.25, 0.5, 0.75])], result: [1, 3], expected: [-0.5, 0, 2]),
    ForwardCase(
      description: "equal", operation: .binary(.equal), shape: [1, 3], x: [1, 2, 3],
      constants: [([3], [2, 2, 2])], result: [1, 3], expected: [0, 1, 0]),
    ForwardCase(
      description: "less", operation: .binary(.less), shape: [1, 3], x: [1, 2, 3],
      constants: [([3], [2, 2, 2])], result: [1, 3], expected: [1, 0, 0]),
    ForwardCase(
      description: "less or equal", operation: .binary(.lessOrEqual), shape: [1, 3], x: [1, 2, 3],
      constants: [([3], [2, 2, 2])], result: [1, 3], expected: [1, 1, 0]),
    ForwardCase(
      description: "greater", operation: .binary(.greater), shape: [1, 3], x: [1, 2, 3],
      constants: [([3], [2, 2, 2])], result: [1, 3], expected: [0, 0, 1]),
    ForwardCase(
      description: "greater or equal", operation: .binary(.greaterOrEqual), shape: [1, 3], x: [1, 2, 3],
      constants: [([3], [2, 2, 2])], result: [1, 3], expected: [0, 1, 1]),
    ForwardCase(
      description: "logical and", operation: .binary(.logicalAnd), shape: [1, 4], x: [0, 0, 2, -1],
      constants: [([4], [0, 1, 0, 3])], result: [1, 4], expected: [0, 0, 0, 1]),
    ForwardCase(
      description: "logical or", operation: .binary(.logicalOr), shape: [1, 4], x: [0, 0, 2, -1],
      constants: [([4], [0, 1, 0, 3])], result: [1, 4], expected: [0, 1, 1, 1]),
    ForwardCase(
      description: "logical xor", operation: .binary(.logicalXor), shape: [1, 4], x: [0, 0, 2, -1],
      constants: [([4], [0, 1, 0, 3])], result: [1, 4], expected: [0, 1, 1, 0]),
    ForwardCase(
      description: "choice by the sign", operation: .select, shape: [1, 4], x: [-1, 0, 2, 0],
      constants: [([1], [5]), ([4], [6, 7, 8, 9])], result: [1, 4], expected: [5, 7, 5, 9]),
    // Condition (1 0) per row, a = 5, b = x.
    ForwardCase(
      description: "choice between a constant and a value", operation: .select, shape: [1, 2, 2], x: [1, 2, 3, 4],
      constants: [([2, 1], [1, 0]), ([], [5])], isConstantFirst: true, result: [1, 2, 2], expected: [5, 5, 3, 4]),
  ]
}
