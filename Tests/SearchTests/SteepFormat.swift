import ArrayFiles
import Foundation
import Networks
import ProgramRuns

@testable import Search

/// A network that is given in place of whatever model is read: a sum of two constants that cancel out goes through an
/// exponential function. Without one of them, the last channel of `first`, the loss is not finite; without both it is.
///
///     first 6 ─ mix 3 ─ Exp ─ head 2
struct SteepFormat: ModelFormat {
  /// What the constants are.
  var constant: Float = 100

  func read(_ path: String) throws -> ModelSource {
    ModelSource(message: [1], digests: [FileDigest(path: path, sha256: "\(constant)")])
  }

  func decode(_ message: [UInt8], sampleShapes: [String: [Int]]) throws -> any DecodedModel {
    Decoded(constant: constant)
  }

  func replacing(_ parameters: [LayerParameters], in message: [UInt8]) throws -> [UInt8] { throw Absent() }
  func obstacles(toReplacing nodes: [String], in message: [UInt8]) throws -> [String: String] { throw Absent() }
  func files(of message: [UInt8], named name: String) throws -> [ModelFile] { throw Absent() }

  /// There is no model file to be changed.
  struct Absent: Error {}

  struct Decoded: DecodedModel {
    let constant: Float

    func surgeon() throws -> any ModelSurgeon { throw Absent() }

    func network(batchSize: Int) throws -> Network {
      var builder = PointwiseBuilder(batchSize: batchSize)
      let x = builder.add("x", [4, 1, 1])
      var filters = (0..<24).map { Float($0 * 7 % 11) / 11 - 0.4 }
      for place in 16..<20 { filters[place] = 0.02 }
      for place in 20..<24 { filters[place] = 0.01 }
      let first = builder.convolve("first", x, 4, filters, [0, 0.1, 0.2, 0.3, constant, -100])
      let mix = builder.convolve(
        "mix", first, 6, [0.1, 0.2, -0.1, 0.3, 1, 1, 0.3, -0.2, 0.1, 0.1, 1, 1, -0.2, 0.1, 0.2, -0.1, 1, 1], [0, 0, 0])
      let steep = builder.add("steep", [3, 1, 1])
      builder.nodes.append(Node(name: "exp", opType: "Exp", operation: .unary(.exp), inputs: [mix], outputs: [steep]))
      let head = builder.convolve("head", steep, 3, [1, -0.5, 0.2, -0.4, 1, 0.3], [0, 0])
      return try builder.network("steep", from: x, to: head)
    }
  }

