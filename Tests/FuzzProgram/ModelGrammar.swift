import Networks

/// Makes small ONNX models of operators, operands and attributes drawn at random: most of what they ask for is possible.
enum ModelGrammar {
  /// A model of a few nodes.
  static func model(_ random: inout SplitMix64) -> [UInt8] {
    var graph = WireMessage(.graph)
    var computed = ["x"]
    // Windows, steps and pads that are far too large mostly fit each other only where all are of one size.
    let large = random.oneIn(8) ? 1 << (1 + random.below(30)) : nil
    let nodeCount = random.smallCount(upTo: 6)
    for number in 0..<nodeCount {
      let rule = random.pick(rules)
      let results = rule.opType == "Split" ? random.smallCount(upTo: 4) : 1
      let outputs = (0..<results).map { "t\(number)_\($0)" }
      graph.append(1, node(rule, computed, outputs, large, &random))
      computed += outputs
    }
    // Every constant, whether read or not.
    for tensor in constants { graph.append(5, tensor) }
    let shape = random.pick([[0, 4, 6, 6], [0, 4, 6, 6], [2, 4, 6, 6], [0, 6], [0, 4, 6], [0, 4, 6, 6, 2]])
    graph.append(11, value("x", shape))
    graph.append(12, value(computed[computed.count - 1], nil))
    return model(graph, opset: random.pick([7, 9, 10, 11, 13, 13, 17, 17, 18, 21]))
  }

  /// A model put together by hand: input `x`, output `y`.
  struct Draft {
    private var graph = WireMessage(.graph)
    private var input = [2, 4, 6, 6]

    init(input: [Int] = [2, 4, 6, 6]) { self.input = input }

    mutating func node(_ opType: String, _ operands: [String], _ output: String) {
      var node = WireMessage(.node)
      for operand in operands { node.append(1, operand) }
      node.append(2, output)
      node.append(4, opType)
      graph.append(1, node)
    }

    /// An initializer of integers.
    mutating func list(_ name: String, _ integers: [Int]) {
      let raw = integers.flatMap { integer in (0..<8).map { UInt8(truncatingIfNeeded: integer >> (8 * $0)) } }
      graph.append(5, ModelGrammar.tensor(name, [integers.count], type: 7, raw: raw))
    }

    /// An initializer of zeros.
    mutating func zeros(_ name: String, _ extents: [Int]) {
      let raw = [UInt8](repeating: 0, count: 4 * extents.reduce(1, *))
      graph.append(5, ModelGrammar.tensor(name, extents, type: 1, raw: raw))
    }

    var bytes: [UInt8] {
      var graph = graph
      graph.append(11, ModelGrammar.value("x", input))
      graph.append(12, ModelGrammar.value("y", nil))
      return ModelGrammar.model(graph, opset: 17)
    }
  }

  /// A model of one node with one weight, `w`.
  static func single(_ opType: String, _ operands: [String], weight: [Int], input: [Int]) -> [UInt8] {
    var draft = Draft(input: input)
    draft.node(opType, operands, "y")
    draft.zeros("w", weight)
    return draft.bytes
  }

  fileprivate static func model(_ graph: WireMessage, opset version: Int) -> [UInt8] {
    var opset = WireMessage(.leaf)
    opset.append(1, "")
    opset.append(2, version)
    var model = WireMessage(.model)
    model.append(1, 8)
    model.append(7, graph)
    model.append(8, opset)
    return model.encoded
  }

  private static func node(
    _ rule: Rule, _ computed: [String], _ outputs: [String], _ large: Int?, _ random: inout SplitMix64
  ) -> WireMessage {
    var node = WireMessage(.node)
    for operand in rule.operands {
      switch operand {
      case "x":
        node.append(
          1,
          random.oneIn(12) ? random.pick(names) : random.oneIn(3) ? random.pick(computed) : computed[computed.count - 1]
        )
      case "c": node.append(1, random.oneIn(8) ? random.pick(computed) : random.pick(floats))
      case "-": break
      case "i": node.append(1, random.oneIn(12) ? random.pick(names) : random.pick(lists))
      default: if random.oneIn(2) { node.append(1, random.pick(names)) } else { node.append(1, "") }
      }
    }
    for output in outputs { node.append(2, output) }
    node.append(4, rule.opType)
    for attribute in rule.attributes where random.below(3) > 0 {
      node.append(5, self.attribute(attribute, large, &random))
    }
    return node
  }

