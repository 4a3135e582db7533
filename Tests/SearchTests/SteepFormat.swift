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
      var values: [Value] = []
      var nodes: [Node] = []
      func add(_ value: Value) -> ValueID {
        values.append(value)
        return ValueID(values.count - 1)
      }
      func convolve(_ name: String, _ x: ValueID, _ inputs: Int, _ weights: [Float], _ bias: [Float]) -> ValueID {
        let weight = Value(
          name: "\(name).weight",
          constant: ConstantTensor(shape: Shape([bias.count, inputs, 1, 1]), elements: .float(weights)))
        let addend = Value(
          name: "\(name).bias", constant: ConstantTensor(shape: Shape([bias.count]), elements: .float(bias)))
        let operands = [x, add(weight), add(addend)]
        let output = add(Value(name: name, shape: Shape([batchSize, bias.count, 1, 1])))
        let pointwise = Convolution(
          kernel: [1, 1], strides: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: 1)
        nodes.append(
          Node(name: name, opType: "Conv", operation: .convolution(pointwise), inputs: operands, outputs: [output]))
        return output
      }
      let x = add(Value(name: "x", shape: Shape([batchSize, 4, 1, 1])))
      var filters = (0..<24).map { Float($0 * 7 % 11) / 11 - 0.4 }
      for place in 16..<20 { filters[place] = 0.02 }
      for place in 20..<24 { filters[place] = 0.01 }
      let first = convolve("first", x, 4, filters, [0, 0.1, 0.2, 0.3, constant, -100])
      let mix = convolve(
        "mix", first, 6, [0.1, 0.2, -0.1, 0.3, 1, 1, 0.3, -0.2, 0.1, 0.1, 1, 1, -0.2, 0.1, 0.2, -0.1, 1, 1], [0, 0, 0])
      let steep = add(Value(name: "steep", shape: Shape([batchSize, 3, 1, 1])))
      nodes.append(Node(name: "exp", opType: "Exp", operation: .unary(.exp), inputs: [mix], outputs: [steep]))
      let head = convolve("head", steep, 3, [1, -0.5, 0.2, -0.4, 1, 0.3], [0, 0])
      return try Network(
        name: "steep", batchSize: batchSize, values: values, nodes: nodes, inputs: [x], outputs: [head])
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
