import Networks

/// A strided part of an array: per axis the first index, the step (not 0) and the count.
struct Strides: Equatable {
  var starts: [Int]
  var steps: [Int]
  var counts: [Int]
}

extension OperatorNode {
  /// What Slice takes from an operand of this shape.
  func slice(of shape: Shape) throws(ImportProblem) -> Strides {
    let isOld = opset < 10
    guard let starts = isOld ? try integers("starts") : try integerList(1),
      let ends = isOld ? try integers("ends") : try integerList(2)
    else { throw .bad("starts or ends are missing") }
    let writtenAxes = (isOld ? try integers("axes") : try integerList(3)) ?? Array(starts.indices)
    let steps = (isOld ? nil : try integerList(4)) ?? [Int](repeating: 1, count: starts.count)
    guard starts.count == ends.count, writtenAxes.count == starts.count, steps.count == starts.count else {
      throw .bad("\(starts.count) starts, \(ends.count) ends, \(writtenAxes.count) axes, \(steps.count) steps")
    }
    _ = try axes(writtenAxes, rank: shape.rank)
    var result = Strides(
      starts: [Int](repeating: 0, count: shape.rank), steps: [Int](repeating: 1, count: shape.rank),
      counts: shape.dimensions)
    for (position, written) in writtenAxes.enumerated() {
      let axis = try self.axis(written, rank: shape.rank)
      guard steps[position] != 0 else { throw .bad("a step of 0 on axis \(axis)") }
      let run = Self.run(from: starts[position], to: ends[position], by: steps[position], extent: shape[axis])
      (result.starts[axis], result.steps[axis], result.counts[axis]) = run
    }
    return result
  }

  /// One axis of a slice: bounds counted from the end where negative, then clamped to the axis.
  private static func run(from start: Int, to end: Int, by written: Int, extent: Int) -> (Int, Int, Int) {
    // A step past the extent takes one element, like the extent itself; so nothing below can overflow.
    let step = min(max(written, -max(extent, 1)), max(extent, 1))
    let lowest = step > 0 ? 0 : -1
    let highest = step > 0 ? extent : extent - 1
    func clamped(_ bound: Int, lowest: Int) -> Int {
      let fromFront = bound >= 0 ? bound : bound < -extent ? lowest : bound + extent
      return min(max(fromFront, lowest), highest)
    }
    let first = clamped(start, lowest: 0)
    let limit = clamped(end, lowest: lowest)
    let span = step > 0 ? limit - first : first - limit
    let count = span > 0 && extent > 0 ? (span - 1) / abs(step) + 1 : 0
    return (count > 0 ? first : 0, step, count)
  }

  /// The axis along which Split cuts, and the extent of each part.
  func split(of shape: Shape) throws(ImportProblem) -> (axis: Int, sizes: [Int]) {
    let axis = try self.axis(try integer("axis", default: 0), rank: shape.rank)
    let extent = shape[axis]
    let sizes: [Int]
    if let written = try list("split", attributeBelow: 13, operand: 1) {
      sizes = written
    } else {
      let parts = opset >= 18 ? try integer("num_outputs", default: outputs.count) : outputs.count
      guard parts >= 1, parts == outputs.count, parts <= max(extent, 1), opset >= 18 || extent % parts == 0 else {
        throw .bad("axis \(axis) of \(shape) does not split into \(parts) parts")
      }
      let size = (extent - 1) / parts + 1
      sizes = (0..<parts).map { min(size, extent - $0 * size) }
    }
    // Each size is taken off what is left: a sum of all could be past the largest integer.
    let rest = sizes.reduce(extent) { $1 >= 0 && $1 <= $0 ? $0 - $1 : -1 }
    guard sizes.count == outputs.count, rest == 0 else {
      throw .bad("parts of \(sizes) along axis \(axis) of \(shape) for \(outputs.count) results")
    }
    return (axis, sizes)
  }

  /// The axis along which Concat joins, and the shape of the result.
  func concat() throws(ImportProblem) -> (axis: Int, dimensions: [Int]) {
    guard attributes["axis"] != nil else { throw .bad("attribute 'axis' is missing") }
    let first = try required(0).shape
    let axis = try self.axis(try integer("axis", default: 0), rank: first.rank)
    var dimensions = first.dimensions
    for position in operands.indices.dropFirst() {
      let shape = try required(position).shape
      guard shape.rank == first.rank, first.dimensions.indices.allSatisfy({ $0 == axis || shape[$0] == first[$0] })
      else {
        throw .bad("operand \(position) of shape \(shape), expected \(first) but for axis \(axis)")
      }
      let (sum, overflow) = dimensions[axis].addingReportingOverflow(shape[axis])
      guard !overflow else { throw .bad("extents along axis \(axis) sum up past the largest integer") }
      dimensions[axis] = sum
    }
    return (axis, dimensions)
  }

  /// Where each axis of Transpose's result comes from.
  func permutation(of shape: Shape) throws(ImportProblem) -> [Int] {
    let permutation = try integers("perm") ?? Array((0..<shape.rank).reversed())
    guard permutation.sorted() == Array(0..<shape.rank) else {
      throw .bad("permutation \(permutation), expected one of \(shape.rank) axes")
    }
    return permutation
  }
}
