public import Channels
public import Execution
public import Networks

/// A network made ready for its sensitivities: folded for execution, with every layer's output watched, the samples
/// along its axis 0.
public struct LayerExecution: Sendable {
  /// What an executor is compiled for; products come in the order of the layers.
  public let request: ExecutionRequest

  /// Folds a network and finds its layers' outputs again: after the normalisation, before the nonlinearity.
  /// - Parameter weighs: whether the layers' weights are weighed, too, in the order of the layers.
  public init(_ network: Network, _ structure: ChannelStructure, loss: Loss, weighs: Bool = false) {
    let folded = network.foldingNormalizations().bringingSamplesForward()
    var outputs: [String: ValueID] = [:]
    var nodes: [String: Int] = [:]
    for (index, node) in folded.nodes.enumerated() {
      outputs[node.name] = node.outputs[0]
      nodes[node.name] = index
    }
    request = ExecutionRequest(
      network: folded, loss: loss,
      observed: structure.layers.map { layer in
        // Rewriting keeps every layer node under its name.
        ObservedValue(outputs[layer.name] ?? layer.output, channelAxis: layer.channelAxis)
      }, weighed: weighs ? structure.layers.map { nodes[$0.name] ?? $0.node } : [])
  }
}
