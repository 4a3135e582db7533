/// A PNG file made without any library: what readers are tested with must not come from what they are built on.
package struct PNGFile {
  /// How pixels are stored, by the number that the format gives it.
  package enum Color: UInt8, Sendable {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgba = 6

    /// Numbers of a pixel.
    package var channels: Int {
      switch self {
      case .grey, .palette: 1
      case .greyAlpha: 2
      case .rgb: 3
      case .rgba: 4
      }
    }
  }

  /// The content of the file.
  package let bytes: [UInt8]

  /// - Parameters:
  ///   - rows: the bytes of every row, packed as `depth` says.
  ///   - chunks: what else stands in front of the pixels, by name.
  package init(
    width: Int, height: Int, _ color: Color, depth: UInt8 = 8, rows: [[UInt8]], chunks: [(String, [UInt8])] = []
  ) {
    var stored: [UInt8] = []
    for row in rows { stored += [0] + row }
    var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    bytes += PNGFile.chunk(
      "IHDR", PNGFile.number(UInt32(width)) + PNGFile.number(UInt32(height)) + [depth, color.rawValue, 0, 0, 0])
    for (name, content) in chunks { bytes += PNGFile.chunk(name, content) }
    bytes += PNGFile.chunk("IDAT", PNGFile.zlib(stored))
    self.bytes = bytes + PNGFile.chunk("IEND", [])
  }

  /// An image of 8-bit grey or colours.
  /// - Parameter pixels: row by row, the channels of a pixel side by side.
  package init(width: Int, height: Int, _ color: Color = .rgb, pixels: [UInt8]) {
    let stride = width * color.channels
    self.init(
      width: width, height: height, color,
      rows: (0..<height).map { Array(pixels[$0 * stride..<($0 + 1) * stride]) })
  }

  /// A chunk with its length and checksum.
  package static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] { chunk(Array(name.utf8), content) }

  /// The same with a name that need not be text.
  package static func chunk(_ name: [UInt8], _ content: [UInt8]) -> [UInt8] {
    let body = name + content
    var checksum: UInt32 = .max
    for byte in body {
      checksum ^= UInt32(byte)
      for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return number(UInt32(content.count)) + body + number(~checksum)
  }

  /// A zlib stream of stored blocks.
  private static func zlib(_ content: [UInt8]) -> [UInt8] {
    var stream: [UInt8] = [0x78, 0x01]
    var place = 0
    repeat {
      let end = min(place + 65535, content.count)
      let length = UInt16(end - place)
      stream += [end == content.count ? 1 : 0, UInt8(length & 255), UInt8(length >> 8)]
      stream += [UInt8(~length & 255), UInt8(~length >> 8)]
      stream += content[place..<end]
      place = end
    } while place < content.count
    var (low, high): (UInt32, UInt32) = (1, 0)
    for byte in content {
      low = (low + UInt32(byte)) % 65521
      high = (high + low) % 65521
    }
    return stream + number(high << 16 | low)
  }

  private static func number(_ value: UInt32) -> [UInt8] {
    [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
  }
}
