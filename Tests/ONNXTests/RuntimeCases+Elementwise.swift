@testable import ONNX

extension RuntimeCase {
  /// Operators that work element by element.
  static let elementwise: [RuntimeCase] = [
    node("Abs"), node("Neg"), node("Exp"), node("Erf"),
    node("Log", isPositive: true), node("Sqrt", isPositive: true),
    node("Reciprocal"), node("Sin"), node("Cos"), node("Floor"),
    node("Ceil"), node("Round"), node("Sign"), node("Softplus"),
    node("Softsign"), node("Mish", opset: 18), node("Gelu", opset: 20),
    node("Gelu", "by tanh", opset: 20, [.string("approximate", "tanh")]),
    node("Elu"), node("Elu", "with alpha", [.float("alpha", 0.3)]), node("Selu"),
    node("Celu"), node("Celu", "with alpha", [.float("alpha", 0.4)]),
    node("ThresholdedRelu"), node("ThresholdedRelu", "with alpha", [.float("alpha", 0.4)]),
    node("HardSigmoid"), node("HardSwish"), node("LeakyRelu"),
    RuntimeCase("PRelu per channel") {
      $0.floats("slope", dims: [4, 1, 1], [0.1, -0.2, 0.3, 0.4])
      $0.node("PRelu", ["x", "slope"], ["y"])
    },
    RuntimeCase("PRelu of one slope", opset: 9) {
      $0.floats("slope", dims: [1], [0.25])
      $0.node("PRelu", ["x", "slope"], ["y"])
    },
    RuntimeCase("Pow with a constant exponent", isPositive: true) {
      $0.floats("e", dims: [], [1.7])
      $0.node("Pow", ["x", "e"], ["y"])
    },
    RuntimeCase("Pow with an integer exponent") {
      $0.integers("e", [3])
      $0.node("Pow", ["x", "e"], ["y"])
    },
    RuntimeCase("Pow with an exponent per channel", isPositive: true) {
      $0.floats("e", dims: [4, 1, 1], [0.5, 1, 2, -1])
      $0.node("Pow", ["x", "e"], ["y"])
    },
    RuntimeCase("Pow of a constant") {
      $0.floats("b", dims: [6], [0.5, 1, 2, 3, 4, 5])
      $0.node("Pow", ["b", "x"], ["y"])
    },
    RuntimeCase("Max, Min and Mean of three") {
      $0.floats("c", dims: [4, 1, 1], [0, 0.5, -0.5, 1])
      $0.node("Neg", ["x"], ["n"])
      $0.node("Max", ["x", "c", "n"], ["a"])
      $0.node("Min", ["x", "c", "a"], ["b"])
      $0.node("Mean", ["a", "b", "c", "x"], ["y"])
    },
    RuntimeCase("comparisons and logic", opset: 16) {
      $0.floats("c", dims: [6], [0, 0.5, -0.5, 1, -1, 2])
      $0.booleans("mask", [true, false, true, true, false, true])
      $0.node("Floor", ["x"], ["f"])
      for (opType, name) in [
        ("Less", "a"), ("LessOrEqual", "b"), ("Greater", "d"), ("GreaterOrEqual", "e"), ("Equal", "g"),
      ] {
        $0.node(opType, [opType == "Equal" ? "f" : "x", "c"], [name])
      }
      $0.node("Not", ["a"], ["na"])
      $0.node("And", ["na", "mask"], ["h"])
      $0.node("Or", ["h", "g"], ["i"])
      $0.node("Xor", ["i", "d"], ["j"])
      let names = ["b", "e", "j"]
      for name in names { $0.node("Cast", [name], [name + "f"], [.int("to", 1)]) }
      $0.node("Sum", names.map { $0 + "f" }, ["y"])
    },
    RuntimeCase("Where with a computed condition") {
      $0.floats("c", dims: [4, 1, 1], [0, 0.5, -0.5, 1])
      $0.node("Greater", ["x", "c"], ["condition"])
      $0.node("Where", ["condition", "x", "c"], ["y"])
    },
    RuntimeCase("Where with a constant condition") {
      $0.booleans("mask", [true, false, true, true, false, true])
      $0.floats("low", dims: [], [-100])
      $0.node("Where", ["mask", "low", "x"], ["y"])
    },
    RuntimeCase("Cast to bool and back") {
      $0.node("Floor", ["x"], ["f"])
      $0.node("Cast", ["f"], ["b"], [.int("to", 9)])
      $0.node("Cast", ["b"], ["c"], [.int("to", 1)])
      $0.node("Mul", ["c", "x"], ["y"])
    },
    RuntimeCase("swish, mish and gelu spelled out", opset: 14) { $0.spelledOutActivations() },
    RuntimeCase("Clip with one bound") {
      $0.floats("lower", dims: [], [-0.3])
      $0.node("Clip", ["x", "lower"], ["y"])
    },
  ]
}

extension ModelBuilder {
  /// A constant of booleans along one axis.
  mutating func booleans(_ name: String, _ values: [Bool]) {
    var tensor = Onnx_TensorProto()
    tensor.name = name
    tensor.dims = [Int64(values.count)]
    tensor.dataType = ElementType.bool.rawValue
    tensor.int32Data = values.map { $0 ? 1 : 0 }
    proto.graph.initializer.append(tensor)
  }

  /// x × σ(x), then x × tanh(softplus(x)), then x × ½ × (1 + erf(x ÷ √2)).
  mutating func spelledOutActivations() {
    node("Sigmoid", ["x"], ["s"], name: "sigmoid")
    node("Mul", ["x", "s"], ["a"], name: "swish")
    node("Softplus", ["a"], ["p"], name: "softplus")
    node("Tanh", ["p"], ["t"], name: "tanh")
    node("Mul", ["t", "a"], ["b"], name: "mish")
    floats("root", dims: [], [1.4142135])
    floats("one", dims: [], [1])
    floats("half", dims: [], [0.5])
    node("Div", ["b", "root"], ["d"], name: "div")
    node("Erf", ["d"], ["e"], name: "erf")
    node("Add", ["e", "one"], ["f"], name: "add")
    node("Mul", ["b", "f"], ["g"], name: "mul")
    node("Mul", ["g", "half"], ["y"], name: "gelu")
  }
}
