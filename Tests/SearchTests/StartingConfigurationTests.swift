import Allocation
import Configuration
import Networks
import Report
import Testing

@testable import Search

/// The configuration that `init` writes, for networks of few channels.
struct StartingConfigurationTests {
  /// Convolutions of 1 × 1 behind each other, on 8 × 8 pixels; the last one's channels are the output and stay.
  static func network(_ channels: [Int], inputs: Int = 1, name: String = "conv") throws -> Network {
    var values: [Value] = []
    var nodes: [Node] = []
    func add(_ value: Value) -> ValueID {
      values.append(value)
      return ValueID(values.count - 1)
    }
    let entries = (0..<inputs).map { add(Value(name: "x\($0)", shape: Shape([2, 3, 8, 8]))) }
    func node(_ name: String, _ operation: Operation, _ operands: [ValueID], _ channels: Int) -> ValueID {
      let output = add(Value(name: "\(name).out", shape: Shape([2, channels, 8, 8])))
      nodes.append(Node(name: name, opType: "Conv", operation: operation, inputs: operands, outputs: [output]))
      return output
    }
    var last = entries[0]
    for entry in entries.dropFirst() { last = node("sum", .binary(.add), [last, entry], 3) }
    var width = 3
    let pointwise = Convolution(
      kernel: [1, 1], strides: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: 1)
    for (number, count) in channels.enumerated() {
      let shape = Shape([count, width, 1, 1])
      let weight = add(
        Value(
          name: "w\(number)",
          constant: ConstantTensor(shape: shape, elements: .float([Float](repeating: 0.5, count: shape.count)))))
      last = node("\(name)\(number)", .convolution(pointwise), [last, weight], count)
      width = count
    }
    return try Network(
      name: "n", batchSize: 2, values: values, nodes: nodes, inputs: entries, outputs: [last])
  }

  private static func text(_ network: Network) throws -> String {
    try StartingConfiguration(network, model: "m.onnx").text
  }

  private static func parsed(_ text: String) throws -> SearchConfiguration {
    try SearchConfiguration(parsing: Array(text.utf8), file: "config.json")
  }

  @Test(arguments: [[4, 4], [2, 8], [2, 3, 64], [1, 2, 64], [30, 30, 4], [8, 5], [3, 200]])
  func `the target that it begins with can be reached`(_ channels: [Int]) throws {
    let network = try Self.network(channels)
    let text = try Self.text(network)
    let reach = try NetworkAnalysis(network, Self.parsed(text), latency: nil).ranges()[0].largestRatio
    let told = try #require(text.firstMatch(of: /bit_complexity: up to ([0-9.]+) x smaller/)?.1)
    let expected = (reach * 100).rounded(.down) / 100
    #expect(Double(told) == expected, "\(text)")
  }

  @Test func `where no layer can lose channels it says so, and asks for nothing`() throws {
    for channels in [[4], [1, 4]] {
      let text = try Self.text(Self.network(channels))
      #expect(text.contains("There is nothing to ask for") && !text.contains("\"target\":"), "\(text)")
      #expect(throws: ConfigurationError.self) { try Self.parsed(text) }
    }
  }

  @Test func `what the output seems to be decides loss and labels`() throws {
    let maps = try Self.text(Self.network([4, 3]))
    #expect(maps.contains("The class at each position, 0 to 2: an array of shape [samples, 8, 8]."), "\(maps)")
    #expect(try Self.parsed(maps).loss == .crossEntropy)
    let values = try Self.text(Self.network([4, 1]))
    #expect(
      values.contains("The values that the output should have: an array of shape [samples, 1, 8, 8]."), "\(values)")
    #expect(try Self.parsed(values).loss == .meanSquaredError)
  }

  @Test func `of many layers that stay whole the first are named, and the others counted`() throws {
    // What every layer yields is an output, and so asked for.
    let chain = try Self.network([4, 4, 4, 4, 4, 4, 4, 4])
    let network = try Network(
      name: chain.name, batchSize: chain.batchSize, values: chain.values, nodes: chain.nodes, inputs: chain.inputs,
      outputs: chain.nodes.map { $0.outputs[0] })
    let text = try Self.text(network)
    #expect(text.matches(of: /stays whole:/).count == 5 && text.contains("  and 3 more: "), "\(text)")
  }

  @Test func `its comments can be taken as they stand`() throws {
    let text = try Self.text(Self.network([4, 1], inputs: 2, name: "a\u{202E}b\n"))
    let preprocessing = try #require(text.firstMatch(of: /\/\/   ("preprocessing": .*),\n/)?.1)
    let taken = text.replacing("\"batch_size\"", with: "\(preprocessing), \"batch_size\"")
    let configuration = try Self.parsed(taken)
    #expect(configuration.calibration?.data.inputs.map { $0.preprocessing == nil } == [false, true])
    #expect(!text.contains("\u{202E}"))
  }
}
