import Foundation
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

/// Protobuf fields, written and read by the test's own means.
enum Wire {
  static func varint(_ number: UInt64, length: Int = 1) -> [UInt8] {
    var (rest, bytes) = (number, [UInt8]())
    while rest >= 0x80 || bytes.count < length - 1 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// A delimited field; its length in at least so many bytes.
  static func field(_ number: UInt64, _ content: [UInt8], lengthBytes: Int = 1) -> [UInt8] {
    varint(number << 3 | 2) + varint(UInt64(content.count), length: lengthBytes) + content
  }

  static func number(_ number: UInt64, _ value: UInt64) -> [UInt8] { varint(number << 3) + varint(value) }

  /// The fields of a sound message: number and bytes of each.
  static func fields(_ bytes: ArraySlice<UInt8>) -> [(number: UInt64, whole: [UInt8], content: ArraySlice<UInt8>)] {
    var rest = bytes
    var fields: [(UInt64, [UInt8], ArraySlice<UInt8>)] = []
    func take() -> UInt64 {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      return value
    }
    while !rest.isEmpty {
      let start = rest.startIndex
      let tag = take()
      var content = rest.startIndex
      switch tag & 7 {
      case 0: _ = take()
      case 1: rest = rest.dropFirst(8)
      case 5: rest = rest.dropFirst(4)
      default:
        let length = Int(take())
        content = rest.startIndex
        rest = rest.dropFirst(length)
      }
      fields.append((tag >> 3, Array(bytes[start..<rest.startIndex]), bytes[content..<rest.startIndex]))
    }
    return fields
  }

  /// The fields of a model's graph.
  static func graph(_ model: ArraySlice<UInt8>) -> [(number: UInt64, whole: [UInt8], content: ArraySlice<UInt8>)] {
    fields(model).first { $0.number == 7 }.map { fields($0.content) } ?? []
  }
}

extension ModelFiles {
  /// Files of a model that a test made.
  init(_ builder: ModelBuilder, external: [String: [UInt8]] = [:]) throws {
    self.init(model: try builder.bytes, external: external, path: "folder/toy.onnx")
  }

  var proto: Onnx_ModelProto {
    get throws { try Onnx_ModelProto(serializedBytes: Array(model)) }
  }
}

struct EditingWireTests {
  /// Two convolutions with all that a file may hold beside them.
  static func model() throws -> [UInt8] {
    var builder = ModelBuilder(input: [1, 3, 8, 8])
    builder.floats("w", dims: [4, 3, 1, 1])
    builder.floats("b", dims: [4])
    builder.floats("v", dims: [2, 4, 1, 1])
    builder.node("Conv", ["x", "w", "b"], ["h"], name: "first")
    builder.node("Relu", ["h"], ["r"])
    builder.node(
      "Constant", [], ["k"], name: "held", [.tensor("value", ModelBuilder.floatTensor("", dims: [4, 1, 1]))])
    builder.node("Mul", ["r", "k"], ["m"])
    builder.node("Conv", ["m", "v"], ["y"], name: "second")
    builder.proto.graph.valueInfo = [
      ModelBuilder.value("h", [1, 4, 8, 8]), ModelBuilder.value("m", [nil, 4, 8, 8]),
      ModelBuilder.value("r", [1, 4, 8, 8]),
    ]
    builder.proto.graph.output = [ModelBuilder.value("y", [1, 2, 8, 8])]
    return try shuffled(builder)
  }

