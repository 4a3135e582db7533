import Channels
import Configuration
import Networks
import Surgery

/// A change of a network whose effect on the loss is evaluated. Layers are called by their names.
enum NetworkVariant: Sendable {
  /// None.
  case original
  /// Layers do not see some of their input channels: what removing channels means.
  case masking([String: [Int]])
  /// The weights of a layer lie on a grid of so many bits per output channel.
  case quantizingWeights(layer: String, bits: Int)
  /// What a layer reads lies on a grid.
  case quantizingInput(layer: String, Quantization)

  /// Whether it is one.
  var isChange: Bool { if case .original = self { false } else { true } }

  /// The network so changed.
  /// - Precondition: the layers and channels are the network's.
  func applied(to network: Network) -> Network {
    switch self {
    case .original: network
    case .masking(let removed): network.masking(inputs: removed)
    case .quantizingWeights(let layer, let bits): network.quantizingWeights(of: layer, bits: bits)
    case .quantizingInput(let layer, let grid): network.quantizingInput(of: layer, grid)
    }
  }
}

extension NetworkVariant: CustomStringConvertible {
  /// The change, to stand behind "the network".
  var description: String {
    switch self {
    case .original: "as it is"
    case .masking(let removed):
      "without input channels of \(removed.keys.sorted().map { "'\($0)'" }.joined(separator: ", "))"
    case .quantizingWeights(let layer, let bits): "with the weights of '\(layer)' in \(bits) bits"
    case .quantizingInput(let layer, let grid): "with what '\(layer)' reads in steps of \(grid.scale)"
    }
  }
}

extension NetworkVariant {
  /// The network without some units of a group.
  init(
    removing units: [Int], of group: Int, from structure: ChannelStructure, _ configuration: SearchConfiguration
  ) throws {
    var removed = [[Int]](repeating: [], count: structure.groups.count)
    removed[group] = units
    try self.init(removing: removed, from: structure, configuration)
  }

  /// The network without some units.
  /// - Parameter removed: by group.
  init(removing removed: [[Int]], from structure: ChannelStructure, _ configuration: SearchConfiguration) throws {
    do {
      let cut = LayerCut(
        structure.layers, inputs: try ChannelRemoval(removed.map { Set($0) }, from: structure).removedInputs,
        outputs: [])
      self = .masking(cut.inputs)
    } catch {
      throw SearchError(.program, file: configuration.model.path, "\(error)")
    }
  }
}
