@testable import ONNX

extension SurgeryCase {
  /// Operators that take or join channels; the first convolution has 8, of which 1, 2 and 6 go.
  static func taking(
    _ name: String, opset: Int64 = 17, removing removed: [Int] = [1, 2, 6], leaving left: Int64,
    build: @escaping @Sendable (inout ModelBuilder) -> Void
  ) -> SurgeryCase {
    SurgeryCase(name, opset: opset, removing: ["first": removed]) {
      $0.conv("first", "x", "a", 3, 8)
      build(&$0)
      // Whatever is not taken is read too, so that it may go.
      $0.conv("whole", "a", "w", 8, 4)
      $0.conv("taken", "b", "t", left, 4)
      $0.node("GlobalAveragePool", ["w"], ["p"])
      $0.node("GlobalAveragePool", ["t"], ["q"])
      $0.node("Add", ["p", "q"], ["y"])
    }
  }

  /// Two halves of a shuffle that lose different channels.
  static func shuffled(_ name: String, _ shape: [Int64?] = [nil, 3, 6, 6], opset: Int64 = 17, isOpen: Bool)
    -> SurgeryCase
  {
    SurgeryCase("shuffle \(name)", opset: opset, shape, removing: ["left": [1], "right": [0, 2]]) {
      $0.conv("left", "x", "l", 3, 4)
      $0.conv("right", "x", "r", 3, 4)
      $0.node("Concat", ["l", "r"], ["a"], [.int("axis", 1)])
      if isOpen {
        $0.node("Shape", ["a"], ["s"])
        for (name, index) in [("n", Int64(0)), ("h", 2), ("v", 3)] {
          $0.integers("at_\(name)", [index])
          $0.node("Gather", ["s", "at_\(name)"], [name])
        }
        $0.integers("two", [2])
        $0.integers("four", [4])
        $0.node("Concat", ["n", "two", "four", "h", "v"], ["cut"], [.int("axis", 0)])
        $0.integers("eight", [8])
        $0.node("Concat", ["n", "eight", "h", "v"], ["join"], [.int("axis", 0)])
      } else {
        // What is declared for tensors that go stays in the file and disturbs nobody.
        $0.proto.graph.valueInfo = [
          ModelBuilder.value("b", [2, 2, 4, 6, 6]), ModelBuilder.value("c", [2, 4, 2, 6, 6]),
          ModelBuilder.value("d", [2, 8, 6, 6]),
        ]
        $0.integers("cut", [2, 2, 4, 6, 6])
        $0.integers("join", [2, 8, 6, 6])
      }
      $0.node("Reshape", ["a", "cut"], ["b"], name: "cut_node")
      $0.node("Transpose", ["b"], ["c"], name: "turn", [.ints("perm", [0, 2, 1, 3, 4])])
      $0.node("Reshape", ["c", "join"], ["d"], name: "join_node")
      $0.node("Relu", ["d"], ["e"])
      $0.head("e", 8)
    }
  }

