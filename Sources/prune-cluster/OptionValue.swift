import ArgumentParser

/// A value of an option that says what it has to look like where it cannot be read.
protocol OptionValue {
  /// Nothing for a text that is no such value.
  init?(argument: String)

  /// What is expected, as an error says it.
  static var expected: String { get }
}

extension OptionValue {
  /// The value that a text is.
  /// - Throws: what is expected; what was found the parser of the command line says itself.
  static func parsed(_ argument: String) throws -> Self {
    guard let value = Self(argument: argument) else { throw ValidationError("expected \(expected)") }
    return value
  }
}
