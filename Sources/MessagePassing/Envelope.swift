/// What is known of a message before it is received.
public struct Envelope: Equatable, Sendable {
  /// The rank that sends it.
  public let source: Int
  /// The tag it was sent with.
  public let tag: Int
  /// Its size in bytes.
  public let byteCount: Int

  /// A message of `byteCount` bytes.
  public init(source: Int, tag: Int, byteCount: Int) {
    self.source = source
    self.tag = tag
    self.byteCount = byteCount
  }
}

/// A received message: its elements, and who sent it with which tag.
public struct Message<Element: MessageElement>: Equatable, Sendable {
  /// What was sent.
  public let elements: [Element]
  /// The rank that sent it.
  public let source: Int
  /// The tag it was sent with.
  public let tag: Int

  /// A message as received.
  public init(elements: [Element], source: Int, tag: Int) {
    self.elements = elements
    self.source = source
    self.tag = tag
  }
}

/// The tags a point-to-point message can have.
public enum MessageTag {
  /// The largest tag: what every MPI allows at least (MPI 3.1, section 8.1.2, `MPI_TAG_UB`).
  public static let largest = 32767
}
