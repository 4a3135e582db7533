/// Whether a terminal is given colours, and which mean what.
public struct TextStyle: Sendable {
  private let isColoured: Bool

  /// Text as it is.
  public static let plain = TextStyle(isColoured: false)

  /// - Parameter isColoured: whether the terminal shows colours and its user wants them.
  public init(isColoured: Bool) { self.isColoured = isColoured }

  /// What was asked for and has come.
  public func good(_ text: String) -> String { coloured(text, 32) }

  /// What somebody should look at.
  public func warning(_ text: String) -> String { coloured(text, 33) }

  /// What has gone wrong.
  public func error(_ text: String) -> String { coloured(text, 31) }

  /// The foreground colours of ECMA-48.
  private func coloured(_ text: String, _ code: Int) -> String {
    isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
  }
}
