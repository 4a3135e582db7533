/// An image in memory: 8 bits a channel, row by row from the top, the channels of a pixel side by side.
public struct PixelImage: Hashable, Sendable {
  /// Pixels of a row.
  public let width: Int
  /// Rows.
  public let height: Int
  /// 1 for grey; 3 for red, green and blue.
  public let channels: Int
  /// height × width × channels bytes.
  public let bytes: [UInt8]

  /// - Precondition: there are height × width × channels bytes, and 1 or 3 channels.
  public init(width: Int, height: Int, channels: Int, bytes: [UInt8]) {
    precondition(bytes.count == width * height * channels && (channels == 1 || channels == 3))
    self.width = width
    self.height = height
    self.channels = channels
    self.bytes = bytes
  }

  /// The image with other numbers of channels: grey becomes three equal ones; colours become their luma by ITU-R BT.601,
  /// 0.299 · red + 0.587 · green + 0.114 · blue in 16-bit fixed point, rounded.
  /// - Precondition: `count` is 1 or 3.
  public func converted(toChannels count: Int) -> PixelImage {
    precondition(count == 1 || count == 3)
    guard count != channels else { return self }
    let pixels = width * height
    let converted = [UInt8](unsafeUninitializedCapacity: pixels * count) { target, initialized in
      bytes.withUnsafeBufferPointer { source in
        for pixel in 0..<pixels {
          if count == 3 {
            for channel in 0..<3 { target[3 * pixel + channel] = source[pixel] }
          } else {
            let (red, green, blue) = (source[3 * pixel], source[3 * pixel + 1], source[3 * pixel + 2])
            let luma = UInt32(red) * 19595 + UInt32(green) * 38470 + UInt32(blue) * 7471 + 0x8000
            target[pixel] = UInt8(luma >> 16)
          }
        }
      }
      initialized = pixels * count
    }
    return PixelImage(width: width, height: height, channels: count, bytes: converted)
  }
}
