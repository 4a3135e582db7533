import Networks

/// Which values of a network need a gradient: those between the loss and the first watched value, nothing below.
///
/// A path through an operation that carries no gradient (a comparison, a rounding, a condition) connects nothing: what
/// reaches the loss on such paths alone has the gradient 0, and none is computed.
public struct GradientFlow: Sendable {
  /// By value index: whether ∂L/∂value is computed.
  public let needsGradient: [Bool]

  /// Finds the values that both reach the loss's head and depend on something watched.
  public init(_ request: ExecutionRequest) {
    let network = request.network
    var depends = [Bool](repeating: false, count: network.values.count)
    for observed in request.observed { depends[observed.value.index] = true }
    for node in request.weighed { depends[network.nodes[node].outputs[0].index] = true }
    if request.inputGradients { for input in network.inputs { depends[input.index] = true } }
    for node in network.nodes
    where node.inputs.enumerated().contains(where: { position, input in
      node.operation.carriesGradient(to: position) && (input.map { depends[$0.index] } ?? false)
    }) {
      for output in node.outputs { depends[output.index] = true }
    }
    var reaches = [Bool](repeating: false, count: network.values.count)
    if let head = request.head { reaches[head.index] = true }
    for node in network.nodes.reversed() where node.outputs.contains(where: { reaches[$0.index] }) {
      for (position, input) in node.inputs.enumerated() {
        guard let input, network[input].constant == nil, node.operation.carriesGradient(to: position) else { continue }
        reaches[input.index] = true
      }
    }
    needsGradient = zip(depends, reaches).map { $0 && $1 }
  }
}
