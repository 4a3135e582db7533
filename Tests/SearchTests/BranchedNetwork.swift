import Channels
import Networks

/// A small network in which channels hang together in every way that matters to what may be asked for.
///
///     a 8 ─┬─ b 8 ─ + ─ c 12 ─ g 8 (2 groups) ─ d 8 (depthwise) ─ e 10 ─ split ┬ 4 ───── p 5 ─┐
///          └────────┘                          └─────────── r 6 ────────┐      └ 6 ─ + ─ q 5 ─ + ─ t (transposed) ─ head 3
///                                                                       └────────────┘
struct BranchedNetwork {
  let network: Network
  let structure: ChannelStructure
  let costs: CostModel

  init() throws {
    var built = Builder()
    let x = built.add(Value(name: "x", shape: Shape([2, 3, 4, 4])))
    let a = built.convolve("a", x, 8)
    let sum = built.add(a, built.convolve("b", a, 8), "ab")
    let c = built.convolve("c", sum, 12)
    let g = built.convolve("g", c, 8, groups: 2)
    let d = built.convolve("d", g, 8, groups: 8)
    let e = built.convolve("e", d, 10)
    let parts = built.split("cut", e, [4, 6])
    let p = built.convolve("p", parts[0], 5)
    let q = built.convolve("q", built.add(parts[1], built.convolve("r", d, 6), "er"), 5)
    let t = built.transposed("t", built.add(p, q, "pq"), 7)
    let head = built.convolve("head", t, 3)
    network = try Network(
      name: "branched", batchSize: 2, values: built.values, nodes: built.nodes, inputs: [x], outputs: [head])
    structure = ChannelStructure(of: network)
    costs = try CostModel(
      structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
  }

  /// A layer's index.
  func layer(_ name: String) -> Int { structure.layers.firstIndex { $0.name == name } ?? -1 }

  /// The only group of a layer's outputs.
  func group(_ name: String) -> Int { structure.layers[layer(name)].outputUnits[0]?.group ?? -1 }

  /// A layer's channels that go when units go.
  func channels(_ layer: Int, of removed: [Set<Int>]) -> [Int] {
    let units = structure.layers[layer].outputUnits
    return units.indices.filter { channel in
      units[channel].map { removed[$0.group].contains($0.unit) } ?? false
    }
  }

  private struct Builder {
    var values: [Value] = []
    var nodes: [Node] = []

    mutating func add(_ value: Value) -> ValueID {
      values.append(value)
      return ValueID(values.count - 1)
    }

    private mutating func weight(_ name: String, _ extents: [Int]) -> ValueID {
      let shape = Shape(extents)
      // No two channels have equal norms.
      let elements = (0..<shape.count).map { Float(($0 * 7919) % 1009) / 1009 - 0.5 }
      return add(Value(name: "\(name).weight", constant: ConstantTensor(shape: shape, elements: .float(elements))))
    }

    private mutating func node(
      _ name: String, _ opType: String, _ operation: Operation, _ inputs: [ValueID?], _ extents: [[Int]]
    ) -> [ValueID] {
      let outputs = extents.enumerated().map { add(Value(name: "\(name).\($0)", shape: Shape($1))) }
      nodes.append(Node(name: name, opType: opType, operation: operation, inputs: inputs, outputs: outputs))
      return outputs
    }

    private static func pointwise(groups: Int) -> Convolution {
      Convolution(
        kernel: [1, 1], strides: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: groups)
    }

    mutating func convolve(_ name: String, _ x: ValueID, _ outputs: Int, groups: Int = 1) -> ValueID {
      let inputs = values[x.index].shape[1]
      let weight = weight(name, [outputs, inputs / groups, 1, 1])
      return node(name, "Conv", .convolution(Self.pointwise(groups: groups)), [x, weight], [[2, outputs, 4, 4]])[0]
    }

    mutating func transposed(_ name: String, _ x: ValueID, _ outputs: Int) -> ValueID {
      let weight = weight(name, [values[x.index].shape[1], outputs, 1, 1])
      return node(
        name, "ConvTranspose", .convolutionTranspose(Self.pointwise(groups: 1)), [x, weight], [[2, outputs, 4, 4]])[0]
    }

    mutating func add(_ left: ValueID, _ right: ValueID, _ name: String) -> ValueID {
      node(name, "Add", .binary(.add), [left, right], [values[left.index].shape.dimensions])[0]
    }

    mutating func split(_ name: String, _ x: ValueID, _ sizes: [Int]) -> [ValueID] {
      node(name, "Split", .split(axis: 1), [x], sizes.map { [2, $0, 4, 4] })
    }
  }
}
