// log10 and pow are calls into libm.
import Glibc

/// Numbers as the page writes them.
enum Figure {
  /// A number with four significant digits: 0.0123, 3.142·10⁻⁵.
  static func text(_ value: Double) -> String { text(value, decimals: 3) }

  /// A number at an axis, as short as it can be: 0.5, 20, 10⁻³.
  static func tick(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    if value.magnitude >= 0.001, value.magnitude < 1e5 {
      // As many decimals as the number has: neighbours with fewer would be written alike.
      let places = (0...7).first { places in
        let scaled = value * pow(10, Double(places))
        return abs(scaled - scaled.rounded()) <= 1e-9 * abs(scaled)
      }
      return trimmed(Quantity.decimal(value, places ?? 7))
    }
    return text(value, decimals: 1).replacing("1·10", with: "10")
  }

  /// A ratio: 2×, 2.5×, 12×.
  static func ratio(_ value: Double) -> String {
    guard value.isFinite else { return "∞" }
    return trimmed(Quantity.decimal(value, value >= 100 ? 0 : value >= 20 ? 1 : 2)) + "×"
  }

  private static func text(_ value: Double, decimals: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "?" : value < 0 ? "−∞" : "∞" }
    guard value != 0 else { return "0" }
    let sign = value < 0 ? "−" : ""
    let size = value.magnitude
    if size >= 0.01, size < 1e6 { return sign + trimmed(Quantity.decimal(size, size >= 100 ? 1 : 4)) }
    var exponent = Int(log10(size).rounded(.down))
    var mantissa = Quantity.decimal(size / pow(10, Double(exponent)), decimals)
    if mantissa.hasPrefix("10") {
      exponent += 1
      mantissa = Quantity.decimal(size / pow(10, Double(exponent)), decimals)
    }
    return "\(sign)\(trimmed(mantissa))·10" + superscript(exponent)
  }

  /// Without zeros at the end of its decimals.
  private static func trimmed(_ digits: String) -> String {
    guard digits.contains(".") else { return digits.replacing("-", with: "−") }
    var digits = digits[...]
    while digits.last == "0" { digits.removeLast() }
    if digits.last == "." { digits.removeLast() }
    return String(digits).replacing("-", with: "−")
  }

  private static func superscript(_ number: Int) -> String {
    let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    return (number < 0 ? "⁻" : "") + String(String(number.magnitude).compactMap(\.wholeNumberValue).map { digits[$0] })
  }
}
