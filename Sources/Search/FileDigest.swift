import Digests
public import FoundationEssentials

/// A file with the SHA-256 of its content.
public struct FileDigest: Hashable, Sendable {
  /// The file as the configuration or model names it.
  public let path: String
  /// 64 hexadecimal digits.
  public let sha256: String

  /// A file whose digest is known.
  init(path: String, sha256: String) {
    self.path = path
    self.sha256 = sha256
  }

  /// A file whose bytes are at hand.
  public init(path: String, bytes: some ContiguousBytes) {
    self.path = path
    let hash = SHA256()
    bytes.withUnsafeBytes { hash.append($0) }
    sha256 = hash.hexadecimal
  }

  /// A file read piece by piece, so that its size does not matter.
  /// - Throws: `SearchError` when it cannot be read.
  init(reading path: String) throws {
    let pieceSize = 1 << 20
    guard let file = FileHandleReader(path) else {
      throw SearchError(.cannotBeRead, file: path, "cannot be read: \(FileHandleReader.lastError)")
    }
    let hash = SHA256()
    while let piece = try file.next(pieceSize) { hash.append(piece) }
    self.path = path
    sha256 = hash.hexadecimal
  }
}
