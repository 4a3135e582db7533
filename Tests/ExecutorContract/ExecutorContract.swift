package import Execution
import Networks

/// What every executor has to keep: the figures of the float64 reference.
package enum ExecutorContract {
  /// Compares a backend's losses, outputs, input gradients and products with the reference's, and every value of the
  /// network when it runs forward only.
  ///
  /// Another batch runs before, of which nothing may be left; and the products have to be the same with and without input
  /// gradients, because a search skips them.
  /// - Parameter tolerance: relative to the largest magnitude of each array.
  /// - Throws: `ContractFailure` with problem, array, index and both values, or the backend's error.
  package static func check(_ backend: any ExecutionBackend, _ problem: OperatorProblem, tolerance: Double) throws {
    let expected = try ReferenceBackend().compile(problem.request).evaluate(problem.batch)
    for inputGradients in [true, false] {
      let request = ExecutionRequest(
        network: problem.request.network, loss: problem.request.loss, observed: problem.request.observed,
        inputGradients: inputGradients)
      let executor = try backend.compile(request)
      _ = try executor.evaluate(problem.batch.turnedRound)
      let found = try executor.evaluate(problem.batch)
      let comparison = Comparison(problem: "\(problem.name) on \(backend.description)", tolerance: tolerance)
      try comparison.check("losses", found.losses, expected.losses)
      try comparison.check(found.outputs, expected.outputs)
      try comparison.check(
        "count of observed values", [Double(found.products.count)], [Double(expected.products.count)])
      for (number, pair) in zip(found.products, expected.products).enumerated() {
        try comparison.check("products of observed value \(number)", pair.0, pair.1)
      }
      let gradients = inputGradients ? expected.inputGradients : []
      try comparison.check(
        "count of input gradients", [Double(found.inputGradients.count)], [Double(gradients.count)])
      for (number, pair) in zip(found.inputGradients, gradients).enumerated() {
        try comparison.check("gradient of input \(number)", pair.0, pair.1)
      }
    }
    try checkWeights(backend, problem, tolerance: tolerance)
    try checkForward(backend, problem, tolerance: tolerance)
  }

  /// Compares what the weights of all layers say of their channels, summed over two parts of a batch, and sees to it that
  /// whoever asks for it gets the same bits of everything else.
  private static func checkWeights(
    _ backend: any ExecutionBackend, _ problem: OperatorProblem, tolerance: Double
  ) throws {
    let weighed = problem.request.layerNodes
    guard !weighed.isEmpty else { return }
    func request(_ weighed: [Int]) -> ExecutionRequest {
      ExecutionRequest(
        network: problem.request.network, loss: problem.request.loss, observed: problem.request.observed,
        weighed: weighed)
    }
    let parts = [
      problem.batch.turnedRound.part(isFirst: true, isLast: false), problem.batch.part(isFirst: false, isLast: true),
    ]
    let oracle = try ReferenceBackend().compile(request(weighed))
    let executor = try backend.compile(request(weighed))
    // Of a batch before nothing may be left.
    _ = try executor.evaluate(problem.batch)
    for part in parts {
      let (expected, found) = (try oracle.evaluate(part), try executor.evaluate(part))
      let comparison = Comparison(problem: "\(problem.name) weighed on \(backend.description)", tolerance: tolerance)
      let count = part.part.isLast ? weighed.count : 0
      try comparison.check("count of weights", [Double(found.weightProducts.count)], [Double(count)])
      for (number, pair) in zip(found.weightProducts, expected.weightProducts).enumerated() {
        let name = problem.request.network.nodes[weighed[number]].name
        try comparison.check("magnitudes of the outputs of \(name)", pair.0.outputMagnitudes, pair.1.outputMagnitudes)
        try comparison.check("magnitudes of the inputs of \(name)", pair.0.inputMagnitudes, pair.1.inputMagnitudes)
        // What cancels out is as exact as what it is made from.
        let magnitude = pair.1.inputMagnitudes.max() ?? 0
        try Comparison(problem: comparison.problem, tolerance: tolerance, floor: magnitude)
          .check("sums of the inputs of \(name)", pair.0.inputSums, pair.1.inputSums)
      }
    }
    let (with, without) = (
      try executor.evaluate(problem.batch), try backend.compile(request([])).evaluate(problem.batch)
    )
    guard with.losses == without.losses, with.outputs == without.outputs, with.products == without.products else {
      throw ContractFailure(description: "\(problem.name): other figures where weights are weighed too")
    }
  }

  /// Compares every computed value that holds the samples on axis 0.
  private static func checkForward(
    _ backend: any ExecutionBackend, _ problem: OperatorProblem, tolerance: Double
  ) throws {
    let network = problem.request.network
    let readable = network.nodes.flatMap(\.outputs).filter { value in
      let request = ExecutionRequest(network: network, loss: nil, outputs: [value])
      return (try? ReferenceBackend().compile(request).evaluate(problem.batch)) != nil
        && (try? backend.compile(request)) != nil
    }
    guard !readable.isEmpty else { return }
    let request = ExecutionRequest(network: network, loss: nil, outputs: readable)
    let expected = try ReferenceBackend().compile(request).evaluate(problem.batch)
    let found = try backend.compile(request).evaluate(problem.batch)
    let comparison = Comparison(problem: "\(problem.name) forward on \(backend.description)", tolerance: tolerance)
    try comparison.check("losses", found.losses, [])
    try comparison.check(found.outputs, expected.outputs)
  }
}

