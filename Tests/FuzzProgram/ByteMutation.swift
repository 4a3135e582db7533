import Networks

/// Damage to bytes of which nothing is known.
enum ByteMutation {
  /// Numbers at which readers go wrong.
  static let interesting: [UInt64] = [
    0, 1, 2, 3, 4, 7, 8, 15, 16, 63, 64, 65, 127, 128, 255, 256, 1000, 1024, 4095, 4096, 32767, 32768, 65535, 65536,
    1 << 20, 1 << 24, 1 << 28, 1 << 30, 1 << 31 - 1, 1 << 31, 1 << 32 - 1, 1 << 32, 1 << 40, 1 << 52, 1 << 61,
    1 << 62 - 1, 1 << 62, 1 << 63 - 1, 1 << 63, .max - 1, .max,
  ]

  /// One to a few changes.
  static func changed(_ bytes: [UInt8], _ random: inout SplitMix64, others: [[UInt8]]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<random.smallCount(upTo: 6) { change(&bytes, &random, others) }
    return bytes
  }

  private static func change(_ bytes: inout [UInt8], _ random: inout SplitMix64, _ others: [[UInt8]]) {
    guard !bytes.isEmpty else {
      bytes = [UInt8(truncatingIfNeeded: random.next())]
      return
    }
    let place = random.below(bytes.count)
    let rest = bytes.count - place
    switch random.below(10) {
    case 0: bytes[place] ^= 1 << UInt8(random.below(8))
    case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 2, 3: overwrite(&bytes, at: place, &random)
    case 4: bytes.removeSubrange(place..<place + 1 + random.below(min(rest, 64)))
    case 5:
      bytes.insert(contentsOf: bytes[place..<place + 1 + random.below(min(rest, 64))], at: random.below(bytes.count))
    case 6: bytes.removeLast(random.below(bytes.count))
    case 7:
      bytes.insert(
        contentsOf: (0..<random.smallCount()).map { _ in UInt8(truncatingIfNeeded: random.next()) }, at: place)
    case 8:
      let run = [UInt8](repeating: bytes[place], count: 1 + random.below(random.oneIn(8) ? 70_000 : 64))
      bytes.insert(contentsOf: run, at: place)
    default:
      // Front of this one, back of another.
      let other = random.pick(others)
      bytes = Array(bytes[..<place]) + other.suffix(random.below(other.count + 1))
    }
  }

  /// A number of 1, 2, 4 or 8 bytes, in either order, at a place.
  private static func overwrite(_ bytes: inout [UInt8], at place: Int, _ random: inout SplitMix64) {
    let width = min(1 << random.below(4), bytes.count - place)
    let number = random.pick(interesting)
    let isBigEndian = random.oneIn(2)
    for index in 0..<width {
      bytes[place + (isBigEndian ? width - 1 - index : index)] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index))
    }
  }
}
