import Channels
import Networks
import Sensitivity
import Testing

/// Norms of weights in every layout that a weight may have.
struct WeightNormTests {
  /// One layer, its weight in one layout: element (o, i, k) of a layer of 6 outputs is `value(o, i, k)`.
  enum Layout: String, CaseIterable {
    case convolution, groupedConvolution, transposed, groupedTransposed, outputByInput, inputByOutput

    var groups: Int { self == .groupedConvolution || self == .groupedTransposed ? 2 : 1 }
    var elements: Int { self == .outputByInput || self == .inputByOutput ? 1 : 3 }
    var inputsPerGroup: Int { 4 / groups }

    static func value(_ output: Int, _ input: Int, _ element: Int) -> Float {
      Float((output * 37 + input * 11 + element * 5) % 17) - 8
    }

    /// Extents, and for every element its output, its input within the group, and its place in the kernel.
    var weight: (extents: [Int], indices: [(Int, Int, Int)]) {
      let (perGroup, outputsPerGroup) = (inputsPerGroup, 6 / groups)
      switch self {
      case .convolution, .groupedConvolution, .outputByInput:
        let indices = (0..<6).flatMap { o in (0..<perGroup).flatMap { i in (0..<elements).map { (o, i, $0) } } }
        return (self == .outputByInput ? [6, 4] : [6, perGroup, 3], indices)
      case .transposed, .groupedTransposed, .inputByOutput:
        let indices = (0..<4).flatMap { i in
          (0..<outputsPerGroup).flatMap { o in
            (0..<elements).map { (i / perGroup * outputsPerGroup + o, i % perGroup, $0) }
          }
        }
        return (self == .inputByOutput ? [4, 6] : [4, outputsPerGroup, 3], indices)
      }
    }

    var operation: Operation {
      let convolution = Convolution(
        kernel: [3], strides: [1], padsBegin: [1], padsEnd: [1], dilations: [1], groups: groups)
      switch self {
      case .convolution, .groupedConvolution: return .convolution(convolution)
      case .transposed, .groupedTransposed: return .convolutionTranspose(convolution)
      case .outputByInput: return .linear(Linear(weightIsOutputByInput: true, alpha: -2))
      case .inputByOutput: return .linear(Linear(weightIsOutputByInput: false, alpha: 0.5))
      }
    }

    var factor: Double { self == .outputByInput ? 2 : self == .inputByOutput ? 0.5 : 1 }
  }

  @Test(arguments: Layout.allCases, [false, true])
  func `a norm is that of the layer's own output channel in every layout`(_ layout: Layout, isDouble: Bool) throws {
    let (extents, indices) = layout.weight
    let elements = indices.map { Layout.value($0.0, $0.1, $0.2) }
    let weight = ConstantTensor(
      shape: Shape(extents), elements: isDouble ? .double(elements.map(Double.init)) : .float(elements))
    let space = layout.elements == 1 ? [] : [5]
    let network = try Network(
      name: "layer", batchSize: 2,
      values: [
        Value(name: "x", shape: Shape([2, 4] + space)), Value(name: "w", constant: weight),
        Value(name: "y", shape: Shape([2, 6] + space)),
      ],
      nodes: [
        Node(
          name: "layer", opType: "Layer", operation: layout.operation, inputs: [ValueID(0), ValueID(1)],
          outputs: [ValueID(2)])
      ], inputs: [ValueID(0)], outputs: [ValueID(2)])
    let structure = ChannelStructure(of: network)
    for norm in WeightNorm.allCases {
      let expected = (0..<6).map { output -> Double in
        var sum = 0.0
        for input in 0..<layout.inputsPerGroup {
          for element in 0..<layout.elements {
            let value = Double(Layout.value(output, input, element))
            sum += norm == .l1 ? abs(value) : value * value
          }
        }
        return layout.factor * (norm == .l1 ? sum : sum.squareRoot())
      }
      #expect(ChannelScores(norm, of: network, structure).layers == [expected])
    }
  }
}
