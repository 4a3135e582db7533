import Execution
import ExecutorContract
import Networks

/// Derivatives by a factor on some weights, in float64: the oracle of the identities about Σ w·∂L/∂w.
struct ScaledWeights {
  let request: ExecutionRequest
  let batch: Batch

  /// d/ds at s = 1 of every sample's loss when the chosen elements of the constants are multiplied by s.
  ///
  /// - Parameter isScaled: for an element of a constant, by its row-major position.
  func derivatives(
    _ constants: [ValueID], _ isScaled: (_ constant: ValueID, _ element: Int) -> Bool
  ) throws -> [Double] {
    let above = try losses(constants, factor: 1 + CentralDifferences.step, isScaled)
    let below = try losses(constants, factor: 1 - CentralDifferences.step, isScaled)
    return zip(above, below).map { ($0 - $1) / (2 * CentralDifferences.step) }
  }

  private func losses(
    _ constants: [ValueID], factor: Double, _ isScaled: (_ constant: ValueID, _ element: Int) -> Bool
  ) throws -> [Double] {
    let network = request.network
    var values = network.values
    for id in constants {
      guard let constant = network[id].constant else { continue }
      let elements = constant.doubles.enumerated().map { isScaled(id, $0) ? $1 * factor : $1 }
      values[id.index] = Value(
        name: network[id].name, constant: ConstantTensor(shape: constant.shape, elements: .double(elements)))
    }
    let scaled = try Network(
      name: network.name, batchSize: network.batchSize, values: values, nodes: network.nodes, inputs: network.inputs,
      outputs: network.outputs)
    return try ReferenceBackend().compile(ExecutionRequest(network: scaled, loss: request.loss, observed: []))
      .evaluate(batch).losses
  }
}

extension Node {
  /// The unit of a layer that an element of its weight belongs to, and the input channel within the group that it reads;
  /// `nil` for a node without a weight.
  func unitAndInput(of element: Int, in weight: Shape) -> (unit: Int, input: Int)? {
    switch operation {
    case .convolution:
      let perInput = weight.dimensions[2...].reduce(1, *)
      return (element / (weight[1] * perInput), element / perInput % weight[1])
    case .convolutionTranspose(let convolution):
      // [I, O ÷ groups, K…]: the input's group says which outputs the second axis counts.
      let perInput = weight.dimensions[2...].reduce(1, *)
      let (input, own) = (element / (weight[1] * perInput), element / perInput % weight[1])
      let inputsPerGroup = weight[0] / convolution.groups
      return (input / inputsPerGroup * weight[1] + own, input % inputsPerGroup)
    case .linear(let linear):
      let (row, column) = (element / weight[1], element % weight[1])
      return linear.weightIsOutputByInput ? (row, column) : (column, row)
    default: return nil
    }
  }
}
