import CKernels
import Execution
import Networks

/// Rows from an axis to the last one, each normalised, × scale + bias.
struct LayerNormalizationStep: Step {
  /// The operand, row-major.
  let from: Tensor
  /// The result, row-major.
  let to: Tensor
  /// One factor per element of a row.
  let scale: Tensor
  /// One offset per element of a row, or none.
  let bias: Tensor?
  /// The first axis of a row.
  let axis: Int
  /// What is added to variances.
  let epsilon: Double

  var kind: StepKind { .normalization }
  var reads: [BufferID] { [from.buffer, scale.buffer] + (bias.map { [$0.buffer] } ?? []) }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    let (rows, length) = from.shape.rows(from: axis)
    pc_layer_normalization_forward(
      memory.floats(to.buffer), memory.floats(from.buffer), memory.floats(scale.buffer),
      bias.map { memory.floats($0.buffer) }, rows, length, epsilon)
  }
}

/// The way back through a layer normalisation, all row-major.
struct LayerNormalizationGradientStep: Step {
  /// The gradient at the result.
  let gradient: Tensor
  /// The operand.
  let operand: Tensor
  /// The gradient at the operand.
  let to: Tensor
  /// One factor per element of a row.
  let scale: Tensor
  /// The first axis of a row.
  let axis: Int
  /// What is added to variances.
  let epsilon: Double
  /// Whether it is added.
  let accumulates: Bool

  var kind: StepKind { .normalization }
  var reads: [BufferID] {
    [gradient.buffer, operand.buffer, scale.buffer] + (accumulates ? [to.buffer] : [])
  }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    let (rows, length) = operand.shape.rows(from: axis)
    pc_layer_normalization_backward(
      memory.floats(to.buffer), memory.floats(gradient.buffer), memory.floats(operand.buffer),
      memory.floats(scale.buffer), rows, length, epsilon, accumulates)
  }
}

extension Shape {
  /// The array as rows that begin at an axis.
  fileprivate func rows(from axis: Int) -> (count: Int, length: Int) {
    let length = dimensions[axis...].reduce(1, *)
    return (count / length, length)
  }
}

/// Groups of channels of each sample normalised, × scale + bias per channel.
struct GroupNormalizationStep: Step {
  /// Extents, groups and layout.
  let geometry: pc_group_geometry
  /// The operand.
  let from: Tensor
  /// The result, in the operand's layout.
  let to: Tensor
  /// One factor per channel.
  let scale: Tensor
  /// One offset per channel.
  let bias: Tensor
  /// Seven float64 per channel.
  let work: BufferID

  var kind: StepKind { .normalization }
  var reads: [BufferID] { [from.buffer, scale.buffer, bias.buffer] }
  var writes: [BufferID] { [to.buffer, work] }

  func run(_ memory: Memory) {
    withUnsafePointer(to: geometry) {
      pc_group_normalization_forward(
        $0, memory.floats(to.buffer), memory.floats(from.buffer), memory.floats(scale.buffer),
        memory.floats(bias.buffer), memory.doubles(work))
    }
  }
}

/// The way back through a group normalisation, all in one layout.
struct GroupNormalizationGradientStep: Step {
  /// Extents, groups and layout.
  let geometry: pc_group_geometry
  /// The gradient at the result.
  let gradient: Tensor
  /// The operand.
  let operand: Tensor
  /// The gradient at the operand.
  let to: Tensor
  /// One factor per channel.
  let scale: Tensor
  /// Seven float64 per channel.
  let work: BufferID
  /// Whether it is added.
  let accumulates: Bool

  var kind: StepKind { .normalization }
  var reads: [BufferID] {
    [gradient.buffer, operand.buffer, scale.buffer] + (accumulates ? [to.buffer] : [])
  }
  var writes: [BufferID] { [to.buffer, work] }

  func run(_ memory: Memory) {
    withUnsafePointer(to: geometry) {
      pc_group_normalization_backward(
        $0, memory.floats(to.buffer), memory.floats(gradient.buffer), memory.floats(operand.buffer),
        memory.floats(scale.buffer), memory.doubles(work), accumulates)
    }
  }
}
