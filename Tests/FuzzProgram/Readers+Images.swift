import ImageFiles
import Images
import Networks
import Search

/// Images: JPEG, PNG, and lists of them.
extension FuzzReader {
  static let images: [FuzzReader] = [jpeg, png, imageList]

  private static let jpeg = FuzzReader(
    name: "jpeg", seeds: [SmallJPEG.baseline, SmallJPEG.progressive],
    damaged: { random, seeds in
      var bytes = random.pick(seeds)
      guard random.below(3) > 0 else { return ByteMutation.changed(bytes, &random, others: seeds) }
      // Damage in front, where tables and extents are, or in one field of the frame.
      let frame = (0..<bytes.count - 8).first { bytes[$0] == 0xFF && [0xC0, 0xC2].contains(bytes[$0 + 1]) } ?? 0
      if random.oneIn(2) {
        bytes[frame + 4 + random.below(15)] = UInt8(truncatingIfNeeded: random.next())
        return bytes
      }
      let head = random.below(bytes.count)
      return ByteMutation.changed(Array(bytes[..<head]), &random, others: seeds) + bytes[head...]
    },
    accepts: { bytes, _ in decodes(bytes) })

  private static let png = FuzzReader(
    name: "png",
    seeds: [
      PNGFile(width: 5, height: 4, pixels: (0..<60).map { UInt8($0 * 4) }).bytes,
      PNGFile(width: 3, height: 2, .grey, depth: 16, rows: [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]).bytes,
      PNGFile(width: 9, height: 2, .grey, depth: 1, rows: [[0xA5, 0x80], [0x5A, 0]]).bytes,
      PNGFile(
        width: 4, height: 1, .palette, depth: 2, rows: [[0x1B]],
        chunks: [("PLTE", [0, 0, 0, 10, 20, 30, 40, 50, 60, 255, 255, 255]), ("tRNS", [0, 128])]
      ).bytes,
      PNGFile(width: 2, height: 1, .rgba, rows: [[1, 2, 3, 4, 5, 6, 7, 8]], chunks: [("gAMA", [0, 0, 177, 143])]).bytes,
    ],
    damaged: { random, seeds in
      let bytes = ByteMutation.changed(random.pick(seeds), &random, others: seeds)
      // With sound checksums the damage goes further.
      return random.oneIn(3) ? bytes : withChecksums(bytes)
    },
    accepts: { bytes, _ in decodes(bytes) })

  private static let imageList = FuzzReader(
    name: "image-list",
    seeds: ["a.jpg 0\nb c.png 12\r\n\n/d.PNG\t3\n", "\u{FEFF}x.jpg\ny 1.png\n"].map { Array($0.utf8) },
    damaged: { ByteMutation.changed($0.pick($1), &$0, others: $1) },
    accepts: { bytes, _ in
      do {
        _ = try ImageList(bytes, file: "list.txt")
        return true
      } catch {
        _ = "\(error)"
        return false
      }
    })

  /// Whether all that is done to an image comes to an end.
  private static func decodes(_ bytes: [UInt8]) -> Bool {
    let transform = ImageTransform(
      resize: .shorterSide(16), crop: ImageTransform.Size(height: 12, width: 14), interpolation: .bicubic,
      channels: .bgr,
      layout: .channelsLast, scale: 1, mean: [0], std: [1])
    do throws(ImageError) {
      return transform.values(of: try transform.pixels(of: bytes)).allSatisfy(\.isFinite)
    } catch {
      _ = error.description
      return false
    }
  }

  /// A PNG file with the checksums that its chunks should have, as far as there are chunks.
  private static func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var sound = Array(bytes.prefix(8))
    var rest = bytes.dropFirst(8)
    while rest.count >= 12 {
      let length = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      guard length <= rest.count - 12 else { break }
      let body = rest.dropFirst(4).prefix(4 + length)
      sound += PNGFile.chunk(Array(body.prefix(4)), Array(body.dropFirst(4)))
      rest = rest.dropFirst(12 + length)
    }
    return sound + rest
  }
}
