import CImages
import FileKinds

/// JPEG and PNG files as pixels.
///
/// As Pillow decodes them: JPEG with the exact integer transform and smooth chroma; of PNG palettes are looked up, 1 to 4 bits
/// of grey spread over 0 … 255, of 16 bits the upper 8 taken, transparency left out. CMYK is taken as Adobe stores it. Colour
/// profiles, gamma and the orientation that a camera has noted (EXIF) are not looked at.
public enum ImageDecoder {
  /// What decodes JPEG: another version may give other last bits.
  public static var version: String { "jpeg \(pc_image_jpeg_version())" }

  /// What an image says of itself in front of its pixels.
  public struct Header: Hashable, Sendable {
    /// Pixels of a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// 1 for grey, 3 for colours.
    public let channels: Int
  }

  /// Reads what stands in front of the pixels.
  /// - Parameter bytes: the file's content, from its beginning; the pixels need not be there.
  public static func header(_ bytes: [UInt8]) throws(ImageError) -> Header {
    let found = try read(bytes).header
    return Header(width: Int(found.width), height: Int(found.height), channels: Int(found.channels))
  }

  /// Decodes a file's content.
  /// - Throws: where it is neither JPEG nor PNG, is damaged or cut short, or has too many pixels.
  public static func image(_ bytes: [UInt8]) throws(ImageError) -> PixelImage {
    var (format, header) = try read(bytes)
    let (width, height, channels) = (Int(header.width), Int(header.height), Int(header.channels))
    var text = [CChar](repeating: 0, count: Int(PC_IMAGE_MESSAGE))
    var status = pc_image_done
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * channels) { pixels, count in
      status = pc_image_decode(format, bytes, bytes.count, &header, pixels.baseAddress, &text)
      count = status == pc_image_done ? pixels.count : 0
    }
    try check(status, text)
    return PixelImage(width: width, height: height, channels: channels, bytes: pixels)
  }

  private static func read(_ bytes: [UInt8]) throws(ImageError) -> (format: pc_image_format, header: pc_image_header) {
    let format = pc_image_format_of(bytes, bytes.count)
    guard format != pc_image_unknown else {
      throw ImageError(problem: "expected a JPEG or PNG image, found \(FileKind.phrase(bytes))")
    }
    var header = pc_image_header()
    var text = [CChar](repeating: 0, count: Int(PC_IMAGE_MESSAGE))
    try check(pc_image_read_header(format, bytes, bytes.count, &header, &text), text)
    let pixels = UInt64(header.width) * UInt64(header.height)
    guard pixels <= ImageLimits.pixels else {
      throw ImageError(
        problem: "has \(header.width) × \(header.height) pixels, at most \(ImageLimits.pixels) in all are read")
    }
    return (format, header)
  }

  private static func check(_ status: pc_image_status, _ text: [CChar]) throws(ImageError) {
    switch status {
    case pc_image_done: return
    case pc_image_no_memory: throw ImageError(problem: "there is not enough memory to decode it")
    default:
      let message = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw ImageError(problem: "is damaged or cut short: \(message)")
    }
  }
}