  static let selection: [SurgeryCase] = [
    .taking("Slice of a run", leaving: 5) {
      $0.integers("starts", [1])
      $0.integers("ends", [6])
      $0.integers("axes", [1])
      $0.node("Slice", ["a", "starts", "ends", "axes"], ["b"], name: "slice")
    },
    .taking("Slice to the end", leaving: 4) {
      $0.integers("starts", [-4])
      $0.integers("ends", [Int64.max])
      $0.integers("axes", [1])
      $0.node("Slice", ["a", "starts", "ends", "axes"], ["b"], name: "slice")
    },
    .taking("Slice by attributes", opset: 9, leaving: 5) {
      $0.node(
        "Slice", ["a"], ["b"], name: "slice",
        [.ints("starts", [3, 1]), .ints("ends", [8, 5]), .ints("axes", [1, 2])])
    },
    .taking("Slice in steps", removing: [1, 6], leaving: 4) {
      $0.integers("starts", [0])
      $0.integers("ends", [8])
      $0.integers("axes", [1])
      $0.integers("steps", [2])
      $0.node("Slice", ["a", "starts", "ends", "axes", "steps"], ["b"], name: "slice")
    },
    .taking("Slice in steps over several axes", removing: [1, 6], leaving: 4) {
      $0.integers("starts", [0, 1])
      $0.integers("ends", [8, 5])
      $0.integers("axes", [1, 2])
      $0.integers("steps", [2, 1])
      $0.node("Slice", ["a", "starts", "ends", "axes", "steps"], ["b"], name: "slice")
    },
    .taking("Slice in steps that stay", leaving: 4) {
      $0.integers("starts", [0])
      $0.integers("ends", [8])
      $0.integers("axes", [1])
      $0.integers("steps", [2])
      $0.node("Slice", ["a", "starts", "ends", "axes", "steps"], ["b"], name: "slice")
    },
    .taking("Slice from behind", leaving: 8) {
      $0.integers("starts", [-1])
      $0.integers("ends", [Int64.min])
      $0.integers("axes", [1])
      $0.integers("steps", [-1])
      $0.node("Slice", ["a", "starts", "ends", "axes", "steps"], ["b"], name: "slice")
    },
    .taking("Slice from behind up to the middle", leaving: 5) {
      $0.integers("starts", [7])
      $0.integers("ends", [2])
      $0.integers("axes", [1])
      $0.integers("steps", [-1])
      $0.node("Slice", ["a", "starts", "ends", "axes", "steps"], ["b"], name: "slice")
    },
    .taking("Split by sizes", leaving: 5) {
      $0.integers("sizes", [3, 5])
      $0.node("Split", ["a", "sizes"], ["c", "b"], name: "split", [.int("axis", 1)])
    },
    .taking("Split into equal parts", leaving: 4) {
      $0.node("Split", ["a"], ["c", "b"], name: "split", [.int("axis", 1)])
    },
    .taking("Split into parts by number", opset: 18, leaving: 4) {
      $0.node("Split", ["a"], ["c", "b"], name: "split", [.int("axis", 1), .int("num_outputs", 2)])
    },
    .taking("Split by an attribute", opset: 11, leaving: 5) {
      $0.node("Split", ["a"], ["c", "b"], name: "split", [.int("axis", 1), .ints("split", [3, 5])])
    },
    .taking("Split into parts that stay equal", removing: [1, 6], leaving: 4) {
      $0.node("Split", ["a"], ["c", "b"], name: "split", [.int("axis", 1)])
    },
    .taking("Gather", leaving: 4) {
      $0.integers("indices", [7, 1, -8, 3])
      $0.node("Gather", ["a", "indices"], ["b"], name: "gather", [.int("axis", 1)])
    },
    SurgeryCase("Concat with a constant", [2, 3, 6, 6], removing: ["first": [1, 2, 6]]) {
      $0.conv("first", "x", "a", 3, 8)
      $0.weights("constant", [2, 2, 6, 6])
      $0.node("Concat", ["constant", "a"], ["b"], [.int("axis", 1)])
      $0.head("b", 10)
    },
    .shuffled("with literal extents", [2, 3, 6, 6], isOpen: false),
    .shuffled("with computed extents", isOpen: true),
    SurgeryCase("shuffle that is cut in two", [2, 3, 6, 6], removing: ["first": [0, 1, 4]]) {
      $0.conv("first", "x", "a", 3, 8)
      $0.integers("cut", [8, 2, 36])
      $0.node("Reshape", ["a", "cut"], ["b"])
      $0.node("Transpose", ["b"], ["c"], [.ints("perm", [1, 0, 2])])
      $0.integers("join", [2, 2, 4, 6, 6])
      $0.node("Reshape", ["c", "join"], ["d"])
      for (index, name) in ["even", "odd"].enumerated() {
        $0.integers(name, [Int64(index)], dims: [])
        $0.node("Gather", ["d", name], ["\(name)_half"], name: "\(name)_gather", [.int("axis", 0)])
        $0.conv(name, "\(name)_half", "\(name)_out", 4, 3)
      }
      $0.node("Add", ["even_out", "odd_out"], ["y"])
    },
  ]
}
