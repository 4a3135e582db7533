@testable import ONNX

extension RuntimeCase {
  /// Windows, resizing and movement.
  static let movement: [RuntimeCase] = transposedConvolutions + nearest + smooth + otherResizing + moves

  private static let transposedConvolutions = planes + [line]

  private static let planes: [RuntimeCase] =
    ([
      ("plain", [], 1, 3), ("stride 2", [.ints("strides", [2, 2])], 1, 3),
      (
        "stride 2 with pads and output padding",
        [.ints("strides", [2, 2]), .ints("pads", [1, 1, 1, 1]), .ints("output_padding", [1, 1])], 1, 3
      ),
      ("uneven pads", [.ints("strides", [2, 1]), .ints("pads", [0, 1, 2, 0])], 1, 3),
      ("dilated, in groups", [.ints("dilations", [2, 1]), .int("group", 2)], 2, 3),
      ("depthwise", [.ints("strides", [2, 2]), .int("group", 4)], 4, 2),
      ("same upper", [.ints("strides", [2, 2]), .string("auto_pad", "SAME_UPPER")], 1, 3),
      ("same lower", [.ints("strides", [3, 2]), .string("auto_pad", "SAME_LOWER")], 1, 4),
      ("output shape", [.ints("strides", [2, 2]), .ints("output_shape", [10, 12])], 1, 3),
    ] as [(String, [Onnx_AttributeProto], Int64, Int64)]).map { form, attributes, groups, kernel in
      RuntimeCase("ConvTranspose \(form)") {
        $0.floats(
          "w", dims: [4, 3, kernel, kernel], (0..<12 * kernel * kernel).map { Float(($0 * 7) % 11) / 10 - 0.5 })
        $0.floats("b", dims: [3 * groups])
        $0.node("ConvTranspose", ["x", "w", "b"], ["y"], attributes)
      }
    }

  private static let line = RuntimeCase("ConvTranspose of a line", [2, 3, 7]) {
    $0.floats("w", dims: [3, 2, 4])
    $0.node("ConvTranspose", ["x", "w"], ["y"], [.ints("strides", [3])])
  }

  /// A Resize of opset 11 on with scales or sizes for every axis.
  private static func resize(
    _ form: String, opset: Int64 = 13, _ shape: [Int64] = [2, 2, 5, 6], scales: [Float]? = nil, sizes: [Int64]? = nil,
    _ attributes: [Onnx_AttributeProto]
  ) -> RuntimeCase {
    RuntimeCase("Resize \(form)", opset: opset, shape) {
      if let scales { $0.floats("scales", dims: [Int64(scales.count)], scales) }
      if let sizes { $0.integers("sizes", sizes) }
      // In opset 11 region and scales have to be there, if only without elements.
      let absent = opset == 11 ? "none" : ""
      if opset == 11 { $0.floats("none", dims: [0], []) }
      $0.node(
        "Resize", ["x", absent, scales == nil ? absent : "scales"] + (sizes == nil ? [] : ["sizes"]), ["y"], attributes)
    }
  }

