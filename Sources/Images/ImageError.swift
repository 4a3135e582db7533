/// Why bytes are no image that can be used, in one line without a file's name.
public struct ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was expected and what was found.
  public let problem: String

  /// An error with its text.
  public init(problem: String) { self.problem = problem }

  /// The problem.
  public var description: String { problem }
}

/// What an image may claim: beyond these it is refused before memory or time is spent on it.
///
/// docs/limits.md has the list for people.
public enum ImageLimits {
  /// Bytes of one file.
  public static let fileBytes = 1 << 28
  /// Pixels of one image, and of what it is resized to on the way.
  public static let pixels = 1 << 27
}
