import Networks
import Testing

struct FoldingLimitTests {
  @Test func `a layer takes in only so many nodes, each of which leaves a bias behind`() throws {
    let channels = 8
    var values = [
      Value(name: "x", shape: Shape([1, 4])),
      Value(
        name: "w",
        constant: ConstantTensor(
          shape: Shape([channels, 4]), elements: .float([Float](repeating: 1, count: 4 * channels)))),
      Value(name: "two", constant: ConstantTensor(shape: Shape([]), elements: .float([2]))),
      Value(name: "y", shape: Shape([1, channels])),
    ]
    var nodes = [
      Node(
        name: "layer", opType: "Gemm", operation: .linear(Linear(weightIsOutputByInput: true)),
        inputs: [ValueID(0), ValueID(1)],
        outputs: [ValueID(3)])
    ]
    for number in 0..<100 {
      values.append(Value(name: "y\(number)", shape: Shape([1, channels])))
      nodes.append(
        Node(
          name: "mul\(number)", opType: "Mul", operation: .binary(.multiply),
          inputs: [ValueID(values.count - 2), ValueID(2)],
          outputs: [ValueID(values.count - 1)]))
    }
    let network = try Network(
      name: "row", batchSize: 1, values: values, nodes: nodes, inputs: [ValueID(0)],
      outputs: [ValueID(values.count - 1)])
    let folded = network.foldingNormalizations()
    #expect(folded.nodes.count == 101 - 16)
    #expect(folded.values.count == values.count + 16)
  }
}