  private static func attribute(_ written: String, _ large: Int?, _ random: inout SplitMix64) -> WireMessage {
    let parts = written.split(separator: ":").map(String.init)
    var attribute = WireMessage(.attribute)
    attribute.append(1, parts[0])
    func small() -> Int {
      if let large, random.oneIn(2) { return random.pick([large, large, large - 1, large / 2, large + 1]) }
      return random.oneIn(15) ? Int(truncatingIfNeeded: random.pick(ByteMutation.interesting)) : random.below(7) - 2
    }
    switch parts[1] {
    case "i":
      attribute.append(3, small())
      attribute.append(20, 2)
    case "I":
      for _ in 0..<random.pick([1, 2, 2, 2, 4, 4, 8]) {
        attribute.append(8, random.oneIn(3) ? small() : 1 + random.below(3))
      }
      attribute.append(20, 7)
    case "P":
      for axis in Array(0..<random.pick([2, 3, 4, 4, 4, 5])).shuffled(using: &random) { attribute.append(8, axis) }
      attribute.append(20, 7)
    case "f":
      let value: Float = random.pick([0, 1, 0.5, -1, 2, 1e-5, .nan, .infinity])
      let bits = value.bitPattern
      attribute.fields.append(
        WireMessage.Field(number: 2, value: .fixed((0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) })))
      attribute.append(20, 1)
    default:
      attribute.append(4, random.pick(parts[1].split(separator: "|").map(String.init)))
      attribute.append(20, 3)
    }
    return attribute
  }

  // MARK: Tensors

  private static let shapes: [(name: String, extents: [Int])] = [
    ("k33", [4, 4, 3, 3]), ("k11", [6, 4, 1, 1]), ("dw", [4, 1, 3, 3]), ("k3", [4, 4, 3]), ("v4", [4]), ("v6", [6]),
    ("m66", [6, 6]),
    ("m46", [4, 6]), ("one", [1]), ("scalar", []), ("plane", [1, 4, 1, 1]), ("none", [0]), ("hollow", [0, 1 << 40]),
  ]
  private static let integers: [(name: String, values: [Int])] = [
    ("i0", [0]), ("i1", [1]), ("im1", [-1]), ("i2", [2]), ("i22", [2, 2]), ("flat", [0, -1]), ("four", [2, 4, 6, 6]),
    ("ax", [0, 1, 2, 3]),
    ("pads", [0, 0, 1, 1, 0, 0, 1, 1]), ("wide", [1, 1, 3, 3]), ("big", [1 << 20, 1 << 20]), ("large", [1 << 31]),
    ("last", [Int.max]),
    ("first", [Int.min]), ("empty", []), ("rows", [2, 4, 36]), ("zeros", [0, 0, 0, 0]), ("parts", [1, 3]),
  ]
  private static let floats = shapes.map(\.name)
  private static let lists = integers.map(\.name)
  private static let names = floats + lists

  private static let constants: [WireMessage] =
    shapes.map { name, extents in
      let count = extents.reduce(1, *)
      return tensor(
        name, extents, type: 1,
        raw: (0..<count).flatMap { place -> [UInt8] in
          let bits = (Float(place % 7) / 4 - 0.6).bitPattern
          return (0..<4).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) }
        })
    }
    + integers.map { name, values in
      tensor(
        name, [values.count], type: 7,
        raw: values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } })
    }

  fileprivate static func tensor(_ name: String, _ extents: [Int], type: Int, raw: [UInt8]) -> WireMessage {
    var tensor = WireMessage(.tensor)
    for extent in extents { tensor.append(1, extent) }
    tensor.append(2, type)
    tensor.append(8, name)
    tensor.fields.append(WireMessage.Field(number: 9, value: .bytes(raw)))
    return tensor
  }

  fileprivate static func value(_ name: String, _ extents: [Int]?) -> WireMessage {
    var shape = WireMessage(.shape)
    for extent in extents ?? [] {
      var dimension = WireMessage(.leaf)
      if extent > 0 { dimension.append(1, extent) } else { dimension.append(2, "N") }
      shape.append(1, dimension)
    }
    var tensor = WireMessage(.tensorType)
    tensor.append(1, 1)
    if extents != nil { tensor.append(2, shape) }
    var type = WireMessage(.type)
    type.append(1, tensor)
    var value = WireMessage(.valueInfo)
    value.append(1, name)
    value.append(2, type)
    return value
  }
}