  /// The file with unknown fields everywhere, and everything in an order that no writer uses.
  private static func shuffled(_ builder: ModelBuilder) throws -> [UInt8] {
    let unknown =
      Wire.field(900, Array("kept".utf8)) + Wire.number(901, 1 << 60) + Wire.varint(902 << 3 | 5) + [1, 2, 3, 4]
    let others = Wire.fields(try builder.bytes[...])
    var graph = Wire.fields(others.first { $0.number == 7 }?.content ?? []).map(\.whole)
    let initializers = graph.filter { $0[0] == 5 << 3 | 2 }
    graph.removeAll { $0[0] == 5 << 3 | 2 }
    for initializer in initializers.reversed() { graph.insert(initializer, at: graph.count / 2) }
    graph.insert(unknown, at: 1)
    graph.append(Wire.field(15, Array("a sparse initializer".utf8)) + Wire.field(14, Array("an annotation".utf8)))
    let metadata = Wire.field(14, Wire.field(1, Array("key".utf8)) + Wire.field(2, Array("value".utf8)))
    // A length in five bytes where two would do, as writers leave it that fill it in later.
    return metadata + Wire.field(25, Array("a function".utf8)) + Wire.field(7, graph.flatMap { $0 }, lengthBytes: 5)
      + unknown + others.filter { $0.number != 7 }.flatMap(\.whole)
  }

  private static func files() throws -> ModelFiles { ModelFiles(model: try model(), path: "folder/toy.onnx") }

  @Test(.enabled(if: reference != nil), arguments: SharedNetworkTests.files)
  func `no edits leave every byte of a model`(_ file: String) throws {
    let root = try #require(reference)
    let files = try ModelFiles.read(root.appendingPathComponent(file + ".onnx").path)
    #expect(try files.applying(ModelEdits()) == files)
    #expect(try files.replacing([]) == files)
    let outputs = try files.outputs(named: "pruned.onnx")
    #expect(outputs.map(\.name) == ["pruned.onnx"])
    #expect(outputs.first?.bytes == files.model)
  }

  @Test(.enabled(if: reference != nil), arguments: SharedNetworkTests.files)
  func `a tensor in place of itself leaves every byte of a model`(_ file: String) throws {
    let root = try #require(reference)
    let files = try ModelFiles.read(root.appendingPathComponent(file + ".onnx").path)
    var edits = ModelEdits()
    for tensor in try files.proto.graph.initializer { edits.tensors[tensor.name] = try tensor.taking([:], files: [:]) }
    #expect(try files.applying(edits) == files)
  }

  @Test func `no edits leave every byte of a model with unknown fields and odd lengths`() throws {
    let files = try Self.files()
    #expect(try files.applying(ModelEdits()) == files)
    _ = try ONNXModel(files: files).network(batchSize: 1)
    // A model that is a part of a larger run of bytes, as another rank gets it.
    let received = try ModelFiles(serialized: files.serialized)
    #expect(try received.applying(ModelEdits()).model == files.model)
  }

  /// An edit, and what it does to a list of the graph's fields.
  struct Edit: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let make: @Sendable (Onnx_GraphProto) -> ModelEdits
    /// By the name in a field what it becomes.
    let changed: [String: Int]
    /// What comes behind the named field.
    var inserted: (behind: String, count: Int)?
  }

  static let edits: [Edit] = [
    Edit(
      testDescription: "tensor",
      make: { graph in edited { $0.tensors["b"] = with(graph.tensor("b")) { $0.floatData[0] = 7 } } },
      changed: ["b": 1]),
    Edit(
      testDescription: "constant",
      make: { _ in edited { $0.tensors["k"] = ModelBuilder.floatTensor("", dims: [4, 1, 1], [4, 3, 2, 1]) } },
      changed: ["held": 1]),
    Edit(
      testDescription: "two nodes for one",
      make: { graph in
        edited { $0.nodes[0] = [graph.node[0], graph.node[0]].map { with($0) { $0.docString = "new" } } }
      }, changed: ["first": 2]),
    Edit(testDescription: "node removed", make: { _ in edited { $0.nodes[4] = [] } }, changed: ["second": 0]),
    Edit(
      testDescription: "initializer removed", make: { _ in edited { $0.removedInitializers = ["v"] } },
      changed: ["v": 0]),
    Edit(
      testDescription: "extents",
      make: { _ in edited { $0.extents = ["h": [1: 3], "m": [0: 9, 1: 3], "r": [1: 4, 7: 2], "none": [0: 1]] } },
      changed: ["h": 1, "m": 1]),
    Edit(
      testDescription: "initializer added",
      make: { _ in edited { $0.addedInitializers = [ModelBuilder.floatTensor("new", dims: [2])] } }, changed: [:],
      inserted: ("v", 1)),
  ]

