import Networks

/// Damage to the text of JSON and of the text format of protocol buffers: whole tokens are changed, so that most of what
/// comes out still parses.
enum TextMutation {
  /// Texts that are numbers, strings or brackets at the edge of what is allowed.
  private static let tokens = [
    "0", "-0", "-1", "1", "0.5", "1e308", "1e-320", "1e999", "-1e-999", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "18446744073709551615", "4294967296", "2147483647", "0.9999999999999999", "1.0", "null",
    "true",
    "false", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "\"all\"", "\"none\"", "\"default\"", "\"Conv\"", "{}", "[]", "[[]]",
    "{\"\":0}", "nan",
    "inf", "0x7fffffffffffffff", "017", "\"\\377\"", "# comment\n", "<", ">", ";",
  ]

  /// Bytes that one change adds at most.
  private static let largestCopy = 1 << 20

  /// One to a few changes.
  static func changed(_ bytes: [UInt8], _ random: inout SplitMix64, others: [[UInt8]]) -> [UInt8] {
    var parts = tokens(of: bytes)
    let donors = tokens(of: random.pick(others))
    for _ in 0..<random.smallCount(upTo: 6) { change(&parts, donors, &random) }
    let text = Array(parts.joined())
    return random.oneIn(6) ? ByteMutation.changed(text, &random, others: others) : text
  }

  private static func change(_ parts: inout [[UInt8]], _ donors: [[UInt8]], _ random: inout SplitMix64) {
    guard !parts.isEmpty else { return }
    let place = random.below(parts.count)
    let rest = parts.count - place
    switch random.below(12) {
    case 0, 1, 2: parts[place] = Array(random.pick(tokens).utf8)
    case 3: parts[place] = parts[random.below(parts.count)]
    case 4: if !donors.isEmpty { parts[place] = donors[random.below(donors.count)] }
    case 5: parts.remove(at: place)
    case 6: parts.removeSubrange(place..<place + 1 + random.below(min(rest, 24)))
    case 7:
      parts.insert(contentsOf: parts[place..<place + 1 + random.below(min(rest, 24))], at: random.below(parts.count))
    case 8: parts.swapAt(place, random.below(parts.count))
    case 9:
      // A value in many brackets, of which sometimes one is missing.
      let depth = 1 + random.below(random.oneIn(4) ? 5000 : 70)
      let (open, close): (UInt8, UInt8) = random.oneIn(2) ? (0x5B, 0x5D) : (0x7B, 0x7D)
      parts[place] = [UInt8](repeating: open, count: depth) + parts[place] + [UInt8](repeating: close, count: depth)
    case 10:
      let length = 1 + random.below(random.oneIn(4) ? 200_000 : 300)
      // Letters with marks: comparing such texts has to put the marks in order.
      let filler = random.pick(["a", "\u{301}\u{316}", "\\u0301", "1", "\\\\"]).utf8
      parts[place] = [0x22] + Array(repeatElement(filler, count: length / filler.count + 1).joined()) + [0x22]
    default:
      let run = Array(parts[place..<place + 1 + random.below(min(rest, 6))])
      let size = run.reduce(1) { $0 + $1.count }
      let copies = 1 + random.below(min(random.oneIn(4) ? 3000 : 40, 1 + largestCopy / size))
      parts.insert(contentsOf: Array(repeatElement(run, count: copies).joined()), at: place)
    }
  }

  /// The bytes cut into strings, words with numbers, and single characters.
  private static func tokens(of bytes: [UInt8]) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    var position = 0
    while position < bytes.count {
      let start = position
      let first = bytes[position]
      position += 1
      if first == 0x22 {
        while position < bytes.count, bytes[position] != 0x22 { position += bytes[position] == 0x5C ? 2 : 1 }
        position = min(position + 1, bytes.count)
      } else if isWord(first) {
        while position < bytes.count, isWord(bytes[position]) { position += 1 }
      }
      parts.append(Array(bytes[start..<position]))
    }
    return parts
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2D, 0x2E, 0x5F: true
    default: false
    }
  }
}
