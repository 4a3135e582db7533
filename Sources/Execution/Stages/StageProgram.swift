import Networks

/// A backend that can compile single stages of a network.
///
/// All stages together, run one behind another, yield the bits that the whole network yields: the same kernels run in the
/// same order on the same numbers, in other places.
public protocol StagedBackend: ExecutionBackend {
  /// Compiles one stage of a network.
  ///
  /// - Parameters:
  ///   - request: what the whole network is compiled for; constants that only other stages read may be hollow.
  ///   - stages: where the network is cut; alike for all its stages.
  ///   - stage: which of them.
  ///   - executorLimit: the most bytes that an executor of the stage may hold, or `nil`. It changes no result.
  /// - Throws: `ExecutionError` when an operation or shape of the stage is not supported, memory runs out, or the limit
  ///   is too low.
  func program(
    for request: ExecutionRequest, stage: Int, of stages: NetworkStages, executorLimit: Int?
  ) throws(ExecutionError) -> any StageProgram
}

/// One stage of a network, compiled: what all its executors share.
public protocol StageProgram: Sendable {
  /// The memory that it and its executors hold, without what neighbours hand over.
  var memory: MemoryRequirement { get }
  /// What it takes and hands on for a batch. A stage that no gradients reach, but for the last, is done once it has run
  /// forward.
  var traffic: StageTraffic { get }
  /// Makes an executor for one thread.
  /// - Throws: `ExecutionError` when memory runs out.
  func makeExecutor() throws(ExecutionError) -> any StageExecutor
}

/// Bytes that a stage takes from its neighbours and hands to them for one batch.
public struct StageTraffic: Hashable, Sendable {
  /// Values from the stage before; 0 for the first.
  public let valuesIn: Int
  /// Values for the stage behind; 0 for the last.
  public let valuesOut: Int
  /// Gradients from the stage behind; 0 for the last, and where nothing at or before this stage asks for any.
  public let gradientsIn: Int
  /// Gradients for the stage before; 0 for the first, and where nothing before this stage asks for any.
  public let gradientsOut: Int

  /// Bytes of each kind.
  public init(valuesIn: Int, valuesOut: Int, gradientsIn: Int, gradientsOut: Int) {
    self.valuesIn = valuesIn
    self.valuesOut = valuesOut
    self.gradientsIn = gradientsIn
    self.gradientsOut = gradientsOut
  }
}

/// One stage of a network, ready to run. It belongs to one thread, and holds nothing of a batch between two calls.
///
/// What stages hand to each other are bytes in an order that both ends know from compiling the same network with the same
/// cuts; they cannot be read anywhere else.
public protocol StageExecutor: AnyObject {
  /// Runs the stage's nodes.
  ///
  /// - Parameters:
  ///   - batch: the inputs, which only the first stage reads; the others may be given none.
  ///   - values: what the stage before handed over; empty for the first.
  /// - Returns: what the stage behind needs, `traffic.valuesOut` bytes.
  /// - Throws: `ExecutionError` when a batch or what was handed over has the wrong size.
  func forward(_ batch: Batch, _ values: [UInt8]) throws(ExecutionError) -> [UInt8]

  /// Runs the stage's nodes, then, for the last stage, the loss, and then the way back.
  ///
  /// - Parameters:
  ///   - batch: the inputs, which only the first stage reads, and the targets, which only the last one reads.
  ///   - values: what the stage before handed over, the same as for `forward`.
  ///   - gradients: what the stage behind handed over; empty for the last.
  /// - Returns: the stage's part of the evaluation, and what the stage before needs.
  /// - Throws: `ExecutionError` when a target is outside the classes, a size is wrong, or a loss is not finite.
  func complete(_ batch: Batch, _ values: [UInt8], gradients: [UInt8]) throws(ExecutionError) -> StageResult
}

/// A stage's part of an evaluation.
public struct StageResult: Sendable {
  /// The loss of each sample that counts; only from the last stage.
  public let losses: [Double]
  /// Per output of the request its elements; only from the last stage.
  public let outputs: [[Float]]
  /// The products of the values that this stage watches, by their index in the request.
  public let products: [(observed: Int, values: [Double])]
  /// The gradients at the network's inputs, if asked for; only from the first stage.
  public let inputGradients: [[Double]]
  /// What the stage before needs, `traffic.gradientsOut` bytes.
  public let gradients: [UInt8]

  /// A part of an evaluation.
  public init(
    losses: [Double], outputs: [[Float]], products: [(observed: Int, values: [Double])], inputGradients: [[Double]],
    gradients: [UInt8]
  ) {
    self.losses = losses
    self.outputs = outputs
    self.products = products
    self.inputGradients = inputGradients
    self.gradients = gradients
  }
}

extension Evaluation {
  /// The evaluation whose parts the stages of a network yielded.
  ///
  /// Watched values and inputs that no stage tells of, since the loss does not depend on them, have products and gradients
  /// of 0.
  /// - Throws: `ExecutionError` when a product is infinite or not a number.
  public init(joining parts: [StageResult], _ request: ExecutionRequest, sampleCount: Int) throws(ExecutionError) {
    let network = request.network
    var products = request.observed.map { one in
      [Double](repeating: 0, count: sampleCount * network[one.value].shape[one.channelAxis])
    }
    for part in parts {
      for (observed, values) in part.products { products[observed] = values }
    }
    var inputGradients = parts.flatMap(\.inputGradients)
    if request.inputGradients, inputGradients.isEmpty {
      inputGradients = network.inputs.map { id in
        [Double](repeating: 0, count: network[id].shape.count / network.batchSize * sampleCount)
      }
    }
    for (one, values) in zip(request.observed, products) where !values.allSatisfy(\.isFinite) {
      throw .notFiniteProduct(of: network[one.value].name)
    }
    self.init(
      losses: parts.flatMap(\.losses), outputs: parts.flatMap(\.outputs), products: products,
      inputGradients: inputGradients)
  }
}

extension ExecutionError {
  /// What is thrown when a product of a watched value is infinite or not a number.
  public static func notFiniteProduct(of value: String) -> ExecutionError {
    ExecutionError(.notFinite, value, "the sensitivity of a channel is infinite or not a number")
  }

  /// What is thrown when bytes that a neighbouring stage handed over have the wrong count.
  public static func wrongBoundary(of network: String, stage: Int, found: Int, expected: Int) -> ExecutionError {
    ExecutionError(
      .failed, network, "stage \(stage) was handed \(found) bytes, expected \(expected): its neighbour runs another cut"
    )
  }
}
