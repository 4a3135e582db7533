public import Networks

/// A value whose channels are watched: the executor reports Σ a·∂L/∂a for each of its channels.
public struct ObservedValue: Hashable, Sendable {
  /// The value, usually a layer's output.
  public let value: ValueID
  /// The axis of its channels; every other axis is summed over, but for the samples on axis 0.
  public let channelAxis: Int

  /// A value to watch.
  public init(_ value: ValueID, channelAxis: Int) {
    self.value = value
    self.channelAxis = channelAxis
  }
}

/// What a network is compiled for.
public struct ExecutionRequest: Sendable {
  /// The network to run, as it is: fold it before (`Network.foldingNormalizations`).
  public let network: Network
  /// What is differentiated; `nil` to run forward only.
  public let loss: Loss?
  /// The values whose elements are reported, in the order of `Evaluation.outputs`; each holds the samples on axis 0.
  public let outputs: [ValueID]
  /// The values whose Σ a·∂L/∂a is reported, in the order of `Evaluation.products`.
  public let observed: [ObservedValue]
  /// The nodes with a constant weight (convolutions, transposed ones, linear layers) whose w·∂L/∂w is reported, in the
  /// order of `Evaluation.weightProducts`.
  public let weighed: [Int]
  /// Whether `Evaluation.inputGradients` is filled; a search does not need it, so nothing flows below the first
  /// observed value then.
  public let inputGradients: Bool

  /// What a network is compiled for. What neither the loss nor an output depends on is not computed.
  /// - Parameter outputs: the values to report; `nil` for the network's first output.
  public init(
    network: Network, loss: Loss?, observed: [ObservedValue] = [], weighed: [Int] = [], inputGradients: Bool = false,
    outputs: [ValueID]? = nil
  ) {
    self.network = network
    self.loss = loss
    self.outputs = outputs ?? [network.outputs[0]]
    self.observed = observed
    self.weighed = weighed
    self.inputGradients = inputGradients
  }

  /// The value that the loss is differentiated at; `nil` without a loss.
  public var head: ValueID? { loss?.head(of: network) }
}

/// One batch of samples. A short last batch is filled up to the network's batch size by repeating its last sample; the
/// repeated ones take part in nothing that is reported.
public struct Batch: Sendable {
  /// Per network input, batchSize × sample elements, row-major as the input's shape says.
  public let inputs: [[Float]]
  /// What the outputs are compared with, for `batchSize` samples.
  public let targets: Targets
  /// How many of the samples count, 1 … batchSize.
  public let sampleCount: Int
  /// Which part it is of what the gradients of weights are summed over.
  public let part: BatchPart

  /// One batch of samples.
  public init(inputs: [[Float]], targets: Targets, sampleCount: Int, part: BatchPart = .whole) {
    self.inputs = inputs
    self.targets = targets
    self.sampleCount = sampleCount
    self.part = part
  }
}

/// Gradients of weights are summed over all samples of a batch, more than run at a time: they come in parts, one behind
/// the other through one executor.
public struct BatchPart: Hashable, Sendable {
  /// Whether sums begin with it.
  public let isFirst: Bool
  /// Whether sums end with it, and are reported.
  public let isLast: Bool

  /// A part.
  public init(isFirst: Bool, isLast: Bool) {
    self.isFirst = isFirst
    self.isLast = isLast
  }

  /// All of it.
  public static let whole = BatchPart(isFirst: true, isLast: true)
}

/// What a batch's outputs are compared with.
public enum Targets: Sendable {
  /// Nothing: the loss makes its own.
  case none
  /// Class indices, batchSize × positions.
  case classes([Int])
  /// Dense targets of the output's shape, row-major.
  case dense([Float])
  /// Targets of the network's own prediction, made from random numbers. For the cross-entropies batchSize × positions
  /// numbers of 0 ..< 1: the class is the first at which the probabilities up to it add up to more. For a squared error
  /// one of the standard normal distribution per element of the output: the target lies around the prediction with a
  /// variance of half the elements, so that the mean of the squared gradients is the Gauss-Newton matrix.
  case drawn([Double])
  /// For the cross-entropies, one class per sample: the one of that rank among the predicted probabilities, 0 the largest.
  case ranked(Int)
}