extension Comparison {
  /// Compares lists of arrays.
  fileprivate func check(_ found: [[Float]], _ expected: [[Float]]) throws {
    try check("count of outputs", [Double(found.count)], [Double(expected.count)])
    for (number, pair) in zip(found, expected).enumerated() {
      try check("output \(number)", pair.0.map(Double.init), pair.1.map(Double.init))
    }
  }
}

/// Where a backend departs from what it has to yield.
package struct ContractFailure: Error, CustomStringConvertible {
  package let description: String
}

/// Compares arrays, relative to the largest magnitude that is expected in each.
package struct Comparison {
  package let problem: String
  package let tolerance: Double
  /// Arrays of smaller magnitude than this are held to `tolerance × floor`.
  package let floor: Double

  package init(problem: String, tolerance: Double, floor: Double = 0) {
    self.problem = problem
    self.tolerance = tolerance
    self.floor = floor
  }

  /// - Throws: `ContractFailure` naming the element that is furthest off.
  package func check(_ array: String, _ found: [Double], _ expected: [Double]) throws(ContractFailure) {
    guard found.count == expected.count else {
      throw ContractFailure(description: "\(problem): \(array) has \(found.count) elements, expected \(expected.count)")
    }
    let largest = expected.reduce(floor) { max($0, abs($1)) }
    var worst: (index: Int, error: Double)?
    for index in expected.indices {
      let error = abs(found[index] - expected[index])
      // Written so that a NaN is an error.
      if error <= tolerance * largest || found[index] == expected[index] { continue }
      if let known = worst, !(error > known.error) { continue }
      worst = (index, error)
    }
    guard let worst else { return }
    throw ContractFailure(
      description: "\(problem): \(array)[\(worst.index)] is \(found[worst.index]), expected \(expected[worst.index]) "
        + "within \(tolerance * largest)")
  }
}

extension ExecutionRequest {
  /// The nodes with a constant weight.
  package var layerNodes: [Int] {
    network.nodes.indices.filter { index in
      let node = network.nodes[index]
      guard node.inputs.count > 1, let weight = node.inputs[1], network[weight].constant != nil else { return false }
      return WeightAxes(node.operation, weight: network[weight].shape) != nil
    }
  }
}

extension Batch {
  /// The same batch as a part of a larger one.
  package func part(isFirst: Bool, isLast: Bool) -> Batch {
    Batch(
      inputs: inputs, targets: targets, sampleCount: sampleCount, part: BatchPart(isFirst: isFirst, isLast: isLast))
  }

  /// The same batch with the elements of every input in the opposite order: other numbers of the same range.
  var turnedRound: Batch {
    Batch(inputs: inputs.map { $0.reversed() }, targets: targets, sampleCount: sampleCount)
  }
}
