import Networks

/// Some elements of an array, in the order of the array: starts of equal patterns of runs.
///
/// Element numbers are those of the array in row-major order. An index list per axis gives one block; a grouped
/// convolution's weight, where every group loses other inputs, gives one per group.
struct ElementSelection {
  /// The same runs behind every start.
  struct Block {
    /// First elements of the parts that the runs count from.
    let starts: [Int]
    /// Runs of elements that stay, relative to a start.
    let runs: [Range<Int>]
  }

  /// The blocks, in the order of the result.
  let blocks: [Block]
  /// Elements of the array that is selected from.
  let sourceCount: Int
  /// Extents of the result.
  let extents: [Int]

  /// Index lists along some axes; the other axes stay whole.
  /// - Throws: for an axis or an index that the array does not have.
  init(_ axes: [Int: [Int]], of shape: Shape) throws(ImportProblem) {
    blocks = [try Self.block(axes, of: shape)]
    sourceCount = shape.count
    extents = shape.dimensions.enumerated().map { axes[$0]?.count ?? $1 }
  }

  /// Rows of axis 0, each block of them with its own indices of axis 1.
  /// - Precondition: as many lists of rows as of columns.
  /// - Throws: for an index that the array does not have, and when the blocks keep unequal numbers of columns.
  init(rows: [[Int]], columns: [[Int]], of shape: Shape) throws(ImportProblem) {
    precondition(rows.count == columns.count, "\(rows.count) lists of rows, \(columns.count) of columns")
    guard shape.rank >= 2, let width = columns.first?.count, columns.allSatisfy({ $0.count == width }) else {
      throw .bad("blocks of \(columns.map(\.count)) columns of a tensor of shape \(shape)")
    }
    var blocks: [Block] = []
    for (kept, inputs) in zip(rows, columns) { blocks.append(try Self.block([0: kept, 1: inputs], of: shape)) }
    self.blocks = blocks
    sourceCount = shape.count
    extents = [rows.reduce(0) { $0 + $1.count }, width] + shape.dimensions.dropFirst(2)
  }

  private static func block(_ axes: [Int: [Int]], of shape: Shape) throws(ImportProblem) -> Block {
    for (axis, indices) in axes {
      guard axis >= 0, axis < shape.rank, indices.allSatisfy({ $0 >= 0 && $0 < shape[axis] }) else {
        throw .bad("indices \(indices.first ?? 0) to \(indices.last ?? 0) of axis \(axis) of shape \(shape)")
      }
    }
    // Without elements an extent may be any number: lists of its indices would have no bound.
    guard shape.count > 0 else { return Block(starts: [], runs: []) }
    guard let last = axes.keys.max() else { return Block(starts: [0], runs: [0..<shape.count]) }
    let inner = shape.dimensions[(last + 1)...].reduce(1, *)
    var runs: [Range<Int>] = []
    for index in axes[last] ?? [] {
      let run = index * inner..<(index + 1) * inner
      if let before = runs.last, before.upperBound == run.lowerBound {
        runs[runs.count - 1] = before.lowerBound..<run.upperBound
      } else {
        runs.append(run)
      }
    }
    var starts = [0]
    for axis in 0..<last {
      let extent = shape[axis]
      let kept = axes[axis] ?? Array(0..<extent)
      starts = starts.flatMap { start in kept.map { start * extent + $0 } }
    }
    return Block(starts: starts.map { $0 * shape[last] * inner }, runs: runs)
  }

  /// How many elements stay.
  var count: Int {
    blocks.reduce(0) { sum, block in sum + block.starts.count * block.runs.reduce(0) { $0 + $1.count } }
  }

  /// Copies the elements that stay.
  /// - Parameters:
  ///   - source: `sourceCount` elements of a size.
  ///   - target: room for `count` of them.
  ///   - size: bytes per element.
  /// - Precondition: the buffers have those sizes.
  func copy(_ source: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer, size: Int) {
    precondition(source.count == sourceCount * size && target.count == count * size, "buffers do not fit the selection")
    guard let from = source.baseAddress, var to = target.baseAddress else { return }
    for block in blocks {
      for start in block.starts {
        for run in block.runs {
          to.copyMemory(from: from + (start + run.lowerBound) * size, byteCount: run.count * size)
          to += run.count * size
        }
      }
    }
  }
}
