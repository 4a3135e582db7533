import Foundation
import Testing

@testable import ArrayFiles

/// A directory that lives as long as one test.
final class ScratchDirectory {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("ArrayFiles-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file in the directory.
  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes a file and gives its path.
  func write(_ bytes: [UInt8], as name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  var contents: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }
}

/// The error that `body` throws, or `nil` when it returns.
func arrayFileError(_ body: () throws(ArrayFileError) -> Void) -> ArrayFileError? {
  do {
    try body()
    return nil
  } catch {
    return error
  }
}

/// Expects two long arrays to be equal. For a plain `==` the testing library would work out the edits between them, which
/// takes minutes for a million elements; this names the first difference.
func expectSame<Element: Equatable>(
  _ found: [Element], _ expected: [Element], sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.count == expected.count, sourceLocation: sourceLocation)
  if let place = zip(found, expected).enumerated().first(where: { $0.element.0 != $0.element.1 })?.offset {
    Issue.record("element \(place): \(found[place]) is not \(expected[place])", sourceLocation: sourceLocation)
  }
}

func bytes(ofFile path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

/// A `.npy` file put together from its parts.
func npyFile(header: String, data: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
  let text = Array(header.utf8)
  let length = version == 1 ? littleEndianBytes(UInt16(text.count)) : littleEndianBytes(UInt32(text.count))
  return NPYHeader.magic + [version, 0] + length + text + data
}

/// A `.npy` header of the usual form.
func npyHeader(type: String, shape: String, fortran: Bool = false) -> String {
  "{'descr': '\(type)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n"
}
