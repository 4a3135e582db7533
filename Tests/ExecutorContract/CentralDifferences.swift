import Execution
import Networks

/// The reference's gradients against (L(x + h) − L(x − h)) ÷ 2h in float64.
package enum CentralDifferences {
  /// The step. Its cut-off error is h²/6 · L‴ ≈ 2e-10 · L‴, its rounding error about 2⁻⁵³ ÷ h ≈ 4e-12 times the loss and
  /// what was added up in it; both are far below `tolerance`, and 1/32 to the next kink is far above.
  package static let step = 0x1p-15

  /// Relative to the largest gradient of an array (or 1e-3): four orders above the errors of the step, three below what
  /// the smallest mistake in a formula would change.
  package static let tolerance = 1e-6

  /// Checks the input gradients and the products of every observed value.
  /// - Throws: `ContractFailure`, or the reference's error.
  package static func check(_ problem: OperatorProblem) throws {
    let comparison = Comparison(problem: problem.name, tolerance: tolerance, floor: 1e-3)
    let expected = try ReferenceExecutor(problem.request).evaluate(problem.batch)
    // The reference's gradients are found against the quotients; a gate in front of each watched value's readers turns
    // its products into gradients of the gate.
    let gated = GatedNetwork(problem.request)
    let executor = try ReferenceExecutor(
      ExecutionRequest(network: gated.network, loss: problem.request.loss, observed: []))
    let samples = problem.batch.sampleCount
    let batchSize = gated.network.batchSize
    var inputs = problem.batch.inputs.map { $0.map(Double.init) }
    inputs += gated.gates.map { [Double](repeating: 1, count: gated.network[$0].shape.count) }
    let batch = Batch(
      inputs: inputs.map { $0.map { Float($0) } }, targets: problem.batch.targets, sampleCount: samples)

    for (number, id) in gated.network.inputs.enumerated() {
      let original = inputs[number]
      let isGate = number >= problem.batch.inputs.count
      // One element of every sample at once: no sample's loss depends on another sample. A gate has an element per
      // channel, however many rows a sample has.
      let perSample = isGate ? gated.network[id].shape.dimensions.dropFirst(2).reduce(1, *) : original.count / batchSize
      var quotients = [Double](repeating: 0, count: samples * perSample)
      for element in 0..<perSample {
        let places = stride(from: element, to: original.count, by: perSample)
        for place in places { inputs[number][place] = original[place] + step }
        let above = try executor.evaluate(batch, inputs: inputs).evaluation.losses
        for place in places { inputs[number][place] = original[place] - step }
        let below = try executor.evaluate(batch, inputs: inputs).evaluation.losses
        for place in places { inputs[number][place] = original[place] }
        for sample in 0..<samples {
          quotients[sample * perSample + element] = (above[sample] - below[sample]) / (2 * step)
        }
      }
      if isGate {
        let observed = number - problem.batch.inputs.count
        try comparison.check("products of observed value \(observed)", expected.products[observed], quotients)
      } else {
        try comparison.check("gradient of input \(number)", expected.inputGradients[number], quotients)
      }
    }
  }
}

/// A network in which every observed value is multiplied by a further input, one element per channel, before it is read.
struct GatedNetwork {
  let network: Network
  /// Per observed value its gate: samples × rows of a sample along axis 0 of the value × channels.
  let gates: [ValueID]

  init(_ request: ExecutionRequest) {
    let original = request.network
    var values = original.values
    var gates: [ValueID] = []
    // A value watched along several axes has as many gates, one behind the other.
    var stages: [ValueID: [(gate: ValueID, product: ValueID)]] = [:]
    for observed in request.observed {
      let shape = original[observed.value].shape
      let factors = shape.dimensions.indices.dropFirst().map { $0 == observed.channelAxis ? shape[$0] : 1 }
      let gate = ValueID(values.count)
      let samples = original.batchSize
      values.append(Value(name: "gate_\(gates.count)", shape: Shape([samples, shape[0] / samples] + factors)))
      values.append(Value(name: "factors_\(gates.count)", shape: Shape([shape[0]] + factors)))
      values.append(Value(name: "gated_\(gates.count)", shape: shape))
      gates.append(gate)
      stages[observed.value, default: []].append((gate, ValueID(gate.index + 2)))
    }
    var nodes: [Node] = []
    func addGates(behind value: ValueID) {
      var value = value
      for (gate, product) in stages[value] ?? [] {
        let factors = ValueID(gate.index + 1)
        nodes.append(
          Node(
            name: "factors_\(gate.index)", opType: "Reshape", operation: .reshape, inputs: [gate], outputs: [factors]))
        nodes.append(
          Node(
            name: "gate_\(gate.index)", opType: "Mul", operation: .binary(.multiply), inputs: [value, factors],
            outputs: [product]))
        value = product
      }
    }
    for input in original.inputs { addGates(behind: input) }
    for node in original.nodes {
      nodes.append(
        Node(
          name: node.name, opType: node.opType, operation: node.operation,
          inputs: node.inputs.map { id in id.map { stages[$0]?.last?.product ?? $0 } }, outputs: node.outputs))
      for output in node.outputs { addGates(behind: output) }
    }
    do {
      network = try Network(
        name: original.name, batchSize: original.batchSize, values: values, nodes: nodes,
        inputs: original.inputs + gates, outputs: original.outputs.map { stages[$0]?.last?.product ?? $0 })
    } catch {
      preconditionFailure("gates broke \(original.name): \(error)")
    }
    self.gates = gates
  }
}
