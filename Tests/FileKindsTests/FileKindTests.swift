import FileKinds
import Testing

struct FileKindTests {
  private static let kinds: [(bytes: [UInt8], phrase: String)] = [
    ([], "an empty file"),
    (
      Array("version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 9\n".utf8),
      "a Git LFS pointer in the file's place, which `git lfs pull` fetches"
    ),
    (Array("\n <!DOCTYPE HTML>\n".utf8), "a web page"), (Array("<html lang=\"en\">\n".utf8), "a web page"),
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "a PNG image"), ([0xFF, 0xD8, 0xFF, 0xE0], "a JPEG image"),
    (Array("RIFFxxxxWEBPVP8L".utf8), "a WebP image"), (Array("GIF89a".utf8), "a GIF image"),
    ([0x50, 0x4B, 3, 4, 0], "a zip archive, as numpy.savez and torch.save write them"), ([0x1F, 0x8B], "a gzip file"),
    ([0x80, 4, 0x95], "a Python pickle"), ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
    (Array("1,2,3\r\n4,5,6".utf8), "text that begins with '1,2,3'"),
    (Array("a line that is longer than what is shown of it".utf8), "text that begins with 'a line that is longer th'"),
    (Array("{\n  \"model\": \"m.onnx\"\n}\n".utf8), "text that begins with '{'"),
    ([0x0A, 0x0A, 0x0A, 0x0A], "other content that begins with the bytes a a a a"),
    (Array("a\n".utf8) + [0, 0, 0], "other content that begins with the bytes 61 a 0 0"),
    // What a terminal would not show as it is, is no text.
    ([0x1B] + Array("[31mred".utf8), "other content that begins with the bytes 1b 5b 33 31"),
    (Array("abcd".utf8) + [0], "other content that begins with the bytes 61 62 63 64"),
    (Array("abc".utf8), "other content that begins with the bytes 61 62 63"),
    ([0, 1, 2, 3, 4], "other content that begins with the bytes 0 1 2 3"),
  ]

  @Test(arguments: kinds.indices) func `content is called by its first bytes`(_ index: Int) {
    #expect(FileKind.phrase(Self.kinds[index].bytes) == Self.kinds[index].phrase)
  }

  @Test func `what goes beyond the front changes nothing`() {
    let front = [UInt8](repeating: 0x61, count: FileKind.frontBytes)
    #expect(FileKind.phrase(front) == "text that begins with '\(String(repeating: "a", count: 24))'")
    #expect(FileKind.phrase(front + [0, 1]) == FileKind.phrase(front))
  }
}
