import Execution
import Networks

/// The multiply-adds of convolutions and linear layers in one batch. Everything else a network does counts as none.
struct WorkCount: Encodable {
  /// Input to output.
  private(set) var forward = 0
  /// Gradient at the output to gradient at the input, of the layers below which a gradient is needed.
  private(set) var backward = 0

  /// The work that a request asks for, for a number of samples.
  init(_ request: ExecutionRequest, samples: Int) {
    let network = request.network
    let needsGradient = GradientFlow(request).needsGradient
    for node in network.nodes {
      guard let input = node.inputs[0], let weight = node.inputs.dropFirst().first.flatMap({ $0 }) else { continue }
      let perOutput: Int
      switch node.operation {
      // Weights are [outputs, inputs ÷ groups, kernel…]: all but axis 0 is summed over.
      case .convolution: perOutput = network[weight].shape.dimensions.dropFirst().reduce(1, *)
      case .linear(let linear): perOutput = linear.features(of: network[weight].shape).inputs
      default: continue
      }
      let work = network[node.outputs[0]].shape.count / network.batchSize * samples * perOutput
      forward += work
      if needsGradient[input.index] { backward += work }
    }
  }
}
