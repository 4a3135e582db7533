/// A piece of a page, HTML or SVG, that cannot hold unescaped text.
///
/// It is written as a string with interpolations. What stands in the program's source is markup; every text put into it is
/// escaped, for elements and for attributes in double quotes alike. There is no other way to make one.
struct Markup: Sendable, ExpressibleByStringInterpolation {
  private var text: String

  /// The markup of a document.
  var source: String { text }

  /// Nothing.
  static let none: Markup = ""

  init(stringLiteral value: StaticString) { text = value.description }

  init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  static func + (left: Markup, right: Markup) -> Markup { "\(left)\(right)" }

  static func += (left: inout Markup, right: Markup) { left.text += right.text }

  /// Literals are of the program's source, values are escaped.
  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text = ""

    init(literalCapacity: Int, interpolationCount: Int) {
      text.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    mutating func appendLiteral(_ literal: StaticString) { text += literal.description }

    /// A text, escaped.
    mutating func appendInterpolation(_ text: String) { append(text, keepsLines: false) }

    /// A text of several lines, escaped but for its line breaks.
    mutating func appendInterpolation(lines text: String) { append(text, keepsLines: true) }

    /// A name of somebody's choice: escaped, shortened, and without influence on the direction of what stands around it.
    ///
    /// It may be broken behind a slash, as names of nodes have them, and need not be inside a word.
    mutating func appendInterpolation(name: String) {
      text += "<bdi>"
      let parts = Markup.shortened(name).split(separator: "/", omittingEmptySubsequences: false)
      for (index, part) in parts.enumerated() {
        if index > 0 { text += "/" }
        if index > 0, !(index == 1 && parts[0].isEmpty), !part.isEmpty { text += "<wbr>" }
        append(String(part), keepsLines: false)
      }
      text += "</bdi>"
    }

    /// A whole number.
    mutating func appendInterpolation(_ number: Int) { text += String(number) }

    /// A coordinate: at most two decimals.
    mutating func appendInterpolation(_ coordinate: Double) { text += Markup.digits(coordinate) }

    /// A piece, as it is.
    mutating func appendInterpolation(_ markup: Markup) { text += markup.text }

    /// Pieces one after another.
    mutating func appendInterpolation(_ pieces: some Sequence<Markup>) { for piece in pieces { text += piece.text } }

    private mutating func append(_ string: String, keepsLines: Bool) {
      for scalar in string.unicodeScalars {
        switch scalar {
        case "&": text += "&amp;"
        case "<": text += "&lt;"
        case ">": text += "&gt;"
        case "\"": text += "&quot;"
        case "'": text += "&#39;"
        case "\n" where keepsLines: text += "\n"
        default: text += Markup.visible(scalar)
        }
      }
    }
  }
}

extension Markup {
  /// What a colour, line or mark means, not broken from it.
  /// - Parameter key: its classes in the style sheet.
  static func entry(_ key: Markup, _ meaning: Markup) -> Markup {
    "<span class=\"entry\"><span class=\"key \(key)\"></span> \(meaning)</span>"
  }

  /// The end of a name that is too long: names of layers differ there.
  static func shortened(_ name: String, to limit: Int = 96) -> String {
    // Scalars, as one character may hold any number of them.
    let scalars = name.unicodeScalars
    guard let start = scalars.index(scalars.endIndex, offsetBy: -limit, limitedBy: scalars.startIndex),
      start > scalars.startIndex
    else { return name }
    // The dots stand for a separator, too.
    let end = scalars[start...].drop { $0 == "." || $0 == "/" }
    return "…" + String(end.isEmpty ? scalars[start...] : end)
  }

  /// A scalar as a person can see it: what would do something instead of standing there is shown by its number.
  private static func visible(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .control where scalar.value < 0x20:
      // The pictures of control characters.
      return Unicode.Scalar(0x2400 + scalar.value).map(String.init) ?? "\u{FFFD}"
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
      return "[U+" + String(scalar.value, radix: 16, uppercase: true) + "]"
    default: return String(scalar)
    }
  }

  /// A number with at most two decimals, and none that are zero.
  fileprivate static func digits(_ number: Double) -> String {
    guard number.isFinite, number.magnitude < 1e12 else { return "0" }
    let hundredths = Int((number * 100).rounded())
    let (whole, rest) = (hundredths.magnitude / 100, hundredths.magnitude % 100)
    let sign = hundredths < 0 ? "-" : ""
    if rest == 0 { return "\(sign)\(whole)" }
    return "\(sign)\(whole)." + (rest % 10 == 0 ? "\(rest / 10)" : rest < 10 ? "0\(rest)" : "\(rest)")
  }
}
