@testable import ONNX

extension RuntimeCase {
  /// Reductions, matrix products and normalisations.
  static let sums: [RuntimeCase] = reductions + products + einsums + permutations + normalisations

  private static let reductions = overAxes + otherSums

  private static let overAxes: [RuntimeCase] = [
    "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare",
    "ReduceLogSumExp", "ReduceLogSum",
  ].flatMap { opType in
    ([(11, true), (13, false), (18, true), (18, false)] as [(Int64, Bool)]).map { opset, keeps in
      RuntimeCase(
        "\(opType) \(keeps ? "keeping" : "dropping") axes", opset: opset, isPositive: opType == "ReduceLogSum"
      ) {
        let isOperand = opset >= (opType == "ReduceSum" ? 13 : 18)
        $0.integers("axes", [-1, 1])
        $0.node(
          opType, isOperand ? ["x", "axes"] : ["x"], ["y"],
          [.int("keepdims", keeps ? 1 : 0)] + (isOperand ? [] : [.ints("axes", [-1, 1])]))
      }
    }
  }

  private static let otherSums: [RuntimeCase] = [
    RuntimeCase("ReduceSum of nothing", opset: 13) {
      $0.node("ReduceSum", ["x"], ["a"], [.int("noop_with_empty_axes", 1)])
      $0.node("Relu", ["a"], ["y"])
    },
    RuntimeCase("CumSum") {
      $0.integers("axis", [2], dims: [])
      $0.node("CumSum", ["x", "axis"], ["y"])
    },
    RuntimeCase("CumSum exclusive, from the end", opset: 11) {
      $0.integers("axis", [-1], dims: [])
      $0.node("CumSum", ["x", "axis"], ["y"], [.int("exclusive", 1), .int("reverse", 1)])
    },
    node("GlobalMaxPool"), node("GlobalMaxPool", "of a line", shape: [2, 3, 7]),
    node("GlobalMaxPool", "of a solid", shape: [2, 3, 4, 2, 3]),
  ]

  private static let products: [RuntimeCase] = [
    RuntimeCase("MatMul of two computed factors", [2, 3, 4, 5]) {
      $0.node("Transpose", ["x"], ["t"], [.ints("perm", [0, 1, 3, 2])])
      $0.node("MatMul", ["x", "t"], ["y"])
    },
    RuntimeCase("MatMul with a constant of three axes", [2, 3, 4, 5]) {
      $0.floats("w", dims: [3, 5, 2])
      $0.node("MatMul", ["x", "w"], ["y"])
    },
    RuntimeCase("MatMul with a constant on the left", [2, 3, 4, 5]) {
      $0.floats("w", dims: [3, 2, 4])
      $0.node("MatMul", ["w", "x"], ["y"])
    },
    RuntimeCase("MatMul with a vector", [2, 3, 4, 5]) {
      $0.floats("w", dims: [5])
      $0.node("MatMul", ["x", "w"], ["y"])
    },
    RuntimeCase("MatMul of a vector", [2, 3, 4, 5]) {
      $0.floats("w", dims: [4])
      $0.node("MatMul", ["w", "x"], ["y"])
    },
    RuntimeCase("Gemm of two computed factors", [1, 4]) {
      $0.node("Neg", ["x"], ["n"])
      $0.node("Gemm", ["x", "n", "x"], ["a"], [.int("transA", 1), .float("alpha", 0.5), .float("beta", 2)])
      $0.node("Gemm", ["x", "a"], ["y"], [.int("transB", 1)])
    },
  ]

  private static let einsums: [RuntimeCase] =
    ([
      ("bghid,bghjd->bghij", [2, 2, 3, 4, 5], nil), ("b g h i d, b g h j d -> b g h i j", [2, 2, 3, 4, 5], nil),
      ("bgihd,bgjhd->bghij", [2, 2, 4, 3, 5], nil), ("bij,bjk->bik", [2, 4, 4], nil), ("bij,bkj->bki", [2, 4, 5], nil),
      ("bij,jk->bik", [2, 4, 5], [5, 3]), ("bij,kj->bki", [2, 4, 5], [3, 5]),
      ("...ij,...jk->...ik", [2, 3, 4, 4], nil), ("...i,...i", [2, 3, 4], nil),
      ("bijk,bi->bjk", [2, 3, 4, 5], [2, 3]),
      ("bij,bij->b", [2, 3, 4], nil), ("bij,bkl->bil", [2, 3, 4], nil), ("bi,bj->bij", [2, 3], nil),
      ("bhwij,hwjk->bhwik", [2, 2, 2, 3, 4], [2, 2, 4, 5]), ("bij,kj", [2, 4, 5], [3, 5]),
    ] as [(String, [Int64], [Int64]?)]).map { equation, shape, weight in
      RuntimeCase("Einsum \(equation)", shape) {
        if let weight { $0.floats("w", dims: weight) }
        $0.node("Einsum", ["x", weight == nil ? "x" : "w"], ["y"], [.string("equation", equation)])
      }
    }

