/// How the indices of one tensor were renumbered.
public struct TensorChange: Hashable, Sendable {
  /// What sort of tensor it is.
  public enum Kind: Hashable, Sendable {
    /// Stored in the file: an initializer or the value of a Constant node.
    case initializer
    /// Computed by a node.
    case activation
  }

  /// What stays of one axis.
  public struct Axis: Hashable, Sendable {
    /// The axis, from 0.
    public let axis: Int
    /// The indices of the original that stay, ascending: the new index i is the old index `kept[0][i]`. A grouped
    /// convolution's weight has one list per convolution group for axis 1.
    public let kept: [[Int]]

    /// What stays of one axis.
    public init(axis: Int, kept: [[Int]]) {
      self.axis = axis
      self.kept = kept
    }
  }

  /// The tensor's name in the new file.
  public let name: String
  /// The tensor's name in the original: another one where a constant was shared and its readers lose different channels.
  public let original: String
  /// Whether it is stored or computed.
  public let kind: Kind
  /// The extents in the original; a computed tensor's at the batch size that it was analysed with.
  public let before: [Int]
  /// The axes that lost indices, ascending.
  public let axes: [Axis]

  /// How the indices of one tensor were renumbered.
  public init(name: String, original: String, kind: Kind, before: [Int], axes: [Axis]) {
    self.name = name
    self.original = original
    self.kind = kind
    self.before = before
    self.axes = axes
  }
}
