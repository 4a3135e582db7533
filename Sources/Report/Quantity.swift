import Configuration

/// Numbers as people read them.
enum Quantity {
  /// A count with three digits and a metric prefix: 8.52 M.
  static func count(_ value: Int) -> String {
    let prefixes = ["", " k", " M", " G", " T", " P", " E"]
    var (scaled, step) = (Double(value), 0)
    while scaled >= 999.5, step < prefixes.count - 1 {
      scaled /= 1000
      step += 1
    }
    guard step > 0 else { return String(value) }
    return decimal(scaled, scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2) + prefixes[step]
  }

  /// A number with a fixed count of decimals, at most 15.
  static func decimal(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var power = 1.0
    for _ in 0..<places { power *= 10 }
    let units = Int((abs(value) * power).rounded())
    let whole = units / Int(power)
    guard places > 0 else { return (value < 0 && units > 0 ? "-" : "") + String(whole) }
    let fraction = String(units % Int(power))
    let zeros = String(repeating: "0", count: places - fraction.count)
    return (value < 0 && units > 0 ? "-" : "") + "\(whole).\(zeros)\(fraction)"
  }

  /// A duration below a minute or so, in the unit that gives it one to three digits in front of the point.
  static func time(_ seconds: Double) -> String {
    // What would be rounded to the next unit is in that.
    if seconds < 0.99995e-3 { return decimal(seconds * 1e6, 1) + " µs" }
    return seconds < 0.999995 ? decimal(seconds * 1e3, 2) + " ms" : decimal(seconds, 2) + " s"
  }

  /// A duration as people plan with it: 40 ms, 25 s, 12 min, 3.5 h.
  static func duration(_ seconds: Double) -> String {
    if seconds < 0.9995 { return decimal(seconds * 1e3, 0) + " ms" }
    if seconds < 99.5 { return decimal(seconds, seconds < 9.95 ? 1 : 0) + " s" }
    let minutes = seconds / 60
    return minutes < 99.5 ? decimal(minutes, minutes < 9.95 ? 1 : 0) + " min" : decimal(minutes / 60, 1) + " h"
  }

  /// A cost in the unit of its metric.
  static func cost(_ value: Double, _ metric: SearchConfiguration.Metric) -> String {
    switch metric {
    case .latency: time(value / 1000)
    case .memory, .activationMemory:
      Int(exactly: value.rounded(.up)).map { count($0) + ($0 < 1000 ? " B" : "B") } ?? "\(value) B"
    default: Int(exactly: value.rounded()).map(count) ?? "\(value)"
    }
  }

  /// A count of things.
  static func number(_ count: Int, _ thing: String) -> String { "\(count) \(thing)\(count == 1 ? "" : "s")" }

  /// A share as a percentage.
  static func percent(_ share: Double) -> String { percent(share, places: 1) }

  /// A share as a percentage with so many decimals.
  static func percent(_ share: Double, places: Int) -> String { decimal(share * 100, places) + " %" }

  /// A number with about four significant digits, whatever its size: small losses are not 0.000.
  static func significant(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return value == 0 ? "0" : "\(value)" }
    if abs(value) >= 0.01, abs(value) < 1e6 { return decimal(value, 4) }
    var (mantissa, exponent) = (abs(value), 0)
    while mantissa >= 9.9995 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 0.99995 {
      mantissa *= 10
      exponent -= 1
    }
    return (value < 0 ? "-" : "") + decimal(mantissa, 3) + "e\(exponent)"
  }
}