  private static func edited(_ change: (inout ModelEdits) -> Void) -> ModelEdits {
    var edits = ModelEdits()
    change(&edits)
    return edits
  }

  private static func with<Message>(_ message: Message, _ change: (inout Message) -> Void) -> Message {
    var copy = message
    change(&copy)
    return copy
  }

  /// The name in a node, an initializer or a value.
  private func name(_ field: (number: UInt64, whole: [UInt8], content: ArraySlice<UInt8>)) throws -> String? {
    switch field.number {
    case 1: try Onnx_NodeProto(serializedBytes: Array(field.content)).name
    case 5: try Onnx_TensorProto(serializedBytes: Array(field.content)).name
    case 11...13: try Onnx_ValueInfoProto(serializedBytes: Array(field.content)).name
    default: nil
    }
  }

  @Test(arguments: edits)
  func `an edit leaves the bytes of all other fields`(_ edit: Edit) throws {
    let files = try Self.files()
    let after = try files.applying(edit.make(try files.proto.graph))
    let (old, new) = (Wire.fields(files.model), Wire.fields(after.model))
    #expect(old.filter { $0.number != 7 }.map(\.whole) == new.filter { $0.number != 7 }.map(\.whole))
    #expect(old.map(\.number) == new.map(\.number))
    var rest = Wire.graph(after.model)[...]
    for field in Wire.graph(files.model) {
      let name = try name(field)
      let count = name.flatMap { edit.changed[$0] }
      if count == nil { #expect(rest.first?.whole == field.whole, "field \(field.number) '\(name ?? "")'") }
      for _ in 0..<(count ?? 1) {
        let changed = rest.popFirst()
        #expect(changed?.number == field.number)
        if count != nil { #expect(changed?.whole != field.whole) }
      }
      if let inserted = edit.inserted, inserted.behind == name {
        #expect(rest.prefix(inserted.count).allSatisfy { $0.number == 5 })
        rest = rest.dropFirst(inserted.count)
      }
    }
    #expect(rest.isEmpty)
  }

  @Test func `extents change on named written axes alone`() throws {
    let files = try Self.files()
    let after = try files.applying(Self.edits[5].make(Onnx_GraphProto())).proto.graph
    func extents(_ name: String) -> [String] {
      (after.valueInfo.first { $0.name == name }?.type.tensorType.shape.dim ?? []).map {
        $0.dimParam.isEmpty ? String($0.dimValue) : $0.dimParam
      }
    }
    #expect(extents("h") == ["1", "3", "8", "8"])
    #expect(extents("m") == ["open", "3", "8", "8"])
    #expect(extents("r") == ["1", "4", "8", "8"])
  }

  @Test(arguments: ["value", "value_floats", "value_float", "value_ints", "value_int"])
  func `a Constant keeps the attribute that holds it where that can hold the new tensor`(_ attribute: String) throws {
    var builder = ModelBuilder()
    var tensor = ModelBuilder.floatTensor("", dims: [3], [4, 5, 6])
    switch attribute {
    case "value_floats": builder.node("Constant", [], ["c"], [.floats(attribute, [1, 2])])
    case "value_float": builder.node("Constant", [], ["c"], [.float(attribute, 1)])
    case "value_ints": builder.node("Constant", [], ["c"], [.ints(attribute, [1, 2])])
    case "value_int": builder.node("Constant", [], ["c"], [.int(attribute, 1)])
    default: builder.node("Constant", [], ["c"], [.tensor(attribute, ModelBuilder.floatTensor("", dims: [2]))])
    }
    if attribute.hasPrefix("value_int") {
      tensor = Onnx_TensorProto.with {
        $0.dims = [3]
        $0.dataType = 7
        $0.int64Data = [4, 5, 6]
      }
    }
    if attribute == "value_int" || attribute == "value_float" {
      tensor.dims = []
      tensor.int64Data = Array(tensor.int64Data.prefix(1))
      tensor.floatData = Array(tensor.floatData.prefix(1))
    }
    var edits = ModelEdits()
    edits.tensors["c"] = tensor
    let node = try ModelFiles(builder).applying(edits).proto.graph.node[0]
    #expect(node.attribute.map(\.name) == [attribute])
    #expect(try ConstantTensor(ofConstantNode: node, files: [:]).doubles == tensor.expected)
    // Of another rank only `value` can hold it.
    edits.tensors["c"] = ModelBuilder.floatTensor("", dims: [1, 1], [9])
    let other = try ModelFiles(builder).applying(edits).proto.graph.node[0]
    #expect(other.attribute.map(\.name) == ["value"])
    #expect(try ConstantTensor(ofConstantNode: other, files: [:]).doubles == [9])
  }

  @Test(arguments: [3, 8])
  func `added and removed initializers are inputs too up to version 3 of the format`(_ version: Int64) throws {
    var builder = ModelBuilder()
    builder.proto.irVersion = version
    builder.floats("w", dims: [2, 3, 1, 1])
    builder.floats("gone", dims: [1])
    builder.node("Conv", ["x", "w"], ["y"])
    builder.proto.graph.input += [ModelBuilder.value("w", [2, 3, 1, 1]), ModelBuilder.value("gone", [1])]
    var edits = ModelEdits()
    edits.tensors["w"] = try builder.proto.graph.initializer[0].taking([0: [1]], files: [:])
    edits.addedInitializers = [ModelBuilder.floatTensor("new", dims: [5])]
    edits.removedInitializers = ["gone"]
    let graph = try ModelFiles(builder).applying(edits).proto.graph
    #expect(graph.initializer.map(\.name) == ["w", "new"])
    #expect(graph.input.map(\.name) == (version == 3 ? ["x", "w", "new"] : ["x", "w"]))
    let extents = graph.input.dropFirst().map { $0.type.tensorType.shape.dim.map(\.dimValue) }
    #expect(extents == (version == 3 ? [[1, 3, 1, 1], [5]] : [[1, 3, 1, 1]]))
  }

  @Test func `edits of what is not there are refused`() throws {
    for change: (inout ModelEdits) -> Void in [
      { $0.tensors["none"] = Onnx_TensorProto() }, { $0.tensors["h"] = Onnx_TensorProto() }, { $0.nodes[5] = [] },
      { $0.nodes[-1] = [] }, { $0.removedInitializers = ["k"] },
    ] {
      let files = try Self.files()
      let error = try #require(throws: ONNXError.self) { try files.applying(Self.edited(change)) }
      #expect(error.kind == .badContent)
      #expect(error.file == "folder/toy.onnx")
    }
  }

  @Test(
    arguments: [
      ([0x3B, 0x3C], "wire type 3"), ([0x00], "field number 0"), ([0x3A, 0x05, 0x0A], "1 are left"),
      ([0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], "18446744073709551615 bytes"),
      ([0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], "does not end"),
      ([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], "does not end"),
      ([0x08], "does not end"),
      ([0x09, 1, 2, 3], "8 bytes"), ([0x0D, 1, 2, 3], "4 bytes"), ([0x0E], "wire type 6"),
      ([0x3A, 0x01, 0x0A], "does not end"),
      ([0xFA, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x00], "field number"), ([], "no graph"), ([0x38, 0x01], "no graph"),
      ([0x3A, 0, 0x3A, 0], "several pieces"),
    ] as [([UInt8], String)])
  func `damaged wire data are an error`(_ bytes: [UInt8], text: String) throws {
    let files = ModelFiles(model: bytes, external: ["data": [1]], path: "damaged.onnx")
    let error = try #require(throws: ONNXError.self) { try files.applying(ModelEdits()) }
    #expect(error.description.contains("damaged.onnx"))
    #expect(error.problem.contains(text), "\(error)")
    #expect(throws: ONNXError.self) { try files.outputs(named: "out.onnx") }
  }
}

extension Onnx_GraphProto {
  func tensor(_ name: String) -> Onnx_TensorProto { initializer.first { $0.name == name } ?? Onnx_TensorProto() }
}

extension Onnx_TensorProto {
  fileprivate var expected: [Double] { floatData.map { Double($0) } + int64Data.map { Double($0) } }
}
