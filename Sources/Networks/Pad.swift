/// Padding of any axes.
public struct Pad: Hashable, Sendable, Codable {
  /// Where the added elements come from.
  public enum Mode: Hashable, Sendable, Codable {
    /// One value.
    case constant(Double)
    /// Mirrored at the border element, which is not repeated.
    case reflect
    /// The border element repeated.
    case edge
  }

  /// Elements added in front, per axis.
  public var before: [Int]
  /// Elements added behind, per axis.
  public var behind: [Int]
  /// Where they come from.
  public var mode: Mode

  /// Padding of any axes.
  public init(before: [Int], behind: [Int], mode: Mode) {
    self.before = before
    self.behind = behind
    self.mode = mode
  }
}
