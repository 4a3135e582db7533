import Glibc

/// Instants as records have them.
enum UTCTime {
  /// Now, to the second, as ISO 8601 has it: `2026-02-03T04:05:06Z`.
  static var now: String { text(time(nil)) }

  /// An instant given in seconds since 1970.
  static func text(_ instant: time_t) -> String {
    var (instant, parts) = (instant, tm())
    gmtime_r(&instant, &parts)
    func digits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = [digits(parts.tm_year + 1900), digits(parts.tm_mon + 1), digits(parts.tm_mday)]
    let time = [digits(parts.tm_hour), digits(parts.tm_min), digits(parts.tm_sec)]
    return date.joined(separator: "-") + "T" + time.joined(separator: ":") + "Z"
  }
}
