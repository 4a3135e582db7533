/// How a pixel of a resized image is made of those of the original.
public enum Interpolation: String, CaseIterable, Sendable {
  /// A triangle over the two nearest pixels, wider where the image shrinks.
  case bilinear
  /// Keys' cubic with a = −½ over the four nearest pixels, wider where the image shrinks.
  case bicubic
  /// The pixel that the middle of the new one falls on.
  case nearest
}

/// By new pixel along one axis which old ones it is made of, with the weight of each.
///
/// A filter is stretched by the factor by which the image shrinks, so that every old pixel counts, and cut off at the border,
/// where the other weights make up for what is missing: the way of Pillow's `Image.resize`, weights and rounding included.
struct FilterWeights {
  /// Bits behind the binary point: 8 for the pixel and 2 for sums beyond white leave so many of 32.
  static let fractionBits = 32 - 8 - 2

  /// By new pixel the first old one.
  private(set) var first: [Int] = []
  /// By new pixel how many old ones.
  private(set) var count: [Int] = []
  /// `stride` weights for each new pixel, of which `count` are used.
  private(set) var weights: [Int32] = []
  /// Room for the weights of one new pixel.
  let stride: Int

  /// - Parameters:
  ///   - old: pixels along the axis.
  ///   - new: pixels along the axis of the whole resized image.
  ///   - part: those that are wanted.
  init(_ interpolation: Interpolation, from old: Int, to new: Int, part: Range<Int>) {
    let scale = Double(old) / Double(new)
    let stretch = max(scale, 1)
    let reach: Double = interpolation == .bicubic ? 2 : 1
    let support = reach * stretch
    stride = Int(support.rounded(.up)) * 2 + 1
    first.reserveCapacity(part.count)
    count.reserveCapacity(part.count)
    weights.reserveCapacity(part.count * stride)
    for pixel in part {
      let center = (Double(pixel) + 0.5) * scale
      let lower = max(Int(center - support + 0.5), 0)
      let upper = min(Int(center + support + 0.5), old)
      let shares = (lower..<upper).map { place in
        FilterWeights.value(interpolation, (Double(place) - center + 0.5) * (1 / stretch))
      }
      let sum = shares.reduce(0, +)
      first.append(lower)
      count.append(shares.count)
      for share in shares {
        let weight = (sum == 0 ? share : share / sum) * Double(1 << FilterWeights.fractionBits)
        weights.append(Int32(weight < 0 ? weight - 0.5 : weight + 0.5))
      }
      for _ in shares.count..<stride { weights.append(0) }
    }
  }

  private static func value(_ interpolation: Interpolation, _ distance: Double) -> Double {
    let x = abs(distance)
    switch interpolation {
    case .nearest: preconditionFailure("has no weights")
    case .bilinear: return x < 1 ? 1 - x : 0
    case .bicubic:
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    }
  }
}