/// What one batch gave. Every figure is of one sample alone: batch means are left to who asks.
public struct Evaluation: Sendable {
  /// The loss Lₙ of each sample that counts; empty without a loss.
  public let losses: [Double]
  /// Per output of the request its elements for the samples that count, row-major.
  public let outputs: [[Float]]
  /// Per observed value, sampleCount × channels: Σ over the other axes of a·∂Lₙ/∂a, summed in float64.
  public let products: [[Double]]
  /// Per network input ∂Lₙ/∂x of the samples that count, row-major; empty unless asked for.
  public let inputGradients: [[Double]]
  /// Per weighed node what its weights say of its channels, of all parts together; empty before the last one.
  public let weightProducts: [WeightProducts]

  /// What one batch gave.
  public init(
    losses: [Double], outputs: [[Float]], products: [[Double]], inputGradients: [[Double]],
    weightProducts: [WeightProducts] = []
  ) {
    self.losses = losses
    self.outputs = outputs
    self.products = products
    self.inputGradients = inputGradients
    self.weightProducts = weightProducts
  }
}

/// A network compiled to run: forward, loss, backward through activations, and to weights where they are weighed.
///
/// An executor belongs to one thread; a rank makes one per worker.
public protocol NetworkExecutor: AnyObject {
  /// Runs one batch.
  /// - Throws: `ExecutionError` when a target is outside the classes, a batch has the wrong size, or a loss is not finite.
  func evaluate(_ batch: Batch) throws(ExecutionError) -> Evaluation
}

/// A network compiled: what all its executors share.
public protocol ExecutionProgram: Sendable {
  /// The memory that it and its executors hold.
  var memory: MemoryRequirement { get }
  /// Makes an executor for one thread.
  /// - Throws: `ExecutionError` when memory runs out.
  func makeExecutor() throws(ExecutionError) -> any NetworkExecutor
}

/// Memory in bytes, known before anything runs.
public struct MemoryRequirement: Hashable, Sendable {
  /// Held once, whatever the number of executors: packed weights.
  public let shared: Int
  /// Held by each executor: activations, gradients and working memory at their fullest.
  public let perExecutor: Int

  /// A requirement in bytes.
  public init(shared: Int, perExecutor: Int) {
    self.shared = shared
    self.perExecutor = perExecutor
  }
}

/// Compiles networks.
public protocol ExecutionBackend: Sendable {
  /// Its name and version, as `run.json` records it.
  var description: String { get }
  /// Compiles a network.
  /// - Parameter executorLimit: the most bytes that an executor may hold, or `nil`. It changes no result.
  /// - Throws: `ExecutionError` when an operation or shape is not supported, memory runs out, or the limit is too low.
  func program(for request: ExecutionRequest, executorLimit: Int?) throws(ExecutionError) -> any ExecutionProgram
}

extension ExecutionBackend {
  /// Compiles a network for one thread.
  public func compile(_ request: ExecutionRequest) throws(ExecutionError) -> any NetworkExecutor {
    try program(for: request, executorLimit: nil).makeExecutor()
  }
}

/// Why a network or batch cannot be run.
public struct ExecutionError: Error, Hashable, CustomStringConvertible {
  /// Whose fault it is: the exit code depends on it.
  public enum Kind: Hashable, Sendable {
    /// The network has something that cannot be run, or does not go with the loss.
    case unsupported
    /// The calibration data do not go with the network: a class index outside, a wrong size.
    case badData
    /// The loss or a sensitivity became infinite or not a number.
    case notFinite
    /// A library failed or memory ran out.
    case failed
    /// More memory is needed than may be used: at least so many bytes.
    case tooLarge(least: Int)
  }

  /// Whose fault it is.
  public let kind: Kind
  /// The node, output or sample at fault.
  public let place: String
  /// What is wrong there: expected, found.
  public let problem: String
  /// The sample at fault, counted in its batch; `nil` when it is none alone.
  public let sample: Int?

  /// An error at a place.
  public init(_ kind: Kind, _ place: String, _ problem: String, sample: Int? = nil) {
    self.kind = kind
    self.place = place
    self.problem = problem
    self.sample = sample
  }

  /// Place, problem and sample.
  public var description: String {
    "\(place): \(problem)" + (sample.map { ", sample \($0) of the batch" } ?? "")
  }
}