  /// Writes samples and a configuration for it.
  /// - Parameter more: further members of the configuration, each with a comma in front.
  static func configuration(in folder: TemporaryFolder, _ more: String) throws -> String {
    let samples = (0..<48).map { Float($0 * 5 % 13) / 13 - 0.5 }
    try NumPyArray(shape: [12, 4, 1, 1], .floats(samples)).write(to: folder.file("samples.npy"))
    let text = #"""
      {"model": "steep.onnx", "calibration": {"inputs": "samples.npy", "batch_size": 4},
       "config_list": [{"op_names": ["mix"], "exclude": true}], "output": {"directory": "out"}\#(more)}
      """#
    return try folder.write(Data(text.utf8), as: "config.json")
  }
}

/// A convolution on large images, and a layer behind it that has more weights per output than its responses are taken of.
///
///     first 6 × 420 × 420 ─ head 2
struct WideFormat: ModelFormat {
  private static let side = 420

  func read(_ path: String) throws -> ModelSource {
    ModelSource(message: [1], digests: [FileDigest(path: path, sha256: "wide")])
  }

  func decode(_ message: [UInt8], sampleShapes: [String: [Int]]) throws -> any DecodedModel { Decoded() }
  func replacing(_ parameters: [LayerParameters], in message: [UInt8]) throws -> [UInt8] { throw SteepFormat.Absent() }
  func obstacles(toReplacing nodes: [String], in message: [UInt8]) throws -> [String: String] {
    throw SteepFormat.Absent()
  }
  func files(of message: [UInt8], named name: String) throws -> [ModelFile] { throw SteepFormat.Absent() }

  struct Decoded: DecodedModel {
    func surgeon() throws -> any ModelSurgeon { throw SteepFormat.Absent() }

    func network(batchSize: Int) throws -> Network {
      var builder = PointwiseBuilder(batchSize: batchSize)
      let side = WideFormat.side
      let x = builder.add("x", [1, side, side])
      let first = builder.convolve("first", x, 1, [0.5, -0.3, 0.2, 0.7, -0.1, 0.4], [0, 0.1, 0.2, 0.3, 0.4, 0.5])
      let row = builder.reshape("row", first, [6 * side * side])
      let weights = (0..<12 * side * side).map { Float($0 % 101) / 5e5 - 1e-4 }
      let head = builder.connect("head", row, weights, outputs: 2)
      return try builder.network("wide", from: x, to: head)
    }
  }

  /// Writes samples and a configuration for it.
  /// - Parameter more: further members of the configuration, each with a comma in front.
  static func configuration(in folder: TemporaryFolder, _ more: String) throws -> String {
    let samples = (0..<4 * side * side).map { Float($0 % 13) / 13 - 0.5 }
    try NumPyArray(shape: [4, 1, side, side], .floats(samples)).write(to: folder.file("samples.npy"))
    let text = #"""
      {"model": "wide.onnx", "calibration": {"inputs": "samples.npy", "batch_size": 2}, "output": {"directory": "out"},
       "target": {"metric": "params", "compression_ratio": 1.1}\#(more)}
      """#
    return try folder.write(Data(text.utf8), as: "config.json")
  }
}

/// Puts together networks whose convolutions look at one place.
private struct PointwiseBuilder {
  private let batchSize: Int
  private var values: [Value] = []
  var nodes: [Node] = []

  init(batchSize: Int) { self.batchSize = batchSize }

  private mutating func add(_ value: Value) -> ValueID {
    values.append(value)
    return ValueID(values.count - 1)
  }

  /// A value with the extents of one sample.
  mutating func add(_ name: String, _ extents: [Int]) -> ValueID {
    add(Value(name: name, shape: Shape([batchSize] + extents)))
  }

  mutating func convolve(
    _ name: String, _ x: ValueID, _ inputs: Int, _ weights: [Float], _ bias: [Float]
  ) -> ValueID {
    let weight = Value(
      name: "\(name).weight",
      constant: ConstantTensor(shape: Shape([bias.count, inputs, 1, 1]), elements: .float(weights)))
    let addend = Value(
      name: "\(name).bias", constant: ConstantTensor(shape: Shape([bias.count]), elements: .float(bias)))
    let operands = [x, add(weight), add(addend)]
    let output = add(name, [bias.count] + values[x.index].shape.dimensions.dropFirst(2))
    let pointwise = Convolution(
      kernel: [1, 1], strides: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: 1)
    nodes.append(
      Node(name: name, opType: "Conv", operation: .convolution(pointwise), inputs: operands, outputs: [output]))
    return output
  }

  mutating func connect(_ name: String, _ x: ValueID, _ weights: [Float], outputs: Int) -> ValueID {
    let weight = Value(
      name: "\(name).weight",
      constant: ConstantTensor(shape: Shape([weights.count / outputs, outputs]), elements: .float(weights)))
    let operands = [x, add(weight)]
    let output = add(name, [outputs])
    nodes.append(
      Node(
        name: name, opType: "MatMul", operation: .linear(Linear(weightIsOutputByInput: false)), inputs: operands,
        outputs: [output]))
    return output
  }

  mutating func reshape(_ name: String, _ x: ValueID, _ extents: [Int]) -> ValueID {
    let output = add(name, extents)
    nodes.append(Node(name: name, opType: "Reshape", operation: .reshape, inputs: [x], outputs: [output]))
    return output
  }

  func network(_ name: String, from x: ValueID, to output: ValueID) throws -> Network {
    try Network(name: name, batchSize: batchSize, values: values, nodes: nodes, inputs: [x], outputs: [output])
  }
}
