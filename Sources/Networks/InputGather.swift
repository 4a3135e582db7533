/// A Gather in front of one layer's data operand, because its producer cannot shrink.
public struct InputGather: Hashable, Sendable {
  /// The layer's ONNX node name.
  public let node: String
  /// The input channels that the layer goes on reading, by their numbers in the original, ascending.
  public let kept: [Int]

  /// A Gather in front of a layer.
  public init(node: String, kept: [Int]) {
    self.node = node
    self.kept = kept
  }
}
