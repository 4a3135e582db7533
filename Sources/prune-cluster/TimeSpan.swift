/// A time as people and schedulers write it: `90s`, `45m`, `1h30m`, `2d`, plain seconds, or `[[days-]hours:]minutes:seconds`.
struct TimeSpan: OptionValue {
  /// The time.
  let duration: Duration

  /// When a run that may take so long from now on stops by itself.
  ///
  /// A hundredth is kept for the end of ranks and files, two seconds at least where there are so many.
  var deadline: ContinuousClock.Instant {
    ContinuousClock().now + duration - min(max(duration / 100, .seconds(2)), duration / 4)
  }

  /// Longer than any job: what is more would overflow elsewhere.
  private static let longest = 366.0 * 86_400

  static let expected = "a time of at most a year like 90m, 1h30m, 7200 (seconds) or 01:30:00"

  init?(argument: String) {
    guard let seconds = TimeSpan.seconds(argument), seconds > 0, seconds <= TimeSpan.longest else { return nil }
    duration = .seconds(seconds)
  }

  private static func seconds(_ text: String) -> Double? {
    if text.contains(":") { return clockSeconds(text) }
    let units: [Character: Double] = ["d": 86_400, "h": 3600, "m": 60, "s": 1]
    var total = 0.0
    var smallest = Double.infinity
    var digits = ""
    for character in text.lowercased() {
      if character.isASCII, character.isNumber || character == "." {
        digits.append(character)
        continue
      }
      // Each unit is smaller than the one before: 1h30m, not 30m1h.
      guard let unit = units[character], unit < smallest, let number = Double(digits) else { return nil }
      total += number * unit
      (smallest, digits) = (unit, "")
    }
    guard !digits.isEmpty else { return smallest < .infinity ? total : nil }
    guard smallest == .infinity else { return nil }
    return Double(digits)
  }

  /// The form of Slurm's limits.
  private static func clockSeconds(_ text: String) -> Double? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count <= 2, let clock = parts.last else { return nil }
    let fields = clock.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
    guard (2...3).contains(fields.count), fields.allSatisfy({ $0 != nil }) else { return nil }
    let days = parts.count == 2 ? UInt32(parts[0]) : 0
    guard let days, parts.count == 1 || fields.count == 3 else { return nil }
    return fields.reduce(0.0) { $0 * 60 + Double($1 ?? 0) } + Double(days) * 86_400
  }
}
