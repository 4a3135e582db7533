import COneDNN
import Execution
import Networks

/// Products of computed matrices.
extension Compiler {
  mutating func forwardMatrixProduct(_ node: Node, _ a: ValueID, _ y: ValueID) throws(ExecutionError) {
    let b = try rightOperand(node)
    let left = try operand(a, in: .rowMajor)
    let right = try operand(b, in: .rowMajor)
    let to = try makeResult(y, .rowMajor)
    try appendProduct(left.view, right.view, to: to.view, place: node.name)
  }

  /// ∂L/∂a = ∂L/∂y × bᵀ and ∂L/∂b = aᵀ × ∂L/∂y, summed over the axes along which an operand was repeated.
  mutating func backwardMatrixProduct(_ node: Node, _ gradient: Tensor, _ a: ValueID) throws(ExecutionError) {
    let b = try rightOperand(node)
    let given = try reordered(gradient, .rowMajor, for: node.name)
    if wantsGradient(a) {
      let right = try operand(b, in: .rowMajor).view.transposedMatrices
      try passProduct(given.view, right, batch: given.shape, to: a, node)
    }
    guard wantsGradient(b) else { return }
    let left = try operand(a, in: .rowMajor)
    let rank = left.shape.rank
    if network[b].shape.dimensions.dropLast(2).allSatisfy({ $0 == 1 }),
      left.shape.dimensions.dropLast(2).elementsEqual(given.shape.dimensions.dropLast(2))
    {
      // One right matrix for all: the sum over the stack is part of the product over its rows.
      try passProduct(
        left.rows(of: left.shape[rank - 1]).transposedMatrices, given.rows(of: given.shape[rank - 1]),
        batch: Shape([1, 1]), to: b, node)
    } else {
      try passProduct(left.view.transposedMatrices, given.view, batch: given.shape, to: b, node)
    }
  }

  private func rightOperand(_ node: Node) throws(ExecutionError) -> ValueID {
    guard node.inputs.count == 2, let b = node.inputs[1] else {
      throw ExecutionError(.unsupported, node.name, "needs two operands")
    }
    return b
  }

  /// Adds left × right, a stack with the axes of `batch` in front, to an operand's gradient.
  private mutating func passProduct(_ left: View, _ right: View, batch: Shape, to id: ValueID, _ node: Node)
    throws(ExecutionError)
  {
    guard let whole = Shape(checking: batch.dimensions.dropLast(2) + network[id].shape.dimensions.suffix(2)) else {
      throw ExecutionError(.failed, node.name, "a stack of matrices of shape \(network[id].shape) is too large")
    }
    guard network[id].shape.count == whole.count else {
      let stack = try makeTensor(whole, .rowMajor, for: node.name)
      try appendProduct(left, right, to: stack.view, place: node.name)
      return try passReduced(stack, to: id, factor: 1, node)
    }
    let destination = try begin(id, in: .rowMajor)
    let stack = Tensor(buffer: destination.tensor.buffer, shape: whole, layout: .rowMajor)
    try appendProduct(left, right, to: stack.view, accumulates: destination.accumulates, place: node.name)
    try finish(destination)
  }

  /// Adds a product of stacks, of which either may have fewer or shorter axes in front than the result.
  private mutating func appendProduct(
    _ left: View, _ right: View, to: View, accumulates: Bool = false, place: String
  ) throws(ExecutionError) {
    let front = to.extents.dropLast(2)
    let loop = MatrixProductLoop(left.repeated(along: front), right.repeated(along: front), to)
    guard let geometry = loop.geometry else {
      throw ExecutionError(.unsupported, place, "a product of matrices with more axes or longer ones than oneDNN's")
    }
    if isForeign {
      return append(
        ForeignStep(reads: [left.buffer, right.buffer] + (accumulates ? [to.buffer] : []), writes: [to.buffer]))
    }
    let kernel = try MatrixProductKernel(kernels.context, geometry, accumulates: accumulates, place: place)
    let bytes = kernel.scratchBytes
    let scratch = bytes > 0 ? try makeBuffer(UInt8.self, count: bytes, for: place) : nil
    callCount += 1
    append(
      MatrixProductStep(
        kernel: kernel, call: callCount - 1, left: left, right: right, to: to, scratch: scratch,
        accumulates: accumulates, place: place))
  }
}

extension Tensor {
  /// All of a row-major array as one matrix.
  fileprivate func rows(of length: Int) -> View {
    View(buffer: buffer, offset: 0, extents: [shape.count / length, length], strides: [length, 1])
  }
}

extension View {
  /// The last two axes exchanged.
  fileprivate var transposedMatrices: View {
    let rank = extents.count
    return permuted(Array(0..<rank - 2) + [rank - 1, rank - 2])
  }

  /// The same matrices, repeated along the axes in front of them by the rules of broadcasting.
  fileprivate func repeated(along front: ArraySlice<Int>) -> View {
    let missing = front.count + 2 - extents.count
    let steps = front.indices.map { axis in
      axis < missing || extents[axis - missing] == 1 ? 0 : strides[axis - missing]
    }
    return View(
      buffer: buffer, offset: offset, extents: front + extents.suffix(2), strides: steps + strides.suffix(2))
  }
}
