@testable import ONNX

extension SurgeryCase {
  /// A model of which the first convolution of 8 channels loses 1, 2 and 6, and then 3 channels per half remain or not.
  static let extents: [SurgeryCase] = [
    SurgeryCase("Reshape to literal extents", [2, 3, 6, 6], removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.integers("shape", [2, 216])
      $0.node("Reshape", ["a", "shape"], ["b"])
      $0.weights("v", [216, 3])
      $0.node("Gemm", ["b", "v"], ["y"], name: "head")
    },
    SurgeryCase("Reshape with entries left open", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.integers("shape", [0, 6, -1])
      $0.node("Reshape", ["a", "shape"], ["b"])
      $0.integers("back", [0, 0, 6, 6])
      $0.node("Reshape", ["b", "back"], ["c"])
      $0.head("c", 6)
    },
    SurgeryCase("Reshape with its list in a constant shared with another", removing: ["first": [1, 4], "second": [0]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.integers("shape", [-1, 6, 6, 6])
      $0.node("Reshape", ["a", "shape"], ["b"])
      $0.conv("second", "b", "c", 6, 6)
      $0.node("Reshape", ["c", "shape"], ["d"])
      $0.conv("third", "d", "e", 6, 6)
      $0.node("Reshape", ["e", "shape"], ["y"])
    },
    SurgeryCase("Reshape to computed extents", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.integers("zero", [0])
      $0.node("Shape", ["a"], ["s"])
      $0.node("Gather", ["s", "zero"], ["n"])
      $0.integers("rest", [-1])
      $0.node("Concat", ["n", "rest"], ["t"], [.int("axis", 0)])
      $0.node("Reshape", ["a", "t"], ["b"])
      $0.weights("v", [216, 3])
      $0.node("Gemm", ["b", "v"], ["y"], name: "head")
    },
    SurgeryCase("Reshape to computed extents with a literal among them", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.integers("zero", [], dims: [])
      $0.proto.graph.initializer[$0.proto.graph.initializer.count - 1].int64Data = [0]
      $0.node("Shape", ["a"], ["s"])
      $0.node("Gather", ["s", "zero"], ["n"])
      $0.integers("first_axis", [0])
      $0.node("Unsqueeze", ["n", "first_axis"], ["m"])
      $0.integers("count", [216], dims: [])
      $0.node("Unsqueeze", ["count", "first_axis"], ["k"])
      $0.node("Concat", ["m", "k"], ["t"], [.int("axis", 0)])
      $0.node("Reshape", ["a", "t"], ["b"])
      $0.weights("v", [216, 3])
      $0.node("Gemm", ["b", "v"], ["y"], name: "head")
    },
    SurgeryCase("Reshape to extents that are computed by arithmetic", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("Shape", ["x"], ["s"])
      $0.integers("double", [1, 2, 1, 1])
      $0.node("Mul", ["s", "double"], ["t"])
      $0.node("Reshape", ["a", "t"], ["b"])
      $0.head("b", 6)
    },
    SurgeryCase("Reshape of samples and channels to one axis", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("Shape", ["x"], ["s"])
      for (name, index) in [("n", Int64(0)), ("h", 2), ("v", 3)] {
        $0.integers("at_\(name)", [index])
        $0.node("Gather", ["s", "at_\(name)"], [name])
      }
      $0.integers("heads", [6])
      $0.node("Mul", ["n", "heads"], ["rows"])
      $0.node("Concat", ["rows", "h", "v"], ["t"], [.int("axis", 0)])
      $0.node("Reshape", ["a", "t"], ["b"])
      $0.node("Softmax", ["b"], ["c"])
      $0.integers("six", [6])
      $0.node("Concat", ["n", "six", "h", "v"], ["u"], [.int("axis", 0)])
      $0.node("Reshape", ["c", "u"], ["d"])
      $0.head("d", 6)
    },
    SurgeryCase("Reshape to one axis of samples and channels by arithmetic", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("Shape", ["x"], ["s"])
      $0.integers("places", [0, 2, 3])
      $0.node("Gather", ["s", "places"], ["n"])
      $0.integers("heads", [6, 1, 1])
      $0.node("Mul", ["n", "heads"], ["t"])
      $0.node("Reshape", ["a", "t"], ["b"])
      $0.integers("six", [-1, 6, 6, 6])
      $0.node("Reshape", ["b", "six"], ["c"])
      $0.head("c", 6)
    },
    SurgeryCase("Reshape with allowzero", opset: 14, removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.integers("shape", [-1, 6, 36])
      $0.node("Reshape", ["a", "shape"], ["b"], [.int("allowzero", 1)])
      $0.integers("back", [-1, 6, 6, 6])
      $0.node("Reshape", ["b", "back"], ["c"], [.int("allowzero", 1)])
      $0.head("c", 6)
    },
    SurgeryCase("Flatten, Squeeze and Unsqueeze", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("GlobalAveragePool", ["a"], ["b"])
      $0.integers("axes", [2, 3])
      $0.node("Squeeze", ["b", "axes"], ["c"])
      $0.node("Unsqueeze", ["c", "axes"], ["d"])
      $0.node("Flatten", ["d"], ["e"])
      $0.weights("v", [6, 3])
      $0.node("Gemm", ["e", "v"], ["y"], name: "head")
    },
    SurgeryCase("Squeeze of all axes where one channel is left", removing: ["first": [0, 1, 3, 4, 5]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("GlobalMaxPool", ["a"], ["b"])
      $0.node("Squeeze", ["b"], ["c"])
      $0.weights("v", [6, 3])
      $0.node("MatMul", ["c", "v"], ["y"], name: "head")
    },
    SurgeryCase("Squeeze of all axes where one channel is left", opset: 11, removing: ["first": [0, 1, 3, 4, 5]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("GlobalMaxPool", ["a"], ["b"])
      $0.node("Squeeze", ["b"], ["c"])
      $0.weights("v", [6, 3])
      $0.node("MatMul", ["c", "v"], ["y"], name: "head")
    },
    SurgeryCase("Expand to literal extents", [2, 3, 6, 6], removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("GlobalAveragePool", ["a"], ["b"])
      $0.integers("shape", [2, 6, 3, 1])
      $0.node("Expand", ["b", "shape"], ["c"])
      $0.head("c", 6)
    },
    SurgeryCase("Expand to computed extents", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("GlobalAveragePool", ["a"], ["b"])
      $0.node("Shape", ["a"], ["s"])
      $0.node("Expand", ["b", "s"], ["c"])
      $0.head("c", 6)
    },
    SurgeryCase("Tile", removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.integers("repeats", [1, 2, 1, 2])
      $0.node("Tile", ["a", "repeats"], ["b"])
      $0.head("b", 12)
    },
    SurgeryCase("Pad of an axis of channels", removing: ["first": [1, 2], "second": [0, 5, 9]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.integers("pads", [0, 2, 0, 0, 0, 2, 0, 0])
      $0.node("Pad", ["a", "pads"], ["b"])
      $0.conv("second", "x", "c", 3, 10)
      $0.node("Concat", ["b", "c"], ["d"], [.int("axis", 1)])
      $0.head("d", 20)
    },
    SurgeryCase("Pad of space", opset: 10, removing: ["first": [1, 2]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.node("Pad", ["a"], ["b"], [.ints("pads", [0, 0, 1, 2, 0, 0, 3, 0])])
      $0.head("b", 6)
    },
    SurgeryCase("Resize to sizes", [2, 3, 6, 6], removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.integers("sizes", [2, 6, 9, 12])
      $0.node("Resize", ["a", "", "", "sizes"], ["b"])
      $0.head("b", 6)
    },
    SurgeryCase("Resize by scales", opset: 10, removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.floats("scales", dims: [4], [1, 1, 2, 2])
      $0.node("Resize", ["a", "scales"], ["b"])
      $0.head("b", 6)
    },
    SurgeryCase("Upsample", opset: 9, removing: ["first": [1, 4]]) {
      $0.conv("first", "x", "a", 3, 6)
      $0.floats("scales", dims: [4], [1, 1, 2, 2])
      $0.node("Upsample", ["a", "scales"], ["b"])
      $0.head("b", 6)
    },
    SurgeryCase("DepthToSpace and SpaceToDepth", removing: ["first": [1, 3, 5, 7]]) {
      $0.conv("first", "x", "a", 3, 8)
      $0.node("DepthToSpace", ["a"], ["b"], [.int("blocksize", 2)])
      $0.conv("second", "b", "c", 2, 3)
      $0.node("SpaceToDepth", ["c"], ["d"], [.int("blocksize", 3)])
      $0.head("d", 27)
    },
    SurgeryCase("DepthToSpace with channels first", removing: ["first": [4, 5, 6, 7]]) {
      $0.conv("first", "x", "a", 3, 8)
      $0.node("DepthToSpace", ["a"], ["b"], [.int("blocksize", 2), .string("mode", "CRD")])
      $0.head("b", 2)
    },
  ]
}