  private static let nearest: [RuntimeCase] = [
    "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn",
  ].flatMap { coordinates in
    ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].flatMap { nearest in
      // The outer axes stay: with tf_half_pixel_for_nn and ceil onnxruntime would shift them too.
      ([[9, 4], [10, 12], [3, 1]] as [[Int64]]).map { size in
        resize(
          "nearest \(coordinates) \(nearest) to \(size)", opset: 11, sizes: [2, 2] + size,
          [.string("coordinate_transformation_mode", coordinates), .string("nearest_mode", nearest)])
      }
    }
  }

  private static let smooth: [RuntimeCase] = [
    "half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric",
  ].flatMap { coordinates in
    ["linear", "cubic"].flatMap { mode in
      ([[1, 1, 1.7, 0.6], [1, 1, 2, 3]] as [[Float]]).map { scales in
        resize(
          "\(mode) \(coordinates) by \(scales)", scales: scales,
          [.string("mode", mode), .string("coordinate_transformation_mode", coordinates)])
      }
    }
  }

  private static let otherResizing: [RuntimeCase] = [
    resize(
      "cubic without the outside", scales: [1, 1, 1.7, 0.6],
      [
        .string("mode", "cubic"), .int("exclude_outside", 1), .float("cubic_coeff_a", -0.5),
      ]),
    resize(
      "half_pixel_symmetric", opset: 19, scales: [1, 1, 1.3, 0.7],
      [
        .string("mode", "linear"), .string("coordinate_transformation_mode", "half_pixel_symmetric"),
      ]),
    resize("of chosen axes", opset: 18, scales: [0.5, 2.5], [.string("mode", "linear"), .ints("axes", [3, 2])]),
    resize(
      "not larger", opset: 18, sizes: [11, 8],
      [
        .string("mode", "linear"), .ints("axes", [2, 3]), .string("keep_aspect_ratio_policy", "not_larger"),
      ]),
    resize(
      "not smaller", opset: 19, sizes: [11, 8],
      [
        .string("mode", "linear"), .ints("axes", [2, 3]), .string("keep_aspect_ratio_policy", "not_smaller"),
      ]),
    RuntimeCase("Resize of a region", opset: 11, [2, 2, 5, 6]) {
      $0.floats("region", dims: [8], [0, 0, 0.2, 0.1, 1, 1, 0.9, 1.2])
      $0.integers("sizes", [2, 2, 4, 7])
      $0.floats("none", dims: [0], [])
      $0.node(
        "Resize", ["x", "region", "none", "sizes"], ["y"],
        [
          .string("mode", "linear"), .string("coordinate_transformation_mode", "tf_crop_and_resize"),
        ])
    },
    RuntimeCase("Resize nearest", opset: 10, [2, 2, 5, 6]) {
      $0.floats("scales", dims: [4], [1, 1, 2.3, 0.6])
      $0.node("Resize", ["x", "scales"], ["y"])
    },
    RuntimeCase("Resize linear", opset: 10, [2, 2, 5, 6]) {
      $0.floats("scales", dims: [4], [1, 1, 2.3, 0.6])
      $0.node("Resize", ["x", "scales"], ["y"], [.string("mode", "linear")])
    },
    RuntimeCase("Upsample", opset: 9, [2, 2, 5, 6]) {
      $0.floats("scales", dims: [4], [1, 1, 2, 3])
      $0.node("Upsample", ["x", "scales"], ["y"])
    },
    RuntimeCase("Upsample linear", opset: 7, [2, 2, 5, 6]) {
      $0.node("Upsample", ["x"], ["y"], [.string("mode", "linear"), .floats("scales", [1, 1, 2, 1.5])])
    },
  ]

  private static let moves: [RuntimeCase] = [
    RuntimeCase("Gather of a matrix of indices") {
      $0.integers("i", [2, -1, 0, 0, 3, 1], dims: [2, 3])
      $0.node("Gather", ["x", "i"], ["y"], [.int("axis", 1)])
    },
    RuntimeCase("Gather of one index") {
      $0.integers("i", [-2], dims: [])
      $0.node("Gather", ["x", "i"], ["y"], [.int("axis", -1)])
    },
    RuntimeCase("Expand", [2, 1, 3, 1]) {
      $0.integers("shape", [4, 1, 5])
      $0.node("Expand", ["x", "shape"], ["y"])
    },
    RuntimeCase("Tile", [2, 2, 3]) {
      $0.integers("repeats", [1, 3, 2])
      $0.node("Tile", ["x", "repeats"], ["y"])
    },
    node("DepthToSpace", "of columns first", shape: [2, 8, 2, 3], [.int("blocksize", 2)]),
    node("DepthToSpace", "of rows first", shape: [2, 8, 2, 3], [.int("blocksize", 2), .string("mode", "CRD")]),
    node("SpaceToDepth", shape: [2, 3, 4, 6], [.int("blocksize", 2)]),
    RuntimeCase("Split into uneven parts", opset: 18, [2, 7, 3]) {
      $0.node("Split", ["x"], ["a", "b", "c"], [.int("axis", 1), .int("num_outputs", 3)])
      $0.node("Concat", ["c", "a", "b"], ["y"], [.int("axis", 1)])
    },
    RuntimeCase("constants with triangles, scattered and gathered", opset: 16, [2, 4, 4]) {
      $0.floats("m", dims: [4, 4])
      $0.node("Trilu", ["m"], ["upper"])
      $0.integers("k", [1], dims: [])
      $0.node("Trilu", ["upper", "k"], ["t"], [.int("upper", 0)])
      $0.integers("places", [1, -2, 0, 3], dims: [2, 2])
      $0.floats("values", dims: [2], [50, 60])
      $0.node("ScatterND", ["m", "places", "values"], ["s"])
      $0.integers("rows", [2, -4], dims: [2, 1])
      $0.node("GatherND", ["s", "rows"], ["g"])
      $0.integers("columns", [0, -1, 2, 2, 1, 1, 3, 0], dims: [2, 4])
      $0.node("GatherElements", ["g", "columns"], ["e"], [.int("axis", 1)])
      $0.integers("hot", [1, -1, 9, 0])
      $0.integers("depth", [4], dims: [])
      $0.floats("levels", dims: [2], [-1, 2])
      $0.node("OneHot", ["hot", "depth", "levels"], ["o"], [.int("axis", 0)])
      $0.integers("axis", [1], dims: [])
      $0.node("CumSum", ["o", "axis"], ["c"], [.int("reverse", 1)])
      $0.integers("twice", [2, 1])
      $0.node("Tile", ["e", "twice"], ["ee"])
      $0.node("Sum", ["x", "s", "ee", "c", "t"], ["y"])
    },
    RuntimeCase("a small network of constants", opset: 13, [2, 3, 4]) {
      $0.floats("m", dims: [3, 5], (0..<15).map { Float($0) / 10 - 0.7 })
      $0.floats("v", dims: [5, 4], (0..<20).map { Float(($0 * 7) % 9) / 5 - 0.8 })
      $0.node("Gemm", ["m", "v", "bias"], ["a"], [.float("alpha", 0.5), .float("beta", 2)])
      $0.floats("bias", dims: [4])
      $0.node("Relu", ["a"], ["b"])
      $0.node("MatMul", ["b", "square"], ["c"])
      $0.floats("square", dims: [4, 4], (0..<16).map { Float(($0 * 5) % 7) / 9 - 0.3 })
      $0.node("Sigmoid", ["c"], ["d"])
      $0.node("ReduceL2", ["d"], ["e"], [.ints("axes", [1])])
      $0.node("ReduceLogSumExp", ["d"], ["f"], [.ints("axes", [0])])
      $0.node("Div", ["d", "e"], ["g"])
      $0.node("Mul", ["g", "f"], ["h"])
      $0.node("Erf", ["h"], ["i"])
      $0.node("Add", ["x", "i"], ["y"])
    },
  ]
}
