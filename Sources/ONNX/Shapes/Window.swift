import Networks

/// A window that slides over the axes of space, with pads as numbers, and how many positions it has.
struct Window {
  /// The largest extent, stride, pad and dilation taken: sums and products of two of them stay far from overflow.
  static let limit = 1 << 30

  let kernel: [Int]
  let strides: [Int]
  let dilations: [Int]
  private(set) var padsBegin: [Int]
  private(set) var padsEnd: [Int]
  /// Positions per axis of space.
  private(set) var positions: [Int] = []

  /// The window that a node's attributes describe.
  /// - Parameters:
  ///   - shape: of what it slides over: N, C, D….
  ///   - roundsUp: whether a last, partly filled position counts (`ceil_mode`).
  init(_ node: OperatorNode, kernel: [Int], over shape: Shape, roundsUp: Bool) throws(ImportProblem) {
    let space = kernel.count
    guard shape.rank == space + 2 else {
      throw .bad("operand of shape \(shape), expected \(space + 2) axes for a kernel of \(space)")
    }
    guard (1...2).contains(space) else { throw .unsupported("\(space) axes of space, supported are 1 and 2") }
    self.kernel = kernel
    strides = try node.integers("strides") ?? [Int](repeating: 1, count: space)
    dilations = try node.integers("dilations") ?? [Int](repeating: 1, count: space)
    let pads = try node.integers("pads") ?? [Int](repeating: 0, count: 2 * space)
    guard strides.count == space, dilations.count == space, pads.count == 2 * space else {
      throw .bad(
        "kernel \(kernel), strides \(strides), dilations \(dilations), pads \(pads): their counts do not agree")
    }
    for number in kernel + strides + dilations where number < 1 || number > Self.limit {
      throw .bad("kernel \(kernel), strides \(strides), dilations \(dilations), expected 1 to \(Self.limit)")
    }
    guard !pads.contains(where: { $0 < 0 }) else { throw .unsupported("negative pads \(pads)") }
    guard !pads.contains(where: { $0 > Self.limit }) else { throw .bad("pads \(pads), expected at most \(Self.limit)") }
    padsBegin = Array(pads[..<space])
    padsEnd = Array(pads[space...])

    let mode = try node.text("auto_pad", default: "NOTSET")
    for axis in 0..<space {
      let extent = shape[axis + 2]
      let reach = (kernel[axis] - 1) * dilations[axis] + 1
      switch mode {
      case "NOTSET", "":
        positions.append(try position(axis, extent: extent, reach: reach, roundsUp: roundsUp))
      case "VALID":
        (padsBegin[axis], padsEnd[axis]) = (0, 0)
        positions.append(try position(axis, extent: extent, reach: reach, roundsUp: false))
      case "SAME_UPPER", "SAME_LOWER":
        let count = (extent - 1) / strides[axis] + 1
        let total = max(0, (count - 1) * strides[axis] + reach - extent)
        let smaller = total / 2
        padsBegin[axis] = mode == "SAME_UPPER" ? smaller : total - smaller
        padsEnd[axis] = total - padsBegin[axis]
        positions.append(count)
      default: throw .bad("auto_pad '\(mode)', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER")
      }
    }
  }

  private func position(_ axis: Int, extent: Int, reach: Int, roundsUp: Bool) throws(ImportProblem) -> Int {
    let free = extent + padsBegin[axis] + padsEnd[axis] - reach
    guard free >= 0 else {
      throw .bad(
        "a kernel that spans \(reach) does not fit extent \(extent) with pads \(padsBegin[axis]) and \(padsEnd[axis])")
    }
    let stride = strides[axis]
    guard roundsUp else { return free / stride + 1 }
    let count = (free + stride - 1) / stride + 1
    // A position that would start behind the input, in the pad at the end, does not count.
    return (count - 1) * stride >= extent + padsBegin[axis] ? count - 1 : count
  }
}
