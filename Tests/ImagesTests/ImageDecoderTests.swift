import ImageFiles
import Images
import Testing

/// What is no image, or is damaged, is told; limits come before memory.
struct ImageDecoderTests {
  @Test
  func `16-bit grey becomes its upper 8 bits, and transparency is left out`() throws {
    let deep = PNGFile(width: 3, height: 1, .grey, depth: 16, rows: [[0x12, 0xFF, 0x80, 0x00, 0xFE, 0x7F]])
    #expect(
      try ImageDecoder.image(deep.bytes) == PixelImage(width: 3, height: 1, channels: 1, bytes: [0x12, 0x80, 0xFE]))
    let clear = PNGFile(width: 2, height: 1, .rgba, rows: [[1, 2, 3, 0, 4, 5, 6, 255]])
    #expect(try ImageDecoder.image(clear.bytes).bytes == [1, 2, 3, 4, 5, 6])
    let palette = PNGFile(
      width: 4, height: 1, .palette, depth: 2, rows: [[0x1B]],
      chunks: [("PLTE", [0, 0, 0, 10, 20, 30, 40, 50, 60, 255, 255, 255]), ("tRNS", [0, 128])])
    #expect(try ImageDecoder.image(palette.bytes).bytes == [0, 0, 0, 10, 20, 30, 40, 50, 60, 255, 255, 255])
  }

  @Test
  func `baseline and progressive JPEG of one image have its size and nearly its colours`() throws {
    for bytes in [SmallJPEG.baseline, SmallJPEG.progressive] {
      let image = try ImageDecoder.image(bytes)
      #expect(image.width == 24 && image.height == 16 && image.channels == 3)
      for (x, y) in [(3, 3), (20, 4), (10, 12)] {
        for (channel, expected) in [10 * x, 15 * y, 6 * (x + y)].enumerated() {
          #expect(abs(Int(image.bytes[3 * (y * 24 + x) + channel]) - expected) <= 24, "\(x) \(y) \(channel)")
        }
      }
    }
  }

  @Test(arguments: [SmallJPEG.baseline, SmallJPEG.progressive])
  func `a JPEG that is cut short anywhere is refused`(_ bytes: [UInt8]) {
    for count in 0..<bytes.count - 2 {
      #expect(throws: ImageError.self, "\(count) of \(bytes.count) bytes") {
        try ImageDecoder.image(Array(bytes.prefix(count)))
      }
    }
  }

  @Test
  func `a PNG that is cut short anywhere, or has another byte anywhere that counts, is refused`() throws {
    let bytes = PNGFile(width: 5, height: 4, pixels: (0..<60).map { UInt8($0 * 4) }).bytes
    for count in 0..<bytes.count {
      #expect(throws: ImageError.self, "\(count) bytes") { try ImageDecoder.image(Array(bytes.prefix(count))) }
    }
    for place in bytes.indices {
      var changed = bytes
      changed[place] ^= 0x10
      #expect(throws: ImageError.self, "byte \(place)") { try ImageDecoder.image(changed) }
    }
  }

  @Test
  func `what is no image is told with its first bytes`() {
    #expect(throws: ImageError(problem: "expected a JPEG or PNG image, found an empty file")) {
      try ImageDecoder.image([])
    }
    #expect(
      throws: ImageError(
        problem: "expected a JPEG or PNG image, found other content that begins with the bytes 8 7 0 ff")
    ) { try ImageDecoder.image([8, 7, 0, 255, 1]) }
    #expect(throws: ImageError(problem: "expected a JPEG or PNG image, found text that begins with 'hello'")) {
      try ImageDecoder.image(Array("hello\n".utf8))
    }
    // A signature that a transfer as text has changed is none.
    let changed = Array("\u{89}PNG\n\u{1A}\n".unicodeScalars.map { UInt8($0.value) })
    #expect(
      throws: ImageError(
        problem: "expected a JPEG or PNG image, found other content that begins with the bytes 89 50 4e 47")
    ) { try ImageDecoder.image(changed) }
  }

  @Test
  func `an image that claims too many pixels is refused by its header alone`() throws {
    let png = PNGFile(width: 100_000, height: 100_000, .rgb, rows: [])
    #expect(throws: ImageError(problem: "has 100000 × 100000 pixels, at most 134217728 in all are read")) {
      try ImageDecoder.image(png.bytes)
    }
    var jpeg = SmallJPEG.baseline
    let frame = try #require((0..<jpeg.count - 1).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    #expect(throws: ImageError(problem: "has 65500 × 65500 pixels, at most 134217728 in all are read")) {
      try ImageDecoder.image(jpeg)
    }
  }

  @Test
  func `resizing that would make too many pixels is refused`() throws {
    let line = PNGFile(width: 60_000, height: 1, .grey, pixels: [UInt8](repeating: 7, count: 60_000)).bytes
    let transform = ImageTransform(
      resize: .shorterSide(256), crop: nil, interpolation: .bilinear, channels: .rgb, layout: .channelsFirst, scale: 1,
      mean: [0], std: [1])
    #expect(
      throws: ImageError(
        problem: "has 60000 × 1 pixels, which resizing makes 15360000 × 256, more than 134217728 in all")
    ) { try transform.pixels(of: line) }
  }

  @Test
  func `layout and order of channels lay the same numbers elsewhere`() throws {
    let image = PixelImage(width: 2, height: 1, channels: 3, bytes: [1, 2, 3, 4, 5, 6])
    func values(_ channels: ImageTransform.Channels, _ layout: ImageTransform.Layout, mean: [Double]) -> [Float] {
      ImageTransform(
        resize: nil, crop: nil, interpolation: .bilinear, channels: channels, layout: layout, scale: 2, mean: mean,
        std: [0.5]
      ).values(of: image)
    }
    #expect(values(.rgb, .channelsFirst, mean: [0]) == [4, 16, 8, 20, 12, 24])
    #expect(values(.rgb, .channelsLast, mean: [0]) == [4, 8, 12, 16, 20, 24])
    #expect(values(.bgr, .channelsFirst, mean: [0]) == [12, 24, 8, 20, 4, 16])
    // Means go by the order of the channels asked for: 1 off blue, 2 off green, 3 off red.
    #expect(values(.bgr, .channelsLast, mean: [1, 2, 3]) == [10, 4, -2, 22, 16, 10])
  }
}
