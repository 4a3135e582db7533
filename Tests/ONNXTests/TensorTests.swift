import Foundation
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

struct TensorTests {
  /// The same four numbers in every form that a file may give them.
  static let forms: [(ElementType, Onnx_TensorProto)] = {
    func tensor(_ type: ElementType, _ fill: (inout Onnx_TensorProto) -> Void) -> (ElementType, Onnx_TensorProto) {
      var tensor = Onnx_TensorProto()
      tensor.dims = [2, 2]
      tensor.dataType = type.rawValue
      fill(&tensor)
      return (type, tensor)
    }
    func raw<Number>(_ values: [Number]) -> Data { values.withUnsafeBytes { Data($0) } }
    let halves: [UInt16] = [0x3C00, 0xC000, 0x3800, 0x0000]  // 1, −2, ½, 0
    return [
      tensor(.float32) { $0.floatData = [1, -2, 0.5, 0] },
      tensor(.float32) { $0.rawData = raw([1, -2, 0.5, 0] as [Float]) },
      tensor(.float64) { $0.doubleData = [1, -2, 0.5, 0] },
      tensor(.float64) { $0.rawData = raw([1, -2, 0.5, 0] as [Double]) },
      tensor(.float16) { $0.int32Data = halves.map { Int32($0) } }, tensor(.float16) { $0.rawData = raw(halves) },
    ]
  }()

  @Test(arguments: forms.indices)
  func `raw and typed data of every float type decode to the same numbers`(_ form: Int) throws {
    let (type, proto) = Self.forms[form]
    let tensor = try ConstantTensor(proto, files: [:])
    #expect(tensor.doubles == [1, -2, 0.5, 0])
    #expect(tensor.shape == Shape([2, 2]))
    if case .double = tensor.elements { #expect(type == .float64) } else { #expect(type != .float64) }
  }

  @Test(arguments: [
    (ElementType.int8, [0xFF, 0x02] as [UInt8], [-1, 2] as [Int64]), (.uint8, [0xFF, 0x02], [255, 2]),
    (.int16, [0xFE, 0xFF, 1, 0], [-2, 1]), (.uint16, [0xFE, 0xFF, 1, 0], [65534, 1]),
    (.int32, [0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0], [-1, 1]), (.bool, [2, 0], [1, 0]),
  ])
  func `raw integers keep sign and value`(_ type: ElementType, bytes: [UInt8], expected: [Int64]) throws {
    var proto = Onnx_TensorProto()
    proto.dims = [2]
    proto.dataType = type.rawValue
    proto.rawData = Data(bytes)
    #expect(try ConstantTensor(proto, files: [:]).elements.integers == expected)
  }

  @Test(arguments: [[2, 3], [-1], [Int64.max, 4], [0, .max, .max], [5]])
  func `data that do not fit the dimensions are refused before anything is allocated`(_ dims: [Int64]) throws {
    for (_, form) in Self.forms {
      var proto = form
      proto.dims = dims
      #expect(throws: ImportProblem.self) { try ConstantTensor(proto, files: [:]) }
    }
  }

  @Test(arguments: [8, 16, 99])
  func `element types without a number are unsupported`(_ type: Int32) throws {
    var proto = Onnx_TensorProto()
    proto.dataType = type
    let problem = try #require(throws: ImportProblem.self) { try ConstantTensor(proto, files: [:]) }
    #expect(problem.kind == .unsupported)
  }
}

extension ConstantTensor.Elements {
  var integers: [Int64]? {
    if case .integer(let values) = self { values } else { nil }
  }
}

struct ExternalDataTests {
  /// A model whose one weight [4] is external.
  private func builder(_ entries: [String: String]) -> ModelBuilder {
    var builder = ModelBuilder(input: [nil, 4])
    var weight = Onnx_TensorProto()
    weight.name = "w"
    weight.dims = [4]
    weight.dataType = ElementType.float32.rawValue
    weight.dataLocation = .external
    weight.externalData = entries.map { key, value in
      .with {
        $0.key = key
        $0.value = value
      }
    }
    builder.proto.graph.initializer = [weight]
    builder.node("Add", ["x", "w"], ["y"])
    return builder
  }

  private let data: [UInt8] =
    [0, 0, 0, 0] + [Float(1), 2, 3, 4].flatMap { value in withUnsafeBytes(of: value) { Array($0) } }

