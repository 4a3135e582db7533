import Foundation
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

struct EditingExternalTests {
  /// conv1 → times a Constant → conv2, five tensors in two external files; `b1` and `b2` share bytes.
  static func builder() -> ModelBuilder {
    var builder = ModelBuilder(input: [1, 3, 4, 4])
    builder.proto.graph.name = "graph"
    builder.floats("w1", dims: [400, 3, 1, 1], (0..<1200).map { Float($0 % 7) - 3 })
    builder.floats("b1", dims: [400], (0..<400).map { Float($0 % 5) })
    builder.floats("b2", dims: [2], [0, 1])
    builder.floats("w2", dims: [2, 400, 1, 1], (0..<800).map { Float($0 % 3) - 1 })
    let scale = ModelBuilder.floatTensor("", dims: [400, 1, 1], (0..<400).map { Float($0 % 4) })
    builder.node("Conv", ["x", "w1", "b1"], ["c1"], name: "conv1")
    builder.node("Constant", [], ["scale"], [.tensor("value", scale)])
    builder.node("Mul", ["c1", "scale"], ["s1"])
    builder.node("Conv", ["s1", "w2", "b2"], ["y"], name: "conv2")
    builder.proto.graph.output = [ModelBuilder.value("y", [1, 2, 4, 4])]
    return builder
  }

  /// Where each tensor is: file, first byte, and whether its length is written; w2 before w1.
  static let places: [String: (String, Int, Bool)] = [
    "w1": ("a.bin", 3208, true), "b1": ("b.bin", 4, true), "b2": ("b.bin", 4, false), "w2": ("a.bin", 8, false),
    "": ("b.bin", 2004, true),
  ]

  static func model() throws -> ModelFiles { try external(builder()) }

  private static func external(_ inline: ModelBuilder) throws -> ModelFiles {
    var builder = inline
    var files: [String: [UInt8]] = [
      "a.bin": [UInt8](repeating: 0xAA, count: 6000), "b.bin": [UInt8](repeating: 0xBB, count: 4000),
    ]
    func move(_ tensor: inout Onnx_TensorProto) throws {
      guard let (location, offset, hasLength) = places[tensor.name] else { return }
      let raw = try [UInt8](tensor.rawBytes())
      var file = files[location] ?? []
      file += [UInt8](repeating: 0, count: max(0, offset + raw.count - file.count))
      file.replaceSubrange(offset..<offset + raw.count, with: raw)
      files[location] = file
      tensor.setExternal(location, offset: offset, length: raw.count)
      if !hasLength { tensor.externalData.removeAll { $0.key == "length" } }
      tensor.externalData.append(
        .with {
          $0.key = "checksum"
          $0.value = "of the file as it was"
        })
    }
    for index in builder.proto.graph.initializer.indices { try move(&builder.proto.graph.initializer[index]) }
    try move(&builder.proto.graph.node[1].attribute[0].t)
    return try ModelFiles(builder, external: files)
  }

  /// The numbers of every constant, by tensor name.
  private func numbers(_ files: ModelFiles) throws -> [String: [Double]] {
    try ONNXModel(files: files).graph.constants.mapValues(\.doubles)
  }

  private func entries(_ files: ModelFiles) throws -> [String: [String: String]] {
    let tensors = try files.proto.graph.tensors.filter(\.isExternal)
    return Dictionary(
      uniqueKeysWithValues: tensors.map { tensor in
        (tensor.name, Dictionary(uniqueKeysWithValues: tensor.externalData.map { ($0.key, $0.value) }))
      })
  }

  @Test func `without a change of external data every byte of them stays`() throws {
    let files = try Self.model()
    #expect(try files.applying(ModelEdits()) == files)
    var edits = ModelEdits()
    edits.nodes[2] = [try files.proto.graph.node[2]].map { node in
      var copy = node
      copy.name = "named"
      return copy
    }
    edits.addedInitializers = [ModelBuilder.floatTensor("small", dims: [3])]
    let after = try files.applying(edits)
    #expect(after.external == files.external)
    #expect(try entries(after) == entries(files))
  }

