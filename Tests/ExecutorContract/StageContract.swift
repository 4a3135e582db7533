package import Execution
import Networks

/// What every backend has to keep that can run a network in stages: the bits of the whole network.
package enum StageContract {
  /// Compares the evaluation of a network in stages with that of the whole, bit for bit.
  ///
  /// Another batch runs before, of which nothing may be left.
  /// - Parameter limit: the most bytes that an executor of one stage may hold, or `nil`.
  /// - Throws: `ContractFailure` with problem, array, index and both values, or the backend's error.
  package static func check(
    _ backend: any StagedBackend, _ problem: OperatorProblem, _ stages: NetworkStages, limit: Int? = nil
  ) throws {
    let expected = try backend.compile(problem.request).evaluate(problem.batch)
    try check(backend, problem, stages, limit: limit, expected)
  }

  /// Compares with what the whole network gave.
  package static func check(
    _ backend: any StagedBackend, _ problem: OperatorProblem, _ stages: NetworkStages, limit: Int? = nil,
    _ expected: Evaluation
  ) throws {
    let executor = try StagedProgram(problem.request, stages, on: backend, executorLimit: limit).makeExecutor()
    _ = try executor.evaluate(problem.batch.turnedRound)
    let found = try executor.evaluate(problem.batch)
    let place = "\(problem.name) in stages \(stages.nodes) on \(backend.description)"
    if let difference = found.firstDifference(from: expected) {
      throw ContractFailure(description: "\(place): \(difference)")
    }
  }

  /// Every cut of a network into two stages that both have something to compute.
  package static func cuts(_ request: ExecutionRequest) -> [NetworkStages] {
    request.network.nodes.indices.dropFirst().compactMap { try? NetworkStages(request, cuts: [$0]) }
  }
}

extension Evaluation {
  /// The first number that is not the same to the last bit, in words; `nil` when there is none.
  package func firstDifference(from expected: Evaluation) -> String? {
    let mine = arrays
    for (name, array) in expected.arrays {
      guard let own = mine.first(where: { $0.name == name })?.values, own.count == array.count else {
        return "\(name): another count"
      }
      if let index = array.indices.first(where: { own[$0].bitPattern != array[$0].bitPattern }) {
        return "\(name)[\(index)] is \(own[index]), expected \(array[index])"
      }
    }
    return mine.count == expected.arrays.count ? nil : "another count of arrays"
  }

  private var arrays: [(name: String, values: [Double])] {
    func named(_ name: String, _ list: [[Double]]) -> [(name: String, values: [Double])] {
      list.enumerated().map { ("\(name) \($0)", $1) }
    }
    // A float32 that becomes a float64 keeps all its bits, but for what is not a number.
    return [("losses", losses)] + named("output", outputs.map { $0.map(Double.init) }) + named("product", products)
      + named("input gradient", inputGradients)
  }
}
