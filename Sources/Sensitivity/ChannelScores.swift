/// How much every channel matters: what decides which channels go where only their number is given.
public struct ChannelScores: Hashable, Sendable {
  /// Per layer, in graph order, the score of each of its own output channels.
  public let layers: [[Double]]
  /// Per group the score of each unit; those of the lowest scores go first.
  public let groups: [[Double]]

  /// The scores of a network's channels.
  public init(layers: [[Double]], groups: [[Double]]) {
    self.layers = layers
    self.groups = groups
  }
}
