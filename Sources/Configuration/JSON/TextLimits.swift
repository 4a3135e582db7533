/// What a text file may claim: beyond these it is refused, with an error, before memory or time is spent on it.
///
/// docs/limits.md has the list for people.
package enum TextLimits {
  /// Bytes of a JSON text.
  package static let jsonBytes = 64 << 20
  /// Values of a JSON text, those in arrays and objects included; each takes some 100 bytes once it is read.
  package static let jsonValues = 1 << 22
  /// Objects and arrays in each other: deeper texts could exhaust the stack of a thread, and no file of ours needs a
  /// tenth of it.
  package static let jsonNesting = 64
  /// Bytes of a string or key.
  package static let stringBytes = 1 << 16
  /// Digits, signs and points of a number.
  package static let numberBytes = 1024
  /// Marks over one letter (as in Unicode's Stream-Safe Text Format): comparing texts puts them in order, in a time that
  /// grows with the square of their number.
  package static let marks = 30

  /// What is wrong with a string's length or letters, or `nil`.
  package static func problem(of string: String) -> String? {
    let bytes = string.utf8
    guard bytes.count <= stringBytes else { return "a string of \(bytes.count) bytes, at most \(stringBytes) are read" }
    guard !bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
    var run = 0
    for scalar in string.unicodeScalars {
      run = scalar.properties.canonicalCombiningClass == .notReordered ? 0 : run + 1
      guard run <= marks else { return "a letter with more than \(marks) marks" }
    }
    return nil
  }
}
