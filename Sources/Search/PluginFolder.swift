import ArrayFiles
import CProcess
import Configuration

import Glibc

/// The folder that a program of the user's is given: it lies in the output directory for as long as the program runs.
struct PluginFolder {
  /// Where it is, from the root.
  let path: String

  private static let prefix = ".prune-cluster-plugin-"

  /// Makes a folder.
  /// - Parameter directory: the output directory.
  init(in directory: String) throws(SearchError) {
    func failure(_ what: String) -> SearchError {
      SearchError(
        .cannotCreate, file: directory, "\(what) cannot be created: \(String(cString: strerror(errno)))")
    }
    guard let root = realpath(directory, nil) else { throw failure("a folder for the plug-in") }
    defer { free(root) }
    var name = Array("\(String(cString: root))/\(PluginFolder.prefix)XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else { throw failure("a folder for the plug-in") }
    path = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }

  /// Removes it with all that is in it.
  func remove() { pc_remove_tree(path) }

  /// Removes what killed processes have left in an output directory that nobody else writes to.
  static func removeLeftovers(in directory: String) {
    for name in AtomicFile.names(in: directory) where name.hasPrefix(prefix) { pc_remove_tree(directory + "/" + name) }
  }

  /// Makes a folder in it.
  func makeFolder(_ name: String) throws { try AtomicFile.makeDirectory("\(path)/\(name)") }

  /// Writes an array.
  func write(_ array: NumPyArray, as name: String) throws { try array.write(to: "\(path)/\(name)") }

  /// Writes a text.
  func write(_ value: JSONValue, as name: String) throws {
    try AtomicFile.write(Array(value.text().utf8), to: "\(path)/\(name)")
  }

  /// What the program has written to a file.
  /// - Returns: `nil` when there is no such file.
  /// - Throws: `SearchError` when it is none that can be read, or too large.
  func answer(_ name: String, of program: String) throws -> [UInt8]? {
    let file = "\(path)/\(name)"
    var status = stat()
    guard lstat(file, &status) == 0 else { return nil }
    let title = "\(name) of \(program)"
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SearchError(.badContent, file: title, "is no regular file")
    }
    guard status.st_size <= TextLimits.jsonBytes else {
      throw SearchError(
        .badContent, file: title, "has \(status.st_size) bytes, at most \(TextLimits.jsonBytes) are read")
    }
    do {
      return try FileHandleReader.contents(of: file, limit: TextLimits.jsonBytes)
    } catch let error as SearchError {
      // Whatever keeps it from being read, the program has left it so.
      throw SearchError(.badContent, file: title, error.problem)
    }
  }
}
