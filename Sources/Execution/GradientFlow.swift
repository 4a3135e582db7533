import Networks

/// Which values of a network need a gradient: those between the loss and the first watched value, nothing below.
public struct GradientFlow: Sendable {
  /// By value index: whether ∂L/∂value is computed.
  public let needsGradient: [Bool]

  /// Finds the values that both reach the loss's head and depend on something watched.
  public init(_ request: ExecutionRequest) {
    let network = request.network
    var depends = [Bool](repeating: false, count: network.values.count)
    for observed in request.observed { depends[observed.value.index] = true }
    if request.inputGradients { for input in network.inputs { depends[input.index] = true } }
    for node in network.nodes
    where node.inputs.contains(where: { $0.map { depends[$0.index] } ?? false }) {
      for output in node.outputs { depends[output.index] = true }
    }
    var reaches = [Bool](repeating: false, count: network.values.count)
    reaches[request.loss.head(of: network).index] = true
    for node in network.nodes.reversed() where node.outputs.contains(where: { reaches[$0.index] }) {
      for case let input? in node.inputs where network[input].constant == nil { reaches[input.index] = true }
    }
    needsGradient = zip(depends, reaches).map { $0 && $1 }
  }
}
