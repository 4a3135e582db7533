import Foundation
import Networks
import Testing

@testable import ONNX

/// The reference data beside the checkout, if it is there.
let reference: URL? = {
  var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
  while folder.path != "/" {
    folder.deleteLastPathComponent()
    let candidate = folder.appendingPathComponent("../shared/reference").standardizedFileURL
    if FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path),
      FileManager.default.fileExists(atPath: candidate.path)
    {
      return candidate
    }
  }
  print("no ../shared/reference beside the checkout: tests against it are skipped")
  return nil
}()

/// What golden.json says about a network, as far as an import shows it.
struct Golden: Decodable {
  struct Layer: Decodable {
    let node: String
    let op: String
    let output: String
    let weight: String
    let bias: String?
    let outShape: [Int]
    let group: Int
    let pads: [Int]
    let strides: [Int]
    let macs: Int

    enum CodingKeys: String, CodingKey {
      case node, op, output, weight, bias, group, pads, strides, macs
      case outShape = "out_shape"
    }
  }
  struct Norm: Decodable {
    let node: String
    let scale: String
    let bias: String
    let mean: String
    let `var`: String
  }
  let layers: [Layer]
  let norms: [Norm]
}

@Suite(.enabled(if: reference != nil))
struct SharedNetworkTests {
  static let files = ["vgg_small", "resnet20", "mobilenetv2_small"].flatMap { name in
    ["bn", "folded"].map { "models/\(name)/\(name).\($0)" }
  }

  @Test(arguments: files, [1, 32])
  func `layers, shapes and initializer names are those of the golden file`(_ file: String, batch: Int) throws {
    let root = try #require(reference)
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: root.appendingPathComponent(file + ".golden.json")))
    let model = try ONNXModel(contentsOf: root.appendingPathComponent(file + ".onnx").path)
    #expect(model.opsets[""] == 17)
    #expect(model.fixedBatch == nil)
    #expect(model.inputs.map(\.name) == ["input"])
    let network = try model.network(batchSize: batch)
    #expect(network.inputs.map { network[$0].shape } == [Shape([batch, 1, 28, 28])])
    #expect(network.outputs.map { network[$0].name } == ["logits"])
    #expect(network.outputs.map { network[$0].shape } == [Shape([batch, 10])])

    let layers = network.nodes.filter { ["Conv", "Gemm"].contains($0.opType) }
    #expect(layers.map(\.name) == golden.layers.map(\.node))
    for (layer, expected) in zip(layers, golden.layers) {
      let output = network[layer.outputs[0]]
      #expect(output.name == expected.output)
      #expect(output.shape.dimensions == [batch] + expected.outShape)
      #expect(layer.inputs[1].map { network[$0].name } == expected.weight)
      #expect(layer.inputs.count > 2 ? layer.inputs[2].map { network[$0].name } == expected.bias : expected.bias == nil)
      if case .convolution(let convolution) = layer.operation {
        #expect(convolution.groups == expected.group)
        #expect(convolution.padsBegin + convolution.padsEnd == expected.pads)
        #expect(convolution.strides == expected.strides)
      }
    }
    let norms = network.nodes.filter { $0.opType == "BatchNormalization" }
    #expect(norms.map(\.name) == golden.norms.map(\.node))
    for (norm, expected) in zip(norms, golden.norms) {
      let names = norm.inputs.dropFirst().compactMap { id in id.map { network[$0].name } }
      #expect(names == [expected.scale, expected.bias, expected.mean, expected.var])
    }
  }
}
