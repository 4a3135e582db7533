package import Execution
import Networks

/// A small network around one operation or one pattern, and a batch to run through it.
package struct OperatorProblem: Sendable, CustomStringConvertible {
  package let name: String
  package let request: ExecutionRequest
  package let batch: Batch

  package init(name: String, request: ExecutionRequest, batch: Batch) {
    self.name = name
    self.request = request
    self.batch = batch
  }

  package var description: String { name }

  /// Whether its gradients are slopes of what it computes. A quantisation's is not: a staircase has slope 0, and the
  /// gradient passes straight through it.
  package var hasTrueGradients: Bool {
    !request.network.nodes.contains {
      if case .unary(.quantize) = $0.operation { true } else { false }
    }
  }

  /// Every problem: all cases of `Operation` in many geometries, patterns of whole networks, all losses.
  ///
  /// Values stay away from kinks (by 1/32 where a kinked function reads them), so that gradients are defined.
  package static func all(seed: UInt64) -> [OperatorProblem] {
    var list = ProblemList(seed: seed)
    list.addConvolutions()
    list.addTransposedConvolutions()
    list.addLinearLayers()
    list.addMatrixProducts()
    list.addNormalizations()
    list.addUnaryFunctions()
    list.addBinaryFunctions()
    list.addChoices()
    list.addJoinsAndCuts()
    list.addRearrangements()
    list.addSelectionsByIndex()
    list.addPools()
    list.addReductions()
    list.addResampling()
    list.addCumulativeSums()
    list.addPatterns()
    list.addConvolutionalBlocks()
    list.addTransformerBlocks()
    list.addLosses()
    return list.problems
  }
}

/// Problems as they are added. Each has its own seed, so that one more does not change the others.
struct ProblemList {
  private(set) var problems: [OperatorProblem] = []
  private let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  /// Adds a problem whose network `build` lays out; the value that it returns is compared with dense targets.
  mutating func add(_ name: String, _ build: (inout ProblemBuilder) -> ValueID) {
    add(name, loss: .meanSquaredError, build)
  }

  /// Adds a problem with another loss, or with some samples of the batch only.
  mutating func add(
    _ name: String, loss: Loss, batchSize: Int = 2, sampleCount: Int? = nil,
    _ build: (inout ProblemBuilder) -> ValueID
  ) {
    var hash = seed
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    var builder = ProblemBuilder(name: name, batchSize: batchSize, sampleCount: sampleCount ?? batchSize, seed: hash)
    let output = build(&builder)
    problems.append(builder.problem(output: output, loss: loss))
  }
}
