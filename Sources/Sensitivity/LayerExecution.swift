public import Channels
public import Execution
public import Networks

/// A network made ready for its sensitivities: folded for execution, with every layer's output watched, the samples
/// along its axis 0.
public struct LayerExecution: Sendable {
  /// What an executor is compiled for; products come in the order of the layers.
  public let request: ExecutionRequest

  /// Folds a network and finds its layers' outputs again: after the normalisation, before the nonlinearity.
  public init(_ network: Network, _ structure: ChannelStructure, loss: Loss) {
    let folded = network.foldingNormalizations().bringingSamplesForward()
    var outputs: [String: ValueID] = [:]
    for node in folded.nodes { outputs[node.name] = node.outputs[0] }
    request = ExecutionRequest(
      network: folded, loss: loss,
      observed: structure.layers.map { layer in
        // Rewriting keeps every layer node under its name.
        ObservedValue(outputs[layer.name] ?? layer.output, channelAxis: layer.channelAxis)
      })
  }
}