  private static let permutations: [RuntimeCase] =
    [("bij->bji", [2, 3, 4]), ("bij->b", [2, 3, 4]), ("bij->jb", [2, 3, 4]), ("b...->...b", [2, 3, 4])].map {
      (equation: String, shape: [Int64]) in
      RuntimeCase("Einsum \(equation)", shape) {
        $0.node("Einsum", ["x"], ["a"], [.string("equation", equation)])
        // The samples go back to the front.
        let isTurned = equation.hasSuffix("b") && equation.count > 6
        if isTurned {
          $0.node("Transpose", ["a"], ["y"], [.ints("perm", equation.contains(".") ? [2, 0, 1] : [1, 0])])
        } else {
          $0.node("Neg", ["a"], ["y"])
        }
      }
    }

  private static let normalisations: [RuntimeCase] = [
    RuntimeCase("LayerNormalization over the last axis") {
      $0.floats("s", dims: [6], [1, 2, -1, 0.5, 3, 1])
      $0.floats("b", dims: [6])
      $0.node("LayerNormalization", ["x", "s", "b"], ["y"], [.float("epsilon", 0.01)])
    },
    RuntimeCase("LayerNormalization over three axes without a shift") {
      $0.floats("s", dims: [4, 5, 6])
      $0.node("LayerNormalization", ["x", "s"], ["y"], [.int("axis", 1)])
    },
    RuntimeCase("InstanceNormalization") {
      $0.floats("s", dims: [4], [1, 2, -1, 0.5])
      $0.floats("b", dims: [4])
      $0.node("InstanceNormalization", ["x", "s", "b"], ["y"], [.float("epsilon", 0.1)])
    },
    RuntimeCase("GroupNormalization with a scale per group", opset: 18) {
      $0.floats("s", dims: [2], [1.5, -2])
      $0.floats("b", dims: [2])
      $0.node("GroupNormalization", ["x", "s", "b"], ["y"], [.int("num_groups", 2)])
    },
    RuntimeCase("GroupNormalization with a scale per channel", opset: 21) {
      $0.floats("s", dims: [4], [1.5, -2, 1, 3])
      $0.floats("b", dims: [4])
      $0.node("GroupNormalization", ["x", "s", "b"], ["y"], [.int("num_groups", 2)])
    },
    RuntimeCase("weights stored as integers", opset: 13) {
      $0.bytes("q", dims: [3, 4, 1, 1], .int8, [-7, 3, 120, -128, 5, 6, 7, 8, 9, -10, 11, 12])
      $0.floats("scale", dims: [3], [0.5, 0.25, 0.1])
      $0.bytes("zero", dims: [3], .int8, [1, 0, -2])
      $0.node("DequantizeLinear", ["q", "scale", "zero"], ["w"], [.int("axis", 0)])
      $0.node("Conv", ["x", "w"], ["y"])
    },
    RuntimeCase("weights quantised in the graph", opset: 13) {
      $0.floats("f", dims: [3, 4, 1, 1], [-7, 3.3, 120, -128, 5.5, 6.5, 7, 8, 900, -10, 11, 12])
      $0.floats("scale", dims: [], [0.5])
      $0.bytes("zero", dims: [], .int8, [3])
      $0.node("QuantizeLinear", ["f", "scale", "zero"], ["q"])
      $0.node("DequantizeLinear", ["q", "scale", "zero"], ["w"])
      $0.node("Conv", ["x", "w"], ["y"])
    },
  ]
}

extension ModelBuilder {
  /// A constant of one byte per element.
  mutating func bytes(_ name: String, dims: [Int64], _ type: ElementType, _ values: [Int32]) {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = dims
    tensor.dataType = type.rawValue
    tensor.int32Data = values
    proto.graph.initializer.append(tensor)
  }
}
