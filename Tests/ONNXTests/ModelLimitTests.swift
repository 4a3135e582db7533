import Foundation
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

/// What a file may claim is limited: beyond it there is an error, in no time and without memory.
struct ModelLimitTests {
  /// A model that is not read, and what its error says.
  private func expectRefusal(_ builder: ModelBuilder, _ text: String, _ location: SourceLocation = #_sourceLocation)
    throws
  {
    let error = try builder.error()
    #expect(error.description.contains(text), "\(error)", sourceLocation: location)
  }

  @Test(arguments: [Int64(1) << 31, 1 << 40, .max])
  func `Split into more parts than there are results is refused before the parts are listed`(_ parts: Int64) throws {
    var builder = ModelBuilder(opset: 18, input: [nil, 1 << 31])
    builder.node("Split", ["x"], ["y", "z"], [.int("axis", 1), .int("num_outputs", parts)])
    try expectRefusal(builder, "does not split into \(parts) parts")
  }

  @Test func `parts of Split whose sum is past the largest integer are refused`() throws {
    var builder = ModelBuilder()
    builder.floats("hollow", dims: [0, 1 << 62], [])
    builder.integers("sizes", [1 << 62, 1 << 62, 1 << 62])
    builder.node("Split", ["hollow", "sizes"], ["a", "b", "c"], [.int("axis", 1)])
    builder.node("Concat", ["a", "b", "c", "x"], ["y"], [.int("axis", 1)])
    try expectRefusal(builder, "parts of")
  }

  @Test(.timeLimit(.minutes(30)))
  func `a product of any number of rows without elements is nothing`() throws {
    var builder = ModelBuilder()
    builder.floats("rows", dims: [1 << 50, 0], [])
    builder.floats("none", dims: [0, 0], [])
    builder.node("MatMul", ["rows", "none"], ["hollow"])
    builder.node("ReduceSum", ["hollow"], ["sum"])
    builder.node("Add", ["x", "sum"], ["y"])
    try expectRefusal(builder, "a reduction over no elements")
  }

  @Test(.timeLimit(.minutes(30)))
  func `products that are folded are limited all together`() throws {
    var builder = ModelBuilder()
    builder.integers("square", [1024, 1024])
    builder.node("ConstantOfShape", ["square"], ["m0"])
    for step in 0..<4 { builder.node("MatMul", ["m\(step)", "m0"], ["m\(step + 1)"], name: "product\(step)") }
    builder.node("Add", ["x", "m4"], ["y"])
    let error = try builder.error()
    #expect(error.place == "node 'product2' (MatMul)", "\(error)")
    #expect(error.problem.contains("too large to compute here"))
  }

  @Test(.timeLimit(.minutes(30)))
  func `parts without elements are not looked at once per run`() throws {
    var builder = ModelBuilder()
    builder.integers("hollow_shape", [1 << 22, 0])
    builder.integers("shape", [1 << 22, 1])
    builder.node("ConstantOfShape", ["hollow_shape"], ["hollow"])
    builder.node("ConstantOfShape", ["shape"], ["column"])
    let parts = [String](repeating: "hollow", count: 20_000)
    builder.node("Concat", parts + ["column"], ["joined"], [.int("axis", 1)])
    builder.node("ReduceSum", ["joined"], ["sum"])
    builder.node("Add", ["x", "sum"], ["y"])
    #expect(try builder.network().result == [2, 3, 8, 8])
  }

  @Test(.timeLimit(.minutes(30)))
  func `many names made from one are found at once`() throws {
    var builder = ModelBuilder()
    builder.integers("flag", [1])
    // At once: adding them one by one copies all that are there.
    builder.proto.graph.node = (0..<20_000).map { number in
      .with {
        $0.opType = "Equal"
        $0.input = [number == 0 ? "x" : "e\(number - 1)", "flag"]
        $0.output = ["e\(number)"]
      }
    }
    builder.node("Add", ["x", "e19999"], ["y"])
    #expect(try builder.network().nodes.count == 20_001)
  }

  @Test func `repeats of Tile count for all nodes together`() throws {
    var builder = ModelBuilder(input: [1, 1])
    builder.integers("repeats", [1, 1 << 16])
    for number in 0..<100 { builder.node("Tile", ["x", "repeats"], ["t\(number)"], name: "tile\(number)") }
    builder.node("Sum", (0..<100).map { "t\($0)" }, ["y"])
    let error = try builder.error(batch: 1)
    #expect(error.place.hasSuffix("(Tile)"), "\(error)")
  }

  @Test func `channels of layers count for all layers together`() throws {
    var builder = ModelBuilder(input: [nil, 1])
    builder.floats("w", dims: [1, 1 << 20], [Float](repeating: 1, count: 1 << 20))
    for number in 0..<5 { builder.node("MatMul", ["x", "w"], ["y\(number)"], name: "layer\(number)") }
    builder.node("Sum", (0..<5).map { "y\($0)" }, ["y"])
    let error = try builder.error()
    #expect(error.place == "node 'layer4' (MatMul)" || error.place == "node 'layer3' (MatMul)", "\(error)")
    #expect(error.problem.contains("channels together"))
  }

  @Test func `a window of channels beyond sense is refused`() throws {
    var builder = ModelBuilder()
    builder.node("LRN", ["x"], ["y"], [.int("size", .max)])
    try expectRefusal(builder, "a window of")
  }

  @Test(arguments: [(1 << 24) + 4, (1 << 25) + 2])
  func `a resized axis of any length is read within its end`(_ extent: Int) throws {
    for coordinates in [ResizeRule.Coordinates.alignCorners, .halfPixel, .pyTorchHalfPixel] {
      let rule = ResizeRule(mode: .linear, coordinates: coordinates)
      let target = ResizeTarget(axis: 0, extent: 3, scale: 3 / Float(extent))
      let sources = try rule.resampling(target, from: extent).sources
      #expect(sources.allSatisfy { (0..<extent).contains($0) }, "\(coordinates): \(sources)")
    }
  }

  // MARK: Messages and names

  @Test func `messages in each other are limited`() throws {
    var attribute = Onnx_AttributeProto.graph("g")
    for _ in 0..<12 {
      var node = Onnx_NodeProto()
      node.attribute = [attribute]
      attribute = .graph("g")
      attribute.g.node = [node]
    }
    var builder = ModelBuilder()
    builder.node("Relu", ["x"], ["y"], [attribute])
    try expectRefusal(builder, "nested more than \(ImportLimits.nesting) deep")
  }

  @Test(.timeLimit(.minutes(30)))
  func `fields, nodes and initializers are counted before anything is decoded`() throws {
    func model(_ graph: [UInt8]) -> ModelFiles {
      ModelFiles(model: WireRope.head(field: 7, count: graph.count) + graph, path: "folder/toy.onnx")
    }
    // A node, an initializer and an output without content.
    for (field, limit, text) in [
      (UInt8(0x0A), ImportLimits.nodes, "nodes or initializers"), (0x2A, ImportLimits.nodes, "nodes or initializers"),
      (0x62, ImportLimits.fields, "fields"),
    ] {
      let graph = [[UInt8]](repeating: [field, 0], count: limit + 1).flatMap { $0 }
      let error = try #require(throws: ONNXError.self) { try ONNXModel(files: model(graph)) }
      #expect(error.problem.contains(text), "\(error)")
    }
  }

  @Test(.timeLimit(.minutes(30)))
  func `attributes and what they hold are counted before anything is decoded`() throws {
    func nested(_ fields: [Int], _ content: [UInt8]) -> [UInt8] {
      fields.reversed().reduce(content) { WireRope.head(field: $1, count: $0.count) + $0 }
    }
    let many = ImportLimits.attributes
    // Attributes of a node; graphs of an attribute; attributes that each hold a tensor and a graph.
    for graph in [
      nested([1], [[UInt8]](repeating: [0x2A, 0], count: many + 1).flatMap { $0 }),
      nested([1, 5], [[UInt8]](repeating: [0x5A, 0], count: many).flatMap { $0 }),
      nested([1], [[UInt8]](repeating: [0x2A, 4, 0x2A, 0, 0x32, 0], count: many / 3 + 1).flatMap { $0 }),
    ] {
      let files = ModelFiles(model: nested([7], graph), path: "folder/toy.onnx")
      let error = try #require(throws: ONNXError.self) { try ONNXModel(files: files) }
      #expect(error.problem.contains("attributes"), "\(error)")
    }
  }

  @Test(arguments: [String(repeating: "n", count: 4097), String(repeating: "n\u{301}\u{316}", count: 300)])
  func `a name that is too long is refused wherever it stands`(_ name: String) throws {
    for place in 0..<5 {
      var builder = ModelBuilder()
      builder.node("Relu", ["x"], ["y"])
      switch place {
      case 0: builder.proto.graph.node[0].name = name
      case 1: builder.proto.graph.node[0].opType = name
      case 2: builder.proto.graph.node[0].output = [name]
      case 3: builder.floats(name, dims: [1])
      default: builder.proto.graph.node[0].attribute = [.int(name, 1)]
      }
      try expectRefusal(builder, "bytes, at most")
    }
  }

  @Test func `an error is one line of bounded length, whatever the names are`() throws {
    var builder = ModelBuilder()
    builder.node("Re\nlu\u{1B}[31m", ["x"], ["y"], name: "evil\u{2028}\r\nname")
    for number in 0..<3000 { builder.node("Odd\(number)", ["y"], ["z\(number)"]) }
    builder.proto.graph.output = [ModelBuilder.value("z2999", [])] + (0..<2999).map { ModelBuilder.value("z\($0)", []) }
    let line = try builder.error().description
    #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x2028 })
    #expect(line.unicodeScalars.count < ImportLimits.errorCharacters * 9)
    #expect(line.hasSuffix("…"))
  }

  // MARK: External data

  private func model(_ locations: [String]) throws -> [UInt8] {
    var builder = ModelBuilder(input: [nil, 4])
    for (number, location) in locations.enumerated() {
      var tensor = ModelBuilder.floatTensor("w\(number)", dims: [4])
      tensor.floatData = []
      tensor.dataLocation = .external
      tensor.externalData = [
        .with {
          $0.key = "location"
          $0.value = location
        }
      ]
      builder.proto.graph.initializer.append(tensor)
      builder.node(
        "Add", [number == 0 ? "x" : "t\(number - 1)", "w\(number)"],
        [number == locations.count - 1 ? "y" : "t\(number)"])
    }
    return try builder.bytes
  }

  private func folder(_ locations: [String]) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("onnx-limits-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(try model(locations)).write(to: folder.appendingPathComponent("m.onnx"))
    return folder
  }

  @Test func `external data with a second name are refused`() throws {
    let folder = try folder(["w.bin"])
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("w.bin")
    try Data(count: 16).write(to: file)
    _ = try ModelFiles.read(folder.appendingPathComponent("m.onnx").path)
    try FileManager.default.linkItem(at: file, to: folder.appendingPathComponent("other.bin"))
    let error = try #require(throws: ONNXError.self) {
      try ModelFiles.read(folder.appendingPathComponent("m.onnx").path)
    }
    #expect(error.kind == .badContent)
    #expect(error.problem.contains("hard links"), "\(error)")
  }

  @Test func `external data are limited all together, by whatever names they go`() throws {
    let folder = try folder(["w.bin", "./w.bin", "././w.bin"])
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("w.bin")
    try Data(count: 16).write(to: file)
    #expect(try ModelFiles.read(folder.appendingPathComponent("m.onnx").path).external.count == 3)
    // Sparse: it takes no room on the disk, and must take none in memory.
    #expect(truncate(file.path, off_t(ImportLimits.externalBytes) + 1) == 0)
    let error = try #require(throws: ONNXError.self) {
      try ModelFiles.read(folder.appendingPathComponent("m.onnx").path)
    }
    #expect(error.problem.contains("can be read"), "\(error)")
  }
}
