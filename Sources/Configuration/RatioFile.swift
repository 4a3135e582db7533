/// What is to be removed from a network, as a file says it: checked as far as that goes without the network.
///
/// A file has one of five forms, told apart by what it holds:
///
/// - `ratios.json` of a search, every layer with its channels;
/// - the same with the ratios alone, no layer having `pruned_channels`;
/// - an object from names of layers to their ratios;
/// - an object from names of layers to the channels that go, or to those of one axis of the layer's weight;
/// - an array of entries like those of `config_list`.
public struct RatioFile: Hashable, Sendable {
  /// The file, as errors name it.
  public let file: String

  /// The model that the file was made for, where it says so.
  public let model: Model?

  /// What is to be removed.
  public let content: Content

  /// The model that a file was made for.
  public struct Model: Hashable, Sendable {
    /// The network's name.
    public let name: String?
    /// The SHA-256 of the model file, 64 hexadecimal digits.
    public let sha256: String?
  }

  /// What is to be removed, in one of the ways to say it.
  public enum Content: Hashable, Sendable {
    /// All channels that go, of every layer that loses any: nothing is left to be completed.
    case result([Entry<[Int]>])
    /// Each layer's share of channels that go, 0 ≤ r < 1.
    case ratios([Entry<Double>])
    /// Channels by hand: what must go with them goes too.
    case channels([Entry<ChannelList>])
    /// Entries of a pruning config; at least one says how much is pruned, none only limits a search.
    case rules(LayerRuleList)
  }

  /// What the file says of one layer.
  public struct Entry<Share: Hashable & Sendable>: Hashable, Sendable {
    /// The place in the file.
    public let path: String
    /// What the layer is called.
    public let name: String
    /// The ONNX type of its node, where the file has it.
    public let opType: String?
    /// The number of its output channels, where the file has it.
    public let channels: Int?
    /// What of it goes.
    public let share: Share
  }

  /// Output channels of a layer, each once.
  public struct ChannelList: Hashable, Sendable {
    /// The axis of the layer's weight that the indices count along, where the file says so.
    public let axis: Int?
    /// The channels.
    public let indices: [Int]
  }
}

extension RatioFile {
  /// The layers that entries name.
  ///
  /// - Parameter layers: every layer with weights, prunable or not.
  /// - Returns: each layer that is named with its entry, in the order of the entries. A name that several layers share
  ///   (that of a weight, or of a module) means all of them.
  /// - Throws: the entry whose layer there is none, with the nearest name; that is of another type; or that names a layer
  ///   for a second time.
  public func matched<Share>(
    _ entries: [Entry<Share>], to layers: [LayerIdentity]
  ) throws(ConfigurationError) -> [(layer: Int, entry: Entry<Share>)] {
    let names = LayerNames(layers)
    var matched: [(layer: Int, entry: Entry<Share>)] = []
    var first: [Int: Entry<Share>] = [:]
    for entry in entries {
      let found = names.layers(named: entry.name)
      guard !found.isEmpty else {
        throw error(entry, "no layer is called \(quoted(entry.name)); \(names.remark(onName: entry.name))")
      }
      for layer in found {
        if let other = first.updateValue(entry, forKey: layer) {
          throw error(entry, "\(quoted(entry.name)) names the same layer as \(quoted(other.name)) at \(other.path)")
        }
        if let opType = entry.opType, opType != layers[layer].opType {
          throw error(
            entry, "\(quoted(entry.name)) is of type \(quoted(opType)) here, but \(layers[layer].opType) in the network"
          )
        }
        matched.append((layer, entry))
      }
    }
    return matched
  }

  /// An error at the place of an entry.
  public func error<Share>(_ entry: Entry<Share>, _ problem: String) -> ConfigurationError {
    ConfigurationError(file: file, path: entry.path, problem: problem)
  }
}
