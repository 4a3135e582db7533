@testable import ONNX

extension RuntimeCase {
  /// Pieces of networks as exporters write them.
  static let blocks: [RuntimeCase] = [
    RuntimeCase("a transformer of one block", [2, 3, 8, 8]) { $0.transformer() },
    RuntimeCase("windows of a shifted attention", [2, 4, 6, 3]) { $0.shiftedWindows() },
    RuntimeCase("a squeeze-and-excitation", [2, 4, 5, 5]) {
      $0.floats("w1", dims: [2, 4, 1, 1], [0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7, -0.8])
      $0.floats("w2", dims: [4, 2, 1, 1], [0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7, -0.8])
      $0.node("GlobalAveragePool", ["x"], ["m"])
      $0.node("Conv", ["m", "w1"], ["a"])
      $0.node("Sigmoid", ["a"], ["s"])
      $0.node("Mul", ["a", "s"], ["b"])
      $0.node("Conv", ["b", "w2"], ["c"])
      $0.node("Sigmoid", ["c"], ["g"])
      $0.node("Mul", ["g", "x"], ["y"])
    },
    RuntimeCase("an upsampling path", [2, 4, 4, 4]) {
      $0.floats("w", dims: [4, 2, 2, 2], (0..<32).map { Float(($0 * 7) % 11) / 10 - 0.5 })
      $0.node("ConvTranspose", ["x", "w"], ["up"], [.ints("strides", [2, 2])])
      $0.floats("scales", dims: [4], [1, 1, 2, 2])
      $0.node(
        "Resize", ["x", "", "scales"], ["wide"],
        [.string("mode", "linear"), .string("coordinate_transformation_mode", "pytorch_half_pixel")])
      $0.node("Concat", ["up", "wide"], ["both"], [.int("axis", 1)])
      $0.node("ReduceMean", ["both"], ["y"], [.ints("axes", [2, 3]), .int("keepdims", 0)])
    },
  ]
}

extension ModelBuilder {
  /// Small weights of both signs.
  mutating func weights(_ name: String, dims: [Int64], seed: Int64 = 1) {
    let count = dims.reduce(1, *)
    floats(name, dims: dims, (0..<count).map { Float(($0 * 37 + seed * 11) % 23) / 40 - 0.25 })
  }

  /// A vision transformer as PyTorch writes it: patches, a class token, attention with tokens before samples, gelu spelled
  /// out, the class token's logits.
  mutating func transformer() {
    weights("patch.weight", dims: [8, 3, 4, 4])
    node("Conv", ["x", "patch.weight"], ["patches"], name: "patch", [.ints("strides", [4, 4])])
    integers("flat", [0, 8, -1])
    node("Reshape", ["patches", "flat"], ["columns"])
    node("Transpose", ["columns"], ["tokens"], [.ints("perm", [0, 2, 1])])
    // The class token, as often as there are samples.
    weights("class", dims: [1, 1, 8])
    node("Shape", ["tokens"], ["shape"])
    integers("zero", [0], dims: [])
    node("Gather", ["shape", "zero"], ["samples"])
    integers("front", [0])
    node("Unsqueeze", ["samples", "front"], ["one"])
    integers("rest", [-1, -1])
    node("Concat", ["one", "rest"], ["asked"], [.int("axis", 0)])
    integers("minus", [-1, -1, -1])
    node("Equal", ["asked", "minus"], ["isOpen"])
    integers("ones", [1, 1, 1])
    node("Where", ["isOpen", "ones", "asked"], ["extents"])
    node("Expand", ["class", "extents"], ["classes"])
    node("Concat", ["classes", "tokens"], ["joined"], [.int("axis", 1)])
    weights("position", dims: [1, 5, 8], seed: 3)
    node("Add", ["joined", "position"], ["embedded"])
    normalised("embedded", "normal")
    attention()
    node("Add", ["attended", "embedded"], ["residual"])
    normalised("residual", "second")
    weights("up", dims: [8, 12], seed: 5)
    node("MatMul", ["second", "up"], ["wide"], name: "up")
    floats("root", dims: [], [1.4142135])
    floats("unit", dims: [], [1])
    floats("half", dims: [], [0.5])
    node("Div", ["wide", "root"], ["d"])
    node("Erf", ["d"], ["e"])
    node("Add", ["e", "unit"], ["f"])
    node("Mul", ["wide", "f"], ["g"])
    node("Mul", ["g", "half"], ["active"], name: "gelu")
    weights("down", dims: [12, 8], seed: 6)
    node("MatMul", ["active", "down"], ["narrow"], name: "down")
    node("Add", ["residual", "narrow"], ["stream"])
    integers("first", [0], dims: [])
    node("Gather", ["stream", "first"], ["token"], [.int("axis", 1)])
    weights("head.weight", dims: [3, 8], seed: 7)
    node("Gemm", ["token", "head.weight"], ["y"], name: "head", [.int("transB", 1)])
  }

