import Configuration
import Digests

/// A file of a result, as `run.json` lists them.
struct RunOutput: Hashable {
  /// Its name in the directory of the run.
  let name: String
  /// 64 hexadecimal digits.
  let sha256: String
  /// Its size in bytes.
  let size: Int

  init(name: String, sha256: String, size: Int) {
    (self.name, self.sha256, self.size) = (name, sha256, size)
  }

  /// The file as it lies in a directory.
  /// - Throws: when it cannot be read.
  init(_ name: String, in directory: String) throws {
    try self.init(name: name, reading: directory + "/" + name)
  }

  /// A file with the name that it is called by.
  /// - Throws: when it cannot be read.
  init(name: String, reading path: String) throws {
    guard let file = FileHandleReader(path) else {
      throw SearchError(.cannotBeRead, file: path, "cannot be read: \(FileHandleReader.lastError)")
    }
    let hash = SHA256()
    var size = 0
    while let piece = try file.next(1 << 20) {
      hash.append(piece)
      size += piece.count
    }
    self.init(name: name, sha256: hash.hexadecimal, size: size)
  }

  var json: JSONValue { ["path": .string(name), "sha256": .string(sha256), "bytes": .integer(size)] }

  /// Reads an entry of a record.
  /// - Throws: when it is none, or its path may lead out of the directory.
  init(_ place: LocatedJSON) throws(ConfigurationError) {
    let members = try place.members(["path", "sha256", "bytes"])
    let path = try members.required("path")
    name = try path.string()
    guard !name.isEmpty, ![".", ".."].contains(name),
      !name.utf8.contains(where: { [0, UInt8(ascii: "/")].contains($0) })
    else { throw path.error(expected: "the name of a file in this directory") }
    let digest = try members.required("sha256")
    sha256 = try digest.string()
    guard SHA256.digest(hexadecimal: sha256) != nil else {
      throw digest.error(expected: "64 hexadecimal digits")
    }
    size = try members.required("bytes").integer(in: 0...Int.max, expected: "a number of bytes")
  }
}
