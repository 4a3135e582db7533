import Foundation
import Networks
import ONNXFormat
import ProgramRuns
import Search

/// ResNet-50 for images of 32 × 32 pixels, with drawn weights, in place of whatever model is read.
///
/// As torchvision has it and its exporter names the nodes: bottlenecks of 64 to 512 channels, 3, 4, 6 and 3 of them, with the
/// stride in the middle convolution (He et al., arXiv:1512.03385).
struct ResNet50Format: ModelFormat {
  /// There is no model file to be changed.
  struct Absent: Error {}

  func read(_ path: String) throws -> ModelSource {
    ModelSource(message: [1], digests: [FileDigest(path: path, bytes: Array("resnet50".utf8))])
  }

  func decode(_ message: [UInt8], sampleShapes: [String: [Int]]) throws -> any DecodedModel { Decoded() }

  func replacing(_ parameters: [LayerParameters], in message: [UInt8]) throws -> [UInt8] { throw Absent() }
  func obstacles(toReplacing nodes: [String], in message: [UInt8]) throws -> [String: String] { throw Absent() }
  func files(of message: [UInt8], named name: String) throws -> [ModelFile] { throw Absent() }

  /// Writes samples into a folder.
  /// - Returns: the changes of a configuration that make it a search on them.
  static func changes(in folder: TemporaryFolder) throws -> [(path: String, json: String?)] {
    let count: UInt8 = 8
    let pixels = (0..<Int(count) * 3 * 32 * 32).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 24) }
    let extents = [count, 3, 32, 32].flatMap { [0, 0, 0, $0] as [UInt8] }
    let inputs = try folder.write(Data([0, 0, 8, 4] + extents + pixels), as: "inputs.idx")
    let labels = try folder.write(Data([0, 0, 8, 1, 0, 0, 0, count] + (0..<count)), as: "labels.idx")
    return [
      (
        "calibration",
        """
        {"inputs": "\(inputs)", "labels": "\(labels)", "batch_size": 4,
         "preprocessing": {"scale": 0.00392156862745098, "mean": 0.5, "std": 0.3}}
        """
      ),
      ("sensitivity", #"{"bootstrap": 20}"#), ("target", #"{"compression_ratio": 2, "metric": "macs"}"#),
    ]
  }

  private struct Decoded: DecodedModel {
    func surgeon() throws -> any ModelSurgeon { throw Absent() }

    func network(batchSize: Int) throws -> Network {
      var built = Builder(batch: batchSize)
      let input = built.add(Value(name: "input", shape: Shape([batchSize, 3, 32, 32])))
      var x = built.relu("/relu/Relu", built.convolve("/conv1/Conv", input, 64, window: 7, stride: 2))
      x = built.pool("/maxpool/MaxPool", x)
      for (stage, (count, width)) in [(3, 64), (4, 128), (6, 256), (3, 512)].enumerated() {
        for block in 0..<count {
          let name = "/layer\(stage + 1)/layer\(stage + 1).\(block)"
          let stride = block == 0 && stage > 0 ? 2 : 1
          var y = built.relu("\(name)/relu/Relu", built.convolve("\(name)/conv1/Conv", x, width))
          y = built.relu(
            "\(name)/relu_1/Relu", built.convolve("\(name)/conv2/Conv", y, width, window: 3, stride: stride))
          y = built.convolve("\(name)/conv3/Conv", y, 4 * width)
          if block == 0 { x = built.convolve("\(name)/downsample/downsample.0/Conv", x, 4 * width, stride: stride) }
          x = built.relu("\(name)/relu_2/Relu", built.sum("\(name)/Add", y, x))
        }
      }
      let pooled = built.node("/avgpool/ReduceMean", "ReduceMean", .reduce(.mean, axes: [2, 3]), [x], [2048])
      let scores = built.linear("/fc/Gemm", pooled, 1000)
      return try Network(
        name: "resnet50", batchSize: batchSize, values: built.values, nodes: built.nodes, inputs: [input],
        outputs: [scores])
    }
  }

  private struct Builder {
    let batch: Int
    var values: [Value] = []
    var nodes: [Node] = []
    private var state: UInt64 = 50

    init(batch: Int) { self.batch = batch }

    mutating func add(_ value: Value) -> ValueID {
      values.append(value)
      return ValueID(values.count - 1)
    }

    /// Even numbers around a middle.
    private mutating func drawn(_ name: String, _ extents: [Int], _ middle: Float, _ width: Float) -> ValueID {
      let shape = Shape(extents)
      var elements = [Float](repeating: 0, count: shape.count)
      for index in elements.indices {
        // Knuth's linear congruential generator; its upper bits.
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        elements[index] = middle + (Float(state >> 40) / Float(1 << 24) - 0.5) * width
      }
      return add(Value(name: name, constant: ConstantTensor(shape: shape, elements: .float(elements))))
    }

    mutating func node(
      _ name: String, _ opType: String, _ operation: Networks.Operation, _ inputs: [ValueID], _ extents: [Int]
    )
      -> ValueID
    {
      let output = add(Value(name: "\(name).out", shape: Shape([batch] + extents)))
      nodes.append(Node(name: name, opType: opType, operation: operation, inputs: inputs, outputs: [output]))
      return output
    }

    private func extents(_ x: ValueID) -> [Int] { Array(values[x.index].shape.dimensions.dropFirst()) }

    /// A convolution and its normalisation.
    mutating func convolve(_ name: String, _ x: ValueID, _ outputs: Int, window: Int = 1, stride: Int = 1) -> ValueID {
      let (inputs, pad) = (extents(x)[0], window / 2)
      let side = (extents(x)[1] + 2 * pad - window) / stride + 1
      // Even numbers of this width have the variance 2 ÷ what a channel sums over.
      let weight = drawn(
        "\(name).weight", [outputs, inputs, window, window], 0, (24 / Float(inputs * window * window)).squareRoot())
      let convolution = Convolution(
        kernel: [window, window], strides: [stride, stride], padsBegin: [pad, pad], padsEnd: [pad, pad],
        dilations: [1, 1], groups: 1)
      let y = node(name, "Conv", .convolution(convolution), [x, weight], [outputs, side, side])
      let parameters = [("scale", 0.7, 0.8), ("shift", 0, 0.3), ("mean", 0, 0.3), ("variance", 1, 1)].map {
        drawn("\(name).\($0.0)", [outputs], Float($0.1), Float($0.2))
      }
      return node(
        "\(name).norm", "BatchNormalization", .batchNormalization(epsilon: 1e-5), [y] + parameters,
        [outputs, side, side])
    }

    mutating func relu(_ name: String, _ x: ValueID) -> ValueID { node(name, "Relu", .unary(.relu), [x], extents(x)) }

    mutating func sum(_ name: String, _ left: ValueID, _ right: ValueID) -> ValueID {
      node(name, "Add", .binary(.add), [left, right], extents(left))
    }

    mutating func pool(_ name: String, _ x: ValueID) -> ValueID {
      let pool = Pool(
        kind: .max, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1], padsEnd: [1, 1], dilations: [1, 1])
      let side = (extents(x)[1] - 1) / 2 + 1
      return node(name, "MaxPool", .pool(pool), [x], [extents(x)[0], side, side])
    }

    mutating func linear(_ name: String, _ x: ValueID, _ outputs: Int) -> ValueID {
      let inputs = extents(x)[0]
      let weight = drawn("\(name).weight", [outputs, inputs], 0, (12 / Float(inputs)).squareRoot())
      return node(name, "Gemm", .linear(Linear(weightIsOutputByInput: true)), [x, weight], [outputs])
    }
  }
}
