import CKernels
import Execution
import Networks

/// Parts of an axis one behind another, or their gradients added to where they came from.
struct GatherStep: Step {
  /// Which way it runs.
  enum Direction {
    /// Whole to parts.
    case forward
    /// The parts' gradients added to the whole's.
    case backward
  }

  private let whole: Tensor
  private let parts: Tensor
  private let axis: Int
  /// Pairs of the first index of a run and its length.
  private let runs: [Int]
  private let direction: Direction

  /// Parts that indices name, both arrays in one layout.
  init(indices: [Int], axis: Int, whole: Tensor, parts: Tensor, direction: Direction) {
    self.whole = whole
    self.parts = parts
    self.axis = axis
    self.direction = direction
    var runs: [Int] = []
    var start = 0
    for end in 1...max(indices.count, 1) where end >= indices.count || indices[end] != indices[end - 1] + 1 {
      runs += [indices[start], end - start]
      start = end
    }
    self.runs = runs
  }

  var kind: StepKind { .movement }
  var reads: [BufferID] { direction == .forward ? [whole.buffer] : [whole.buffer, parts.buffer] }
  var writes: [BufferID] { direction == .forward ? [parts.buffer] : [whole.buffer] }

  func run(_ memory: Memory) {
    let (outer, extent, inner) = whole.layout.split(whole.shape, at: axis)
    switch direction {
    case .forward:
      pc_gather_runs(
        memory.floats(parts.buffer), memory.floats(whole.buffer), outer, extent, inner, runs, runs.count / 2)
    case .backward:
      pc_gather_runs_adjoint(
        memory.floats(whole.buffer), memory.floats(parts.buffer), outer, extent, inner, runs, runs.count / 2)
    }
  }
}

/// Sums up to each place of an axis, both arrays in one layout.
struct CumulativeSumStep: Step {
  /// What is summed.
  let from: Tensor
  /// The sums.
  let to: Tensor
  /// The axis.
  let axis: Int
  /// Whether a place's own element is left out.
  let isExclusive: Bool
  /// Whether sums run from the end.
  let isReversed: Bool
  /// Whether they are added.
  let accumulates: Bool

  var kind: StepKind { .movement }
  var reads: [BufferID] { [from.buffer] + (accumulates ? [to.buffer] : []) }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    let (outer, extent, inner) = from.layout.split(from.shape, at: axis)
    pc_cumulative_sum(
      memory.floats(to.buffer), memory.floats(from.buffer), outer, extent, inner, isExclusive, isReversed, accumulates)
  }
}

/// Resizing along one axis, or its gradients added to the operand's; both arrays in one layout.
struct ResampleStep: Step {
  private let geometry: pc_resampling
  private let sources: [Int]
  private let weights: [Float]
  private let operand: Tensor
  private let result: Tensor
  private let direction: GatherStep.Direction

  /// Resizing of one array to another that differs in one extent.
  init(_ resampling: Resampling, operand: Tensor, result: Tensor, direction: GatherStep.Direction) {
    let (outer, extent, inner) = operand.layout.split(operand.shape, at: resampling.axis)
    geometry = pc_resampling(
      outer: outer, inputs: extent, outputs: result.shape[resampling.axis], inner: inner, taps: resampling.taps)
    sources = resampling.sources
    weights = resampling.weights.map(Float.init)
    self.operand = operand
    self.result = result
    self.direction = direction
  }

  var kind: StepKind { .movement }
  var reads: [BufferID] {
    direction == .forward ? [operand.buffer] : [operand.buffer, result.buffer]
  }
  var writes: [BufferID] { direction == .forward ? [result.buffer] : [operand.buffer] }

  func run(_ memory: Memory) {
    withUnsafePointer(to: geometry) {
      switch direction {
      case .forward:
        pc_resample_forward($0, memory.floats(result.buffer), memory.floats(operand.buffer), sources, weights)
      case .backward:
        pc_resample_backward($0, memory.floats(operand.buffer), memory.floats(result.buffer), sources, weights)
      }
    }
  }
}
