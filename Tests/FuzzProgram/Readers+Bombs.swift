import ArrayFiles
import Configuration
import Interchange
import Networks
import ONNX

/// Files that are as large as the limits let them be, or claim as much: what they take is the most that any file takes.
///
/// They are not damaged, as each takes seconds; the tests of this program run them once.
extension FuzzReader {
  static let bombs = FuzzReader(
    name: "bombs", seeds: explosions.indices.map { [UInt8($0)] }, isFinite: true, damaged: { $0.pick($1) },
    accepts: { bytes, folder in
      do {
        try explosions[Int(bytes[0])](folder)
        return true
      } catch {
        _ = "\(error)"
        return false
      }
    })

  private static let explosions: [@Sendable (String) throws -> Void] = [
    { _ in try json("[", "0,", "0]") }, { _ in try json("[", "{\"a\":0},", "0]", values: 2) },
    { _ in try json("[", "\"sixteen letters.\",", "0]") }, { _ in try json("[", "[[]],", "0]", values: 2) },
    { _ in try json("{\"a\":[", "1e9,", "0]}") },
    { _ in
      let text = repeated("a:{b:\"c\"}", 1 << 19)
      _ = try PruningDemand(parsing: text, as: .amct, file: "bomb") { path in (text, path) }
    },
    // Fields without content: nodes, initializers, described values, attributes of a node.
    { _ in try model(graph: repeated([0x0A, 0], 1 << 18)) }, { _ in try model(graph: repeated([0x2A, 0], 1 << 18)) },
    { _ in try model(graph: repeated([0x6A, 0], 1 << 22 - 8)) },
    { _ in
      try model(graph: field(0x0A, repeated([0x2A, 0], 1 << 20)))
    },
    // Graphs of an attribute, and attributes that each hold a tensor and a graph.
    { _ in try model(graph: field(0x0A, field(0x2A, repeated([0x5A, 0], 1 << 20 - 1)))) },
    { _ in try model(graph: field(0x0A, repeated([0x2A, 4, 0x2A, 0, 0x32, 0], (1 << 20) / 3))) },
    // Described values with a shape of one axis.
    { _ in try model(graph: repeated([0x6A, 8, 0x12, 6, 0x0A, 4, 0x12, 2, 0x0A, 0], 1 << 22 / 5 - 8)) },
    // Texts as long as may be, of letters under as many marks as may be, which comparing puts in order.
    { _ in
      let letter = "a" + String(repeating: "\u{301}\u{316}", count: 15)
      try json("[", "\"" + String(repeating: letter, count: (1 << 16) / letter.utf8.count) + "\",", "0]")
    },
    // Constants as large as may be.
    { _ in try fold([1 << 25]) }, { _ in try fold([1 << 24]) }, { _ in try fold([1 << 20, 1 << 12]) },
    { folder in try archive(1 << 28, folder) }, { folder in try archive(1 << 29, folder) },
  ]

  private static func repeated(_ text: String, _ count: Int) -> [UInt8] { repeated(Array(text.utf8), count) }

  private static func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
    Array(repeatElement(bytes, count: count).joined())
  }

  /// As many values as may be, read as a ratio file, which looks at each of them.
  private static func json(_ front: String, _ element: String, _ back: String, values: Int = 1) throws {
    let count = min((1 << 22 - 8) / values, (64 << 20 - 64) / element.utf8.count)
    let text = Array(front.utf8) + repeated(element, count) + Array(back.utf8)
    _ = try? SearchConfiguration(parsing: text, file: "bomb")
    _ = try RatioFile(parsing: text, file: "bomb")
  }

  /// A delimited field.
  private static func field(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    [tag] + WireMessage.varint(UInt64(content.count)) + content
  }

  private static func model(graph: [UInt8]) throws {
    let bytes = field(0x3A, graph) + [0x42, 4, 0x0A, 0, 0x10, 17]
    _ = try ONNXModel(files: ModelFiles(model: bytes, path: "bomb.onnx"))
  }

  /// A constant of some extents that is added to itself, and then to the input.
  private static func fold(_ extents: [Int]) throws {
    var model = ModelGrammar.Draft()
    model.list("extents", extents)
    model.node("ConstantOfShape", ["extents"], "c")
    model.node("Add", ["c", "c"], "d")
    model.node("ReduceSum", ["d"], "s")
    model.node("Add", ["x", "s"], "y")
    _ = try ONNXModel(files: ModelFiles(model: model.bytes, path: "bomb.onnx")).network(batchSize: 1)
  }

  /// A member of so many zeros.
  private static func archive(_ count: Int, _ folder: String) throws {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(count / 4),), }"
    var npy: [UInt8] = []
    npy.reserveCapacity(count + 1024)
    npy += [0x93] + Array("NUMPY".utf8) + [1, 0] + ZipMutation.number(header.utf8.count, 2) + Array(header.utf8)
    npy.append(contentsOf: repeatElement(0, count: count))
    let bytes = ZipMutation.archive([ZipMutation.Member(name: "bomb.npy", content: npy, isDeflated: true)])
    npy = []
    guard FuzzFile.write(bytes, to: folder + "/bomb") else { return }
    _ = try ArrayFile.open(folder + "/bomb", member: "bomb").floats()
  }
}