  private mutating func normalised(_ x: String, _ y: String) {
    weights(y + ".scale", dims: [8], seed: 8)
    weights(y + ".shift", dims: [8], seed: 9)
    node("LayerNormalization", [x, y + ".scale", y + ".shift"], [y])
  }

  /// Two heads of 4, from `normal` [N, 5, 8] to `attended`.
  private mutating func attention() {
    node("Transpose", ["normal"], ["rows"], [.ints("perm", [1, 0, 2])])
    weights("in.weight", dims: [8, 24], seed: 2)
    node("MatMul", ["rows", "in.weight"], ["packed"], name: "in")
    integers("threefold", [0, 0, 3, 8])
    node("Reshape", ["packed", "threefold"], ["apart"])
    node("Transpose", ["apart"], ["triple"], [.ints("perm", [2, 0, 1, 3])])
    integers("heads", [5, -1, 4])
    for (index, name) in ["q", "k", "v"].enumerated() {
      integers(name + ".index", [Int64(index)], dims: [])
      node("Gather", ["triple", name + ".index"], [name + "0"])
      // [5, N, 8] → [5, N · 2, 4] → [N · 2, 5, 4]
      node("Reshape", [name + "0", "heads"], [name + "1"])
      node("Transpose", [name + "1"], [name], [.ints("perm", name == "k" ? [1, 2, 0] : [1, 0, 2])])
    }
    node("MatMul", ["q", "k"], ["scores"])
    floats("scale", dims: [], [0.5])
    node("Mul", ["scores", "scale"], ["scaled"])
    node("Softmax", ["scaled"], ["shares"], [.int("axis", -1)])
    node("MatMul", ["shares", "v"], ["mixed"])
    node("Transpose", ["mixed"], ["back"], [.ints("perm", [1, 0, 2])])
    integers("merged", [-1, 8])
    node("Reshape", ["back", "merged"], ["flatRows"])
    weights("out.weight", dims: [8, 8], seed: 4)
    weights("out.bias", dims: [8], seed: 5)
    node("Gemm", ["flatRows", "out.weight", "out.bias"], ["projected"], name: "out", [.int("transB", 1)])
    integers("unmerged", [5, -1, 8])
    node("Reshape", ["projected", "unmerged"], ["outRows"])
    node("Transpose", ["outRows"], ["attended"], [.ints("perm", [1, 0, 2])])
  }

  /// Swin's roll of [N, 4, 6, 3] by slices and a concatenation, and its windows of 2 × 3.
  mutating func shiftedWindows() {
    for (name, value) in [("zero", 0), ("one", 1), ("two", 2), ("end", .max)] as [(String, Int64)] {
      integers(name, [value])
    }
    node("Slice", ["x", "one", "end", "one"], ["below"])
    node("Slice", ["x", "zero", "one", "one"], ["above"])
    node("Concat", ["below", "above"], ["rolled"], [.int("axis", 1)])
    node("Slice", ["rolled", "two", "end", "two"], ["right"])
    node("Slice", ["rolled", "zero", "two", "two"], ["left"])
    node("Concat", ["right", "left"], ["turned"], [.int("axis", 2)])
    integers("cut", [-1, 2, 2, 2, 3, 3])
    node("Reshape", ["turned", "cut"], ["blocks"])
    node("Transpose", ["blocks"], ["windows"], [.ints("perm", [0, 1, 3, 2, 4, 5])])
    integers("rows", [-1, 6, 3])
    node("Reshape", ["windows", "rows"], ["tokens"])
    node("Einsum", ["tokens", "tokens"], ["scores"], [.string("equation", "wid,wjd->wij")])
    integers("apart", [-1, 4, 6, 6])
    node("Reshape", ["scores", "apart"], ["perSample"])
    booleans("hidden", [true, false, false, true, false, true])
    floats("far", dims: [], [-100])
    node("Where", ["hidden", "far", "perSample"], ["masked"])
    node("Softmax", ["masked"], ["y"], [.int("axis", -1)])
  }
}
