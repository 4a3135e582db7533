import Channels
import Networks

/// Which layer's values reach which: a network without what only changes values on the way.
///
/// What brings several values together (an addition, a concatenation, a product of two activations) is a junction.
public struct LayerGraph: Sendable {
  /// A place that values come from or go to.
  public struct Node: Sendable {
    /// What is there.
    public let kind: Kind
    /// Where its values come from: indices into `nodes`, ascending.
    public let sources: [Int]
  }

  /// What stands at a node.
  public enum Kind: Hashable, Sendable {
    /// An input of the network.
    case input(String)
    /// A layer: an index into `ChannelStructure.layers`.
    case layer(Int)
    /// What brings several values together: its op type.
    case junction(String)
    /// An output of the network.
    case output(String)
  }

  /// In an order in which each stands behind its sources.
  public let nodes: [Node]

  /// The graph of an analysed network.
  /// - Parameter structure: of the same network.
  init(_ network: Network, _ structure: ChannelStructure) {
    var nodes: [Node] = []
    // By value where it comes from; nothing for constants.
    var sources = [[Int]](repeating: [], count: network.values.count)
    for input in network.inputs {
      sources[input.index] = [nodes.count]
      nodes.append(Node(kind: .input(network[input].name), sources: []))
    }
    var layers: [Int: Int] = [:]
    for (index, layer) in structure.layers.enumerated() { layers[layer.node] = index }
    for (index, node) in network.nodes.enumerated() {
      var own = Set(node.inputs.flatMap { $0.map { sources[$0.index] } ?? [] }).sorted()
      if let layer = layers[index] {
        nodes.append(Node(kind: .layer(layer), sources: own))
        own = [nodes.count - 1]
      } else if own.count > 1 {
        nodes.append(Node(kind: .junction(node.opType), sources: own))
        own = [nodes.count - 1]
      }
      for output in node.outputs { sources[output.index] = own }
    }
    for output in network.outputs {
      nodes.append(Node(kind: .output(network[output].name), sources: sources[output.index]))
    }
    self.nodes = nodes
  }
}
