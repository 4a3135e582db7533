extension Operation {
  static func splitProblem(_ x: Shape, axis: Int, _ results: [Shape]) -> String? {
    guard x.dimensions.indices.contains(axis) else { return "axis \(axis) for shape \(x)" }
    for part in results {
      guard part.rank == x.rank, part.dimensions.indices.allSatisfy({ $0 == axis || part[$0] == x[$0] }) else {
        return "a part of shape \(part) of \(x) along axis \(axis)"
      }
    }
    let extents = results.map { $0[axis] }
    return sum(extents) == x[axis] ? nil : "parts of \(extents) along axis \(axis) of \(x)"
  }

  static func concatProblem(_ parts: [Shape], axis: Int, _ y: Shape) -> String? {
    guard y.dimensions.indices.contains(axis) else { return "axis \(axis) for shape \(y)" }
    for part in parts {
      guard part.rank == y.rank, part.dimensions.indices.allSatisfy({ $0 == axis || part[$0] == y[$0] }) else {
        return "an operand of shape \(part) for a result of shape \(y) along axis \(axis)"
      }
    }
    let extents = parts.map { $0[axis] }
    return sum(extents) == y[axis] ? nil : "operands of \(extents) along axis \(axis) for a result of shape \(y)"
  }

  static func sliceProblem(_ x: Shape, starts: [Int], steps: [Int], _ y: Shape) -> String? {
    guard starts.count == x.rank, steps.count == x.rank, y.rank == x.rank, steps.allSatisfy({ $0 != 0 }) else {
      return "starts \(starts), steps \(steps) for shape \(x)"
    }
    for axis in x.dimensions.indices where y[axis] > 0 {
      let (reach, overflow) = (y[axis] - 1).multipliedReportingOverflow(by: steps[axis])
      guard !overflow, (0..<x[axis]).contains(starts[axis]), let last = sum([starts[axis], reach]),
        (0..<x[axis]).contains(last)
      else {
        return "\(y[axis]) elements from \(starts[axis]) in steps of \(steps[axis]) on axis \(axis) of \(x)"
      }
    }
    return nil
  }

  static func gatherProblem(_ x: Shape, _ axis: Int, _ indices: [Int], indexRank: Int, _ y: Shape) -> String? {
    guard x.dimensions.indices.contains(axis), indexRank >= 0, y.rank - indexRank == x.rank - 1 else {
      return "a result of shape \(y) from axis \(axis) of \(x) with indices of \(indexRank) axes"
    }
    let own = y.dimensions[..<axis] + y.dimensions[(axis + indexRank)...]
    guard Array(own) == Array(x.dimensions[..<axis] + x.dimensions[(axis + 1)...]),
      Shape(Array(y.dimensions[axis..<axis + indexRank])).count == indices.count
    else { return "a result of shape \(y) from \(indices.count) indices along axis \(axis) of \(x)" }
    if let outside = indices.first(where: { !(0..<x[axis]).contains($0) }) {
      return "index \(outside) along axis \(axis) of \(x)"
    }
    return nil
  }
}

extension Pad {
  /// What is wrong with a node's shapes, or `nil`.
  func problem(_ x: Shape, _ y: Shape) -> String? {
    guard before.count == x.rank, behind.count == x.rank, (before + behind).allSatisfy({ $0 >= 0 })
    else { return "pads \(before), \(behind) for shape \(x)" }
    if mode == .reflect, (0..<x.rank).contains(where: { max(before[$0], behind[$0]) >= max(x[$0], 1) }) {
      return "reflecting pads \(before), \(behind) reach past shape \(x)"
    }
    if mode == .edge, (0..<x.rank).contains(where: { x[$0] == 0 && max(before[$0], behind[$0]) > 0 }) {
      return "pads \(before), \(behind) repeat the edge of shape \(x), which has none"
    }
    let padded = x.dimensions.indices.map { sum([x[$0], before[$0], behind[$0]]) }
    guard let expected = Networks.shape(padded) else { return "pads \(before), \(behind) overflow for shape \(x)" }
    return Operation.mismatch(y, expected)
  }
}