  @Test(arguments: ["w1", "b1", "b2", "w2", "scale"])
  func `a changed external tensor stays external, the others keep their data`(_ name: String) throws {
    let files = try Self.model()
    var edits = ModelEdits()
    let whole = try #require(try files.proto.graph.tensors.first { $0.name == (name == "scale" ? "" : name) })
    let axis = name == "w2" ? 1 : 0
    edits.tensors[name] = try whole.taking([axis: [1]], files: files.external)
    let after = try files.applying(edits)
    #expect(Array(after.external.keys) == ["a.bin"])
    let (old, new) = (try numbers(files), try numbers(after))
    for (tensor, values) in old where tensor != name { #expect(new[tensor] == values, "\(tensor)") }
    #expect(new[name] == (try ConstantTensor(whole.taking([axis: [1]], files: files.external), files: [:]).doubles))
    let entries = try entries(after)
    #expect(entries.count == 5)
    let ranges = try entries.values.map { entry in
      (try #require(Int(entry["offset"] ?? "")), try #require(Int(entry["length"] ?? "")))
    }
    #expect(entries.values.allSatisfy { $0["location"] == "a.bin" && $0["checksum"] == nil && $0.count == 3 })
    #expect(ranges.allSatisfy { $0.0 % 64 == 0 })
    #expect(ranges.map { $0.0 + $0.1 }.max() == after.external["a.bin"]?.count)
    // By file and place as they were: w2, w1, then b1 with what shares its bytes, then the Constant's.
    let order = ["w2", "w1", "b1", ""].compactMap { entries[$0]?["offset"].flatMap { Int($0) } }
    #expect(order == order.sorted())
    #expect(try after.proto.graph.tensors.allSatisfy { !$0.hasRawData && $0.floatData.isEmpty })
  }

  @Test func `tensors that share bytes go on sharing them`() throws {
    let files = try Self.model()
    var edits = ModelEdits()
    edits.tensors["w1"] = try files.proto.graph.tensor("w1").taking([1: [0]], files: files.external)
    let entries = try entries(try files.applying(edits))
    #expect(entries["b1"]?["offset"] == entries["b2"]?["offset"])
  }

  @Test func `large data are aligned to pages`() throws {
    var builder = ModelBuilder()
    for name in ["small", "large", "other"] {
      builder.floats(name, dims: [name == "large" ? 1 << 18 : 4])
      builder.proto.graph.initializer[builder.proto.graph.initializer.count - 1].setExternal(
        "data", offset: name == "large" ? 100 : 0, length: name == "large" ? 1 << 20 : 16)
    }
    builder.node("Identity", ["x"], ["y"])
    let files = try ModelFiles(builder, external: ["data": [UInt8](repeating: 1, count: 1 << 21)])
    var edits = ModelEdits()
    edits.tensors["small"] = ModelBuilder.floatTensor("small", dims: [1])
    let entries = try entries(try files.applying(edits))
    #expect(entries["large"]?["offset"] == "4096")
    #expect(entries.mapValues { $0["length"] } == ["small": "4", "large": "1048576", "other": "16"])
  }

  @Test func `removed tensors take their data with them, the last one the file`() throws {
    let files = try Self.model()
    var edits = ModelEdits()
    edits.removedInitializers = ["w1", "w2"]
    let after = try files.applying(edits)
    // b1 with b2, and the Constant's behind it.
    #expect(after.external.mapValues(\.count) == ["a.bin": 1600 + 1600])
    var rest = ModelEdits()
    rest.removedInitializers = ["b1", "b2"]
    rest.nodes[1] = []
    let bare = try after.applying(rest)
    #expect(bare.external.isEmpty)
    #expect(try bare.outputs(named: "out.onnx").map(\.name) == ["out.onnx"])
  }

  @Test func `an added tensor of some size goes to the external file that there is`() throws {
    let files = try Self.model()
    let after = try files.replacing([LayerParameters(node: "conv1", weight: (0..<1200).map { Float($0) })])
    #expect(try entries(after).keys.sorted() == ["", "b1", "b2", "w1", "w2"])
    var edits = ModelEdits()
    edits.addedInitializers = [
      try Self.builder().proto.graph.tensor("w1").rawForm("large"),
      try Self.builder().proto.graph.tensor("b2").rawForm("few"),
    ]
    let added = try files.applying(edits)
    #expect(try entries(added).keys.sorted() == ["", "b1", "b2", "large", "w1", "w2"])
    #expect(try entries(added)["large"]?["length"] == "4800")
    let large = try added.proto.graph.tensor("large")
    #expect(try ConstantTensor(large, files: added.external).doubles == numbers(files)["w1"])
    #expect(try numbers(added).filter { $0.key != "large" } == numbers(files))
  }

  @Test func `an output's data are one file named after it, beside the source's`() throws {
    let files = try Self.model()
    for (name, data) in [("pruned.onnx", "pruned.onnx.data"), ("toy.onnx", "toy.onnx.data")] {
      let outputs = try files.outputs(named: name)
      #expect(outputs.map(\.name) == [name, data])
      let read = ModelFiles(model: outputs[0].bytes, external: [data: Array(outputs[1].bytes)], path: name)
      #expect(try numbers(read) == numbers(files))
      // One file already: the same bytes under another name.
      let again = try read.outputs(named: "next.onnx")
      #expect(again.map(\.name) == ["next.onnx", "next.onnx.data"])
      #expect(again[1].bytes == outputs[1].bytes)
      let third = ModelFiles(model: again[0].bytes, external: ["next.onnx.data": Array(again[1].bytes)], path: "x")
      #expect(try numbers(third) == numbers(files))
      // The source's own file has that name: it is not overwritten.
      let source = ModelFiles(model: outputs[0].bytes, external: [data: Array(outputs[1].bytes)], path: "source.onnx")
      #expect(try source.outputs(named: name)[1].name == data + "_")
    }
  }

  @Test func `external data that are not all there are an error`() throws {
    let files = try Self.model()
    var edits = ModelEdits()
    edits.removedInitializers = ["w1"]
    for external in [["a.bin": files.external["a.bin"] ?? []], ["a.bin": [1], "b.bin": [1]], [:]] {
      let broken = ModelFiles(model: files.model, external: external, path: "broken.onnx")
      #expect(throws: ONNXError.self) { try broken.applying(edits) }
    }
  }
}

extension Onnx_TensorProto {
  /// This tensor under another name, as raw data.
  fileprivate func rawForm(_ name: String) throws -> Onnx_TensorProto {
    var tensor = self
    tensor.name = name
    tensor.rawData = try rawBytes()
    tensor.floatData = []
    return tensor
  }
}
