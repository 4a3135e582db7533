package import Foundation

/// A folder that lives as long as one test.
package final class TemporaryFolder: Sendable {
  /// Where it is.
  package let path: String

  package init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("prune-cluster-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something in it.
  package func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and gives its path.
  package func write(_ data: Data, as name: String) throws -> String {
    try data.write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  /// A file's content.
  package func contents(of name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: file(name))) }

  /// The names in it.
  package var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }
}
