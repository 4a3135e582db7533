extension StringProtocol {
  /// The text on one line, as a terminal may be given it: control characters and separators of lines are escaped, which
  /// could change what it shows. Names in files of strangers may hold them.
  /// - Parameter kept: a control character that stays as it is.
  public func printable(keeping kept: Unicode.Scalar? = nil) -> String {
    unicodeScalars.reduce(into: "") { line, scalar in
      let isControl = scalar.properties.generalCategory == .control || scalar == "\u{2028}" || scalar == "\u{2029}"
      line += isControl && scalar != kept ? scalar.escaped(asASCII: true) : String(scalar)
    }
  }
}
