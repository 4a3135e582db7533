import Execution

/// One kernel call of a compiled network.
protocol Step: Sendable {
  /// What kind of work it is.
  var kind: StepKind { get }
  /// The buffers that it reads.
  var reads: [BufferID] { get }
  /// The buffers that it writes, working memory included.
  var writes: [BufferID] { get }
  /// Prepares what only one executor can use: calls with fixed addresses.
  func prepare(_ memory: Memory) throws(ExecutionError)
  /// Runs it.
  func run(_ memory: Memory) throws(ExecutionError)
}

extension Step {
  func prepare(_ memory: Memory) {}
}

/// Kinds of work, as a profile tells them apart.
public enum StepKind: String, Sendable, CaseIterable {
  /// Convolutions, linear layers and products of matrices, and their way back.
  case convolution
  /// Functions, additions and gates, forward.
  case elementwise
  /// Gradients through functions, and sums of products.
  case gradientPass = "gradient pass"
  /// Pools, means and other reductions.
  case reduction
  /// Normalisations and softmax.
  case normalization
  /// Copies into another order.
  case movement
}

/// A kernel call and the node that it is a part of.
struct CompiledStep: Sendable {
  /// The call.
  let step: any Step
  /// The node's name.
  let node: String
  /// The stage that it belongs to.
  let stage: Int
}

/// What stands for a kernel call that runs in another place.
struct ForeignStep: Step {
  let reads: [BufferID]
  let writes: [BufferID]

  var kind: StepKind { .movement }

  func run(_ memory: Memory) { preconditionFailure("a kernel of another stage") }
}