  /// A fresh folder with a model and what else is asked for.
  private func folder(_ builder: ModelBuilder, _ files: [String: [UInt8]]) throws -> URL {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-test-\(UUID().uuidString)")
    let folder = root.appendingPathComponent("model")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(builder.bytes).write(to: folder.appendingPathComponent("m.onnx"))
    for (name, bytes) in files { try Data(bytes).write(to: folder.appendingPathComponent(name)) }
    return folder
  }

  @Test(arguments: [["offset": "4", "length": "16"], ["offset": "4"]])
  func `external data inside the folder are read`(_ range: [String: String]) throws {
    let entries = range.merging(["location": "w.bin"]) { first, _ in first }
    let folder = try folder(builder(entries), ["w.bin": data])
    defer { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }
    let files = try ModelFiles.read(folder.appendingPathComponent("m.onnx").path)
    #expect(files.name == "m")
    #expect(files.external == ["w.bin": data])
    let network = try ONNXModel(files: ModelFiles(serialized: files.serialized)).network(batchSize: 1)
    #expect(try network.constant(network.nodes[0], 1).floats == [1, 2, 3, 4])
  }

  @Test(arguments: [
    (["location": "../secret.bin"], ONNXError.Kind.badContent), (["location": "a/../../secret.bin"], .badContent),
    (["location": "/etc/hostname"], .badContent), (["location": "link.bin"], .badContent), ([:], .badContent),
    (["location": "missing.bin"], .unreadable), (["location": "."], .unreadable), (["location": "pipe"], .unreadable),
    (["location": "w.bin", "offset": "8"], .badContent), (["location": "w.bin", "length": "12"], .badContent),
    (["location": "w.bin", "offset": "-4"], .badContent),
    (["location": "w.bin", "offset": "99999999999"], .badContent),
    (["location": "w.bin", "offset": "9223372036854775807"], .badContent),
    (["location": "w.bin", "offset": "x"], .badContent),
  ])
  func `external data that leave the folder or the file are refused`(
    _ entries: [String: String], kind: ONNXError.Kind
  ) throws {
    let folder = try folder(builder(entries), ["w.bin": data])
    let root = folder.deletingLastPathComponent()
    defer { try? FileManager.default.removeItem(at: root) }
    try Data(data).write(to: root.appendingPathComponent("secret.bin"))
    try FileManager.default.createSymbolicLink(
      at: folder.appendingPathComponent("link.bin"), withDestinationURL: root.appendingPathComponent("secret.bin"))
    #expect(mkfifo(folder.appendingPathComponent("pipe").path, 0o600) == 0)
    let error = try #require(throws: ONNXError.self) {
      try ONNXModel(contentsOf: folder.appendingPathComponent("m.onnx").path)
    }
    #expect(error.kind == kind, "\(error)")
    #expect(error.place == "initializer 'w'", "\(error)")
    #expect(error.file.hasSuffix("m.onnx"))
  }

  @Test func `a link that stays inside the folder is followed`() throws {
    let folder = try folder(builder(["location": "link.bin", "offset": "4"]), ["w.bin": data])
    defer { try? FileManager.default.removeItem(at: folder.deletingLastPathComponent()) }
    try FileManager.default.createSymbolicLink(
      atPath: folder.appendingPathComponent("link.bin").path, withDestinationPath: "w.bin")
    _ = try ONNXModel(contentsOf: folder.appendingPathComponent("m.onnx").path)
  }

  @Test(arguments: ["", "/nonexistent/model.onnx", "/", "/dev/null", "/tmp"])
  func `what is no readable file is unreadable`(_ path: String) throws {
    let error = try #require(throws: ONNXError.self) { try ONNXModel(contentsOf: path) }
    #expect(error.kind == .unreadable)
  }

  @Test(.enabled(if: reference != nil))
  func `every other kind of file is no ONNX model`() throws {
    let error = try #require(throws: ONNXError.self) { try ONNXModel(contentsOf: #filePath) }
    #expect(error.kind == .badContent)
    let empty = try #require(throws: ONNXError.self) { try ONNXModel(files: ModelFiles(model: [], path: "empty.onnx")) }
    #expect(empty.description == "empty.onnx: no ONNX model but an empty file")
  }
}
