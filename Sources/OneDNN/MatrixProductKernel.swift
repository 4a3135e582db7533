import COneDNN
import Execution
import Networks

/// One product of stacks of matrices by oneDNN. Immutable once made, as a convolution is.
final class MatrixProductKernel: @unchecked Sendable {
  private let context: KernelContext
  private let handle: OpaquePointer

  /// Chooses a kernel.
  /// - Throws: `ExecutionError` naming `place`.
  init(_ context: KernelContext, _ geometry: pc_dnn_product_geometry, accumulates: Bool, place: String)
    throws(ExecutionError)
  {
    var geometry = geometry
    var handle: OpaquePointer?
    let status = pc_dnn_product_create(context.handle, &geometry, accumulates, &handle)
    try pc_dnn_status.check(status, place, "choosing a kernel")
    guard let handle else { throw ExecutionError(.failed, place, "oneDNN gave no kernel") }
    self.context = context
    self.handle = handle
  }

  deinit { pc_dnn_product_destroy(handle) }

  /// Bytes of working memory that a run needs.
  var scratchBytes: Int { pc_dnn_product_scratch_bytes(handle) }

  /// The name of oneDNN's kernel.
  var name: String { String(cString: pc_dnn_product_kernel(handle)) }

  /// A call with fixed addresses.
  func makeCall(
    left: UnsafePointer<Float>, right: UnsafePointer<Float>, result: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutableRawPointer?, place: String
  ) throws(ExecutionError) -> KernelCall {
    var call: OpaquePointer?
    try pc_dnn_status.check(
      pc_dnn_product_call_create(handle, left, right, result, scratch, &call), place, "preparing a call")
    guard let call else { throw ExecutionError(.failed, place, "oneDNN gave no call") }
    return KernelCall(self, call)
  }
}

/// Runs a product of matrices.
struct MatrixProductStep: Step {
  /// The product.
  let kernel: MatrixProductKernel
  /// The number of its call among those of an executor.
  let call: Int
  /// The left operand.
  let left: View
  /// The right operand.
  let right: View
  /// The result.
  let to: View
  /// Its working memory, if any.
  let scratch: BufferID?
  /// Whether it adds to what `to` holds.
  let accumulates: Bool
  /// The node, for errors.
  let place: String

  var kind: StepKind { .convolution }
  var reads: [BufferID] { [left.buffer, right.buffer] + (accumulates ? [to.buffer] : []) }
  var writes: [BufferID] { [to.buffer] + (scratch.map { [$0] } ?? []) }

  func prepare(_ memory: Memory) throws(ExecutionError) {
    memory.calls[call] = try kernel.makeCall(
      left: memory.floats(left.buffer) + left.offset, right: memory.floats(right.buffer) + right.offset,
      result: memory.floats(to.buffer) + to.offset, scratch: scratch.map { memory.raw($0) }, place: place)
  }

  func run(_ memory: Memory) throws(ExecutionError) { try memory.calls[call]?.run(place: place) }
}

/// Runs a linear layer, or takes its gradient back, with the weight in the model's order: packed weights are faster, but
/// each direction would have its own.
struct PlainLinearStep: Step {
  /// The product.
  let kernel: MatrixProductKernel
  /// The number of its call among those of an executor.
  let call: Int
  /// The rows that it takes.
  let from: Tensor
  /// The rows that it yields.
  let to: Tensor
  /// The weight's elements.
  let weight: AlignedMemory
  /// Its working memory, if any.
  let scratch: BufferID?
  /// Whether it adds to what `to` holds.
  let accumulates: Bool
  /// The node, for errors.
  let place: String

  var kind: StepKind { .convolution }
  var reads: [BufferID] { [from.buffer] + (accumulates ? [to.buffer] : []) }
  var writes: [BufferID] { [to.buffer] + (scratch.map { [$0] } ?? []) }

  func prepare(_ memory: Memory) throws(ExecutionError) {
    memory.calls[call] = try kernel.makeCall(
      left: memory.floats(from.buffer), right: weight.constantFloats, result: memory.floats(to.buffer),
      scratch: scratch.map { memory.raw($0) }, place: place)
  }

  func run(_ memory: Memory) throws(ExecutionError) { try memory.calls[call]?.run(place: place) }
}

/// The loops of a product of stacks of matrices: as few axes in front of the matrices as the strides allow.
struct MatrixProductLoop {
  /// Extents of the axes in front.
  private var batch: [Int] = []
  private var strides: [[Int]] = [[], [], []]
  private var rows: Int
  private let inner: Int
  private let columns: Int
  private let matrices: [(row: Int, column: Int)]

  /// The loops for views [batch…, rows, inner], [batch…, inner, columns] and [batch…, rows, columns] with one batch;
  /// operands may stand still along axes of it.
  init(_ left: View, _ right: View, _ to: View) {
    let rank = to.extents.count
    let views = [left, right, to]
    matrices = views.map { ($0.strides[rank - 2], $0.strides[rank - 1]) }
    (rows, inner, columns) = (left.extents[rank - 2], left.extents[rank - 1], right.extents[rank - 1])
    for axis in 0..<rank - 2 where to.extents[axis] != 1 {
      let extent = to.extents[axis]
      if !batch.isEmpty, views.indices.allSatisfy({ strides[$0][batch.count - 1] == views[$0].strides[axis] * extent })
      {
        batch[batch.count - 1] *= extent
        for view in views.indices { strides[view][batch.count - 1] = views[view].strides[axis] }
      } else {
        batch.append(extent)
        for view in views.indices { strides[view].append(views[view].strides[axis]) }
      }
    }
    // One right matrix for all: the matrices on the left are one with more rows.
    while let extent = batch.last, let last = batch.indices.last, strides[1][last] == 0,
      strides[0][last] == matrices[0].row * rows, strides[2][last] == matrices[2].row * rows
    {
      rows *= extent
      batch.removeLast()
      for view in strides.indices { strides[view].removeLast() }
    }
  }

  /// The product as the shim takes it, or `nil` when it has too many axes or extents beyond oneDNN's 32 bits.
  var geometry: pc_dnn_product_geometry? {
    guard batch.count <= Int(PC_DNN_MAX_BATCH_RANK),
      (batch + [rows, inner, columns]).allSatisfy({ $0 <= Int(Int32.max) })
    else { return nil }
    var geometry = pc_dnn_product_geometry()
    geometry.batch_rank = Int32(batch.count)
    withUnsafeMutableBytes(of: &geometry.batch) { Self.fill($0, batch) }
    (geometry.rows, geometry.inner, geometry.columns) = (rows, inner, columns)
    geometry.left = matrix(0)
    geometry.right = matrix(1)
    geometry.result = matrix(2)
    return geometry
  }

  private func matrix(_ view: Int) -> pc_dnn_matrix {
    var matrix = pc_dnn_matrix()
    withUnsafeMutableBytes(of: &matrix.batch_strides) { Self.fill($0, strides[view]) }
    (matrix.row_stride, matrix.column_stride) = matrices[view]
    return matrix
  }

  private static func fill(_ bytes: UnsafeMutableRawBufferPointer, _ values: [Int]) {
    let numbers = bytes.bindMemory(to: Int.self)
    for (index, value) in values.enumerated() { numbers[index] = value }
  }
}
