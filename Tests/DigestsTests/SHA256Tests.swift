import Digests
import Testing

struct SHA256Tests {
  /// The examples of FIPS 180-2, appendix B, and the digest of nothing.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func `a text has the digest of the standard`(text: String, expected: String) {
    let hash = SHA256()
    hash.append(text.utf8)
    #expect(hash.hexadecimal == expected)
    #expect(hash.digest.count == SHA256.byteCount)
    #expect(SHA256.digest(hexadecimal: expected) == hash.digest)
  }

  @Test func `what is added in pieces counts as one, and a digest taken between changes nothing`() {
    let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    let whole = SHA256()
    whole.append(bytes)
    let pieces = SHA256()
    for start in stride(from: 0, to: bytes.count, by: 7) {
      // Neither of an array nor of what is not contiguous is anything lost.
      pieces.append(bytes[start..<min(start + 3, bytes.count)])
      pieces.append(bytes[min(start + 3, bytes.count)..<min(start + 7, bytes.count)].lazy.map { $0 })
      _ = pieces.digest
    }
    #expect(pieces.digest == whole.digest)
    #expect(SHA256().digest != whole.digest)
  }

  @Test(arguments: [
    "", "ab", String(repeating: "0", count: 63), String(repeating: "0", count: 65), String(repeating: "A", count: 64),
    String(repeating: "0", count: 62) + "0g",
  ])
  func `what is no digest is none`(text: String) {
    #expect(SHA256.digest(hexadecimal: text) == nil)
  }
}
