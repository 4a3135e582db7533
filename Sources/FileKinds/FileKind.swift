/// What a file holds that should hold something else, told by its first bytes: for errors that name what was found.
public enum FileKind {
  /// Bytes from a file's beginning that are looked at.
  public static let frontBytes = 64

  /// What stands behind "found" in an error, such as "a PNG image"; for content that nothing tells, its first bytes.
  /// - Parameter front: the file's beginning, `frontBytes` or all of a shorter one; what goes beyond is not looked at.
  public static func phrase(_ front: some Collection<UInt8>) -> String {
    known(front)
      ?? "other content that begins with the bytes "
      + front.prefix(4).map { String($0, radix: 16) }.joined(separator: " ")
  }

  /// The same, `nil` for content that nothing tells.
  public static func known(_ front: some Collection<UInt8>) -> String? {
    let front = Array(front.prefix(frontBytes))
    guard !front.isEmpty else { return "an empty file" }
    if let signature = signatures.first(where: { front.starts(with: $0.bytes) }) { return signature.phrase }
    if front.starts(with: Array("RIFF".utf8)), front.dropFirst(8).starts(with: Array("WEBP".utf8)) {
      return "a WebP image"
    }
    return text(front)
  }

  private static let signatures: [(bytes: [UInt8], phrase: String)] = [
    (
      Array("version https://git-lfs.github.com/spec/".utf8),
      "a Git LFS pointer in the file's place, which `git lfs pull` fetches"
    ),
    ([0x89] + Array("PNG\r\n\u{1A}\n".utf8), "a PNG image"),
    ([0xFF, 0xD8, 0xFF], "a JPEG image"),
    (Array("GIF8".utf8), "a GIF image"),
    (Array("II".utf8) + [0x2A, 0], "a TIFF image"),
    (Array("MM".utf8) + [0, 0x2A], "a TIFF image"),
    ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
    (Array("PK".utf8) + [3, 4], "a zip archive, as numpy.savez and torch.save write them"),
    ([0x1F, 0x8B], "a gzip file"),
    ([0x89] + Array("HDF".utf8), "an HDF5 file"),
    ([0x80, 2], "a Python pickle"), ([0x80, 3], "a Python pickle"),
    ([0x80, 4], "a Python pickle"), ([0x80, 5], "a Python pickle"),
  ]

  /// Of text the beginning of its first line; only what a terminal shows as it is.
  private static func text(_ front: [UInt8]) -> String? {
    let blanks: Set<UInt8> = [UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " ")]
    let printable = UInt8(ascii: " ")...UInt8(ascii: "~")
    let line = front.drop(while: blanks.contains).prefix { printable.contains($0) }
    let isLine = line.endIndex == front.endIndex || blanks.contains(front[line.endIndex])
    // A few bytes that happen to be letters are no text; of a short line those behind it say so.
    let isAll = front.count >= 4 && front.allSatisfy { blanks.contains($0) || printable.contains($0) }
    guard isLine, !line.isEmpty, line.count >= 4 || isAll else { return nil }
    let words = String(decoding: line, as: UTF8.self)
    if words.lowercased().hasPrefix("<!doctype html") || words.lowercased().hasPrefix("<html") { return "a web page" }
    return "text that begins with '\(words.prefix(24))'"
  }
}
