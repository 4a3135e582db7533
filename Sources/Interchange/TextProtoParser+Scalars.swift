import Configuration

// MARK: Numbers

extension TextProtoParser {
  /// The value of a whole number in decimal, octal or hexadecimal; `nil` when it is none or too large.
  static func integer(_ text: String) -> Int? {
    let digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
    let sign = text.hasPrefix("-") ? "-" : ""
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") { return integer(sign, digits.dropFirst(2), radix: 16) }
    if digits.hasPrefix("0"), digits.utf8.count > 1 { return integer(sign, digits.dropFirst(), radix: 8) }
    return integer(sign, digits, radix: 10)
  }

  private static func integer(_ sign: String, _ digits: Substring, radix: Int) -> Int? {
    digits.isEmpty || digits.hasPrefix("+") || digits.hasPrefix("-") ? nil : Int(sign + digits, radix: radix)
  }

  /// The value of a number in decimal with fraction, exponent or the suffix `f`; `nil` when it is none or not finite.
  static func number(_ text: String) -> Double? {
    var digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
    if digits.hasSuffix("f") || digits.hasSuffix("F") { digits.removeLast() }
    let mantissa = digits.prefix { $0 != "e" && $0 != "E" }
    let parts = mantissa.split(separator: ".", omittingEmptySubsequences: false)
    let isMantissa =
      parts.count <= 2 && parts.contains { !$0.isEmpty } && parts.allSatisfy { $0.utf8.allSatisfy(isDigit) }
    guard isMantissa else { return nil }
    // A leading zero means octal, which is for whole numbers only.
    if parts.count == 1, mantissa.utf8.count == digits.utf8.count, mantissa.hasPrefix("0"), mantissa.utf8.count > 1 {
      return nil
    }
    var exponent = digits.dropFirst(mantissa.count)
    if !exponent.isEmpty {
      exponent.removeFirst()
      if exponent.hasPrefix("+") || exponent.hasPrefix("-") { exponent.removeFirst() }
      guard !exponent.isEmpty, exponent.utf8.allSatisfy(isDigit) else { return nil }
    }
    let whole = parts[0].isEmpty ? "0" : parts[0]
    let fraction = parts.count == 2 && !parts[1].isEmpty ? "." + parts[1] : ""
    guard let value = Double(whole + fraction + digits.dropFirst(mantissa.count)), value.isFinite else { return nil }
    return text.hasPrefix("-") ? -value : value
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}

// MARK: Strings

extension TextProtoParser {
  /// Appends the string whose opening quote is the next byte.
  mutating func appendString(to content: inout [UInt8]) throws(ConfigurationError) {
    let start = place
    let quote = next
    position += 1
    while let byte = next {
      switch byte {
      case quote:
        position += 1
        return
      case UInt8(ascii: "\\"): try appendEscape(to: &content)
      case UInt8(ascii: "\n"), 0: throw place.error("a line break or zero byte in a string; write it as an escape")
      default:
        content.append(byte)
        position += 1
      }
    }
    throw start.error("a string without its closing quote")
  }

  private mutating func appendEscape(to content: inout [UInt8]) throws(ConfigurationError) {
    let start = place
    position += 1
    guard let escape = next else { throw start.error("a string without its closing quote") }
    position += 1
    switch escape {
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "a"): content.append(0x07)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "v"): content.append(0x0B)
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "?"): content.append(escape)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      position -= 1
      guard let byte = UInt8(exactly: digits(atMost: 3, radix: 8) ?? 256) else {
        throw start.error("expected an octal escape up to \\377")
      }
      content.append(byte)
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      guard let byte = digits(atMost: 2, radix: 16) else { throw start.error("expected hexadecimal digits behind \\x") }
      content.append(UInt8(byte))
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      let count = escape == UInt8(ascii: "u") ? 4 : 8
      let first = position
      guard let code = digits(atMost: count, radix: 16), position - first == count, let scalar = Unicode.Scalar(code)
      else {
        throw start.error("expected \(count) hexadecimal digits of a character behind \\\(Unicode.Scalar(escape))")
      }
      content.append(contentsOf: String(Character(scalar)).utf8)
    default: throw start.error("an escape that the text format does not have; a backslash itself is written \\\\")
    }
  }

  /// The value of the next digits; `nil` when there is none.
  private mutating func digits(atMost count: Int, radix: Int) -> UInt32? {
    let start = position
    var value: UInt32 = 0
    while position - start < count, let byte = next,
      let digit = Character(Unicode.Scalar(byte)).hexDigitValue, digit < radix
    {
      value = value << (radix == 16 ? 4 : 3) | UInt32(digit)
      position += 1
    }
    return position == start ? nil : value
  }
}
