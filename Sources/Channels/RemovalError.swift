/// Why channels cannot be removed as asked.
public enum RemovalError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A group has no such unit.
  case unknownUnit(group: Int, unit: Int, unitCount: Int)
  /// A layer has no such channel.
  case unknownChannel(layer: String, channel: Int, channels: Int)
  /// A channel has to stay.
  case mustStay(layer: String, channel: Int, reason: FreezeReason)
  /// The groups of a grouped convolution would lose unequal numbers of a layer's channel units.
  case unequalBlocks(place: String, opType: String, layer: String, removed: [Int])
  /// Nothing would be left of what a node yields.
  case nothingKept(place: String, opType: String, value: String)
  /// Nothing would be left of what a layer reads.
  case nothingRead(layer: String, inputs: Int)
  /// A channel is listed, and another layer's that goes with it is not.
  case notListed(layer: String, channel: Int, with: String, listed: Int)
  /// A layer cannot leave out inputs by a Gather.
  case notGatherable(layer: String, opType: String, cause: String)

  /// Where, what was expected and what was found, in one line.
  public var description: String {
    switch self {
    case .unknownUnit(let group, let unit, let unitCount):
      "group \(group): unit \(unit) to be removed, expected 0 to \(unitCount - 1)"
    case .unknownChannel(let layer, let channel, let channels):
      "layer '\(layer)': channel \(channel) to be removed, expected 0 to \(channels - 1)"
    case .mustStay(let layer, let channel, let reason):
      "layer '\(layer)': channel \(channel) to be removed, but it has to stay: \(reason)"
    case .unequalBlocks(let place, let opType, let layer, let removed):
      "\(opType) '\(place)': its \(removed.count) groups would lose \(removed.map(String.init).joined(separator: ", ")) "
        + "channel units of layer '\(layer)', expected equally many"
    case .nothingKept(let place, let opType, let value):
      "\(opType) '\(place)': nothing would be left of its result '\(value)', expected at least one channel"
    case .nothingRead(let layer, let inputs):
      "layer '\(layer)': none of its \(inputs) input channels would be left, expected at least one"
    case .notListed(let layer, let channel, let with, let listed):
      "layer '\(layer)': channel \(channel) is not listed to be removed, but goes with channel \(listed) of layer "
        + "'\(with)', which is"
    case .notGatherable(let layer, let opType, let cause):
      "\(opType) '\(layer)': inputs to be left out by a Gather, but \(cause)"
    }
  }
}
