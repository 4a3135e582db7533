import Channels
import Execution
import Networks

/// Two 1×1 convolutions of two channels whose outputs are added, then a head: one group of two units, and one frozen.
struct SumNetwork {
  let network: Network
  let structure: ChannelStructure

  init() throws {
    let shape = Shape([2, 2, 1, 1])
    let weight = ConstantTensor(shape: Shape([2, 2, 1, 1]), elements: .float([1, 0, 0, 1]))
    let convolution = Operation.convolution(
      Convolution(
        kernel: [1, 1], strides: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: 1))
    let values =
      ["x", "a", "b", "sum", "y"].map { Value(name: $0, shape: shape) }
      + ["wa", "wb", "wy"].map { Value(name: $0, constant: weight) }
    func node(_ name: String, _ operation: Operation, _ inputs: [Int], _ output: Int) -> Node {
      Node(
        name: name, opType: "Conv", operation: operation, inputs: inputs.map { ValueID($0) }, outputs: [ValueID(output)]
      )
    }
    network = try Network(
      name: "sum", batchSize: 2, values: values,
      nodes: [
        node("a", convolution, [0, 5], 1), node("b", convolution, [0, 6], 2), node("add", .binary(.add), [1, 2], 3),
        node("y", convolution, [3, 7], 4),
      ], inputs: [ValueID(0)], outputs: [ValueID(4)])
    structure = ChannelStructure(of: network)
  }

  /// What an executor gives for samples with these products at a and b, [sample][channel]; those at y are 0.
  static func evaluation(_ a: [[Double]], _ b: [[Double]], losses: [Double]) -> Evaluation {
    Evaluation(
      losses: losses, outputs: [], products: [a.flatMap { $0 }, b.flatMap { $0 }, a.flatMap { $0.map { _ in 0 } }],
      inputGradients: [])
  }

  /// With the data's labels: units (−1, −1) and (4, 5).
  static let labelled = evaluation([[1, -2], [3, 4]], [[-2, 1], [1, 1]], losses: [1, 3])
  /// With two labels of the curvature: units (2, 0), (0, 2), and (1, 2), (2, 0); class probabilities ½, ¾ and ¼, ⅛.
  static let curvature = [
    [evaluation([[2, 0], [0, 2]], [[0, 0], [0, 0]], losses: [0.5, 0.75].map(minusLog))],
    [evaluation([[0, 1], [1, 0]], [[1, 1], [1, 0]], losses: [0.25, 0.125].map(minusLog))],
  ]
}
