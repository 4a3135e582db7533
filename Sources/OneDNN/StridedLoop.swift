import CKernels

/// The loops of a strided kernel: as few axes as the operands' strides allow, the first operand's order in memory kept.
struct StridedLoop {
  /// The extents, outermost axis first.
  private(set) var extents: [Int] = []
  /// Per operand the strides, outermost axis first.
  private(set) var strides: [[Int]]

  /// The loops over axes of the given extents.
  ///
  /// Axes of one element are dropped, axes that every operand crosses without a gap become one.
  /// - Parameter strides: per operand one stride per axis; the first operand's say which axis is the outermost.
  init(extents: [Int], strides: [[Int]]) {
    self.strides = strides.map { _ in [] }
    let axes = extents.indices.filter { extents[$0] != 1 }
    let leading = strides.first ?? []
    for axis in axes.sorted(by: { (abs(leading[$0]), -$0) > (abs(leading[$1]), -$1) }) {
      if let last = self.extents.indices.last,
        strides.indices.allSatisfy({ self.strides[$0][last] == strides[$0][axis] * extents[axis] })
      {
        self.extents[last] *= extents[axis]
        for operand in strides.indices { self.strides[operand][last] = strides[operand][axis] }
      } else {
        self.extents.append(extents[axis])
        for operand in strides.indices { self.strides[operand].append(strides[operand][axis]) }
      }
    }
  }

  /// The number of loops.
  var rank: Int { extents.count }

  /// Whether the kernels have room for it.
  var fits: Bool { rank <= PC_MAX_RANK }

  /// The same loops with the longest axis that the second operand crosses contiguously moved innermost, where the
  /// innermost one is too short to be worth a loop. For copies alone: it changes the order of the elements.
  func favouringLongRows() -> StridedLoop {
    guard let last = extents.indices.last, extents[last] < 8,
      let longer = extents.indices.dropLast().filter({ strides[1][$0] == 1 && extents[$0] > extents[last] })
        .max(by: { extents[$0] < extents[$1] })
    else { return self }
    var moved = self
    moved.extents.append(moved.extents.remove(at: longer))
    for operand in strides.indices { moved.strides[operand].append(moved.strides[operand].remove(at: longer)) }
    return moved
  }
}
