import ArrayFiles
import Networks
import ProgramRuns

@testable import Search

/// A network of images of 8 × 8 pixels that is given in place of whatever model is read, with one input or several.
///
///     x0 3 ─ stem0 6 ─┐
///     x1 3 ─ stem1 5 ─┴ concat ─ relu ─ mix 7 ─ relu ─ head
struct PictureFormat: ModelFormat {
  /// What the network says of a sample.
  enum Head {
    /// 3 scores: which class it is.
    case classes
    /// 3 scores for each pixel: which class that is.
    case classesOfPixels
    /// 4 numbers.
    case numbers

    /// Extents of the output behind the batch.
    var output: [Int] {
      switch self {
      case .classes: [3, 1, 1]
      case .classesOfPixels: [3, 8, 8]
      case .numbers: [4, 1, 1]
      }
    }
  }

  static let side = 8
  var inputs = 1
  var head = Head.classes

  /// There is no model file to be changed.
  struct Absent: Error {}

  func read(_ path: String) throws -> ModelSource {
    ModelSource(message: [1], digests: [FileDigest(path: path, sha256: "\(inputs) \(head)")])
  }

  func decode(_ message: [UInt8], sampleShapes: [String: [Int]]) throws -> any DecodedModel { Decoded(format: self) }

  func replacing(_ parameters: [LayerParameters], in message: [UInt8]) throws -> [UInt8] { throw Absent() }
  func obstacles(toReplacing nodes: [String], in message: [UInt8]) throws -> [String: String] { throw Absent() }
  func files(of message: [UInt8], named name: String) throws -> [ModelFile] { throw Absent() }

  private struct Decoded: DecodedModel {
    let format: PictureFormat

    func surgeon() throws -> any ModelSurgeon { throw Absent() }
    func network(batchSize: Int) throws -> Network { try format.network(batchSize) }
  }

  private func network(_ batch: Int) throws -> Network {
    var values: [Value] = []
    var nodes: [Node] = []
    func add(_ value: Value) -> ValueID {
      values.append(value)
      return ValueID(values.count - 1)
    }
    func node(_ name: String, _ opType: String, _ operation: Operation, _ operands: [ValueID], _ extents: [Int])
      -> ValueID
    {
      let output = add(Value(name: "\(name).out", shape: Shape([batch] + extents)))
      nodes.append(Node(name: name, opType: opType, operation: operation, inputs: operands, outputs: [output]))
      return output
    }
    // Windows, so that it counts where a pixel stands, and weights of which no two channels' are alike.
    func convolve(_ name: String, _ x: ValueID, _ channels: Int, window: Int = 3) -> ValueID {
      let shape = Shape([channels, values[x.index].shape[1], window, window])
      let seed = name.utf8.reduce(0) { $0 + Int($1) }
      let elements = (0..<shape.count).map { Float(($0 * 7919 + seed) % 1009) / 2018 - 0.25 }
      let weight = add(
        Value(name: "\(name).weight", constant: ConstantTensor(shape: shape, elements: .float(elements))))
      let pad = window / 2
      let convolution = Convolution(
        kernel: [window, window], strides: [1, 1], padsBegin: [pad, pad], padsEnd: [pad, pad], dilations: [1, 1],
        groups: 1)
      let extents = [channels] + values[x.index].shape.dimensions.dropFirst(2)
      return node(name, "Conv", .convolution(convolution), [x, weight], extents)
    }
    func relu(_ x: ValueID) -> ValueID {
      let extents = Array(values[x.index].shape.dimensions.dropFirst())
      return node("\(values[x.index].name).relu", "Relu", .unary(.relu), [x], extents)
    }
    let side = PictureFormat.side
    let entries = (0..<inputs).map { add(Value(name: "x\($0)", shape: Shape([batch, 3, side, side]))) }
    let stems = entries.enumerated().map { convolve("stem\($0)", $1, 6 - $0) }
    let width = stems.map { values[$0.index].shape[1] }.reduce(0, +)
    let all = stems.count == 1 ? stems[0] : node("all", "Concat", .concat(axis: 1), stems, [width, side, side])
    var last = relu(convolve("mix", relu(all), 7))
    if head != .classesOfPixels { last = node("mean", "ReduceMean", .reduce(.mean, axes: [2, 3]), [last], [7, 1, 1]) }
    last = convolve("head", last, head.output[0], window: 1)
    return try Network(
      name: "picture", batchSize: batch, values: values, nodes: nodes, inputs: entries, outputs: [last])
  }
}
