import Networks

/// The window of a transposed convolution, with pads as numbers, and the extents that it yields.
struct TransposedWindow {
  let strides: [Int]
  let dilations: [Int]
  private(set) var padsBegin: [Int]
  private(set) var padsEnd: [Int]
  /// Extents of the result per axis of space, output padding included.
  private(set) var extents: [Int] = []

  /// The window that ConvTranspose's attributes describe.
  /// - Parameter shape: of the data: N, C, D….
  init(_ node: OperatorNode, kernel: [Int], over shape: Shape) throws(ImportProblem) {
    let space = kernel.count
    guard (1...2).contains(space) else { throw .unsupported("\(space) axes of space, supported are 1 and 2") }
    strides = try node.integers("strides") ?? [Int](repeating: 1, count: space)
    dilations = try node.integers("dilations") ?? [Int](repeating: 1, count: space)
    let pads = try node.integers("pads") ?? [Int](repeating: 0, count: 2 * space)
    let added = try node.integers("output_padding") ?? [Int](repeating: 0, count: space)
    guard strides.count == space, dilations.count == space, pads.count == 2 * space, added.count == space else {
      throw .bad(
        "kernel \(kernel), strides \(strides), dilations \(dilations), pads \(pads), output_padding \(added): "
          + "their counts do not agree")
    }
    for number in kernel + strides + dilations where number < 1 || number > Window.limit {
      throw .bad("kernel \(kernel), strides \(strides), dilations \(dilations), expected 1 to \(Window.limit)")
    }
    guard !pads.contains(where: { $0 < 0 }) else { throw .unsupported("negative pads \(pads)") }
    guard (pads + added).allSatisfy({ (0...Window.limit).contains($0) }) else {
      throw .bad("pads \(pads), output_padding \(added), expected 0 to \(Window.limit)")
    }
    padsBegin = Array(pads[..<space])
    padsEnd = Array(pads[space...])
    var wanted = try node.integers("output_shape")
    // Some exporters write batch and channels too.
    if let all = wanted, all.count == space + 2 { wanted = Array(all.dropFirst(2)) }
    guard wanted == nil || wanted?.count == space else {
      throw .bad("output_shape \(wanted ?? []), expected \(space) extents")
    }

    let mode = try node.text("auto_pad", default: "NOTSET")
    guard ["NOTSET", "", "VALID", "SAME_UPPER", "SAME_LOWER"].contains(mode) else {
      throw .bad("auto_pad '\(mode)', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER")
    }
    for axis in 0..<space {
      guard shape[axis + 2] <= Window.limit else { throw .bad("operand of shape \(shape)") }
      let whole = strides[axis] * (shape[axis + 2] - 1) + added[axis] + (kernel[axis] - 1) * dilations[axis] + 1
      let isSame = mode.hasPrefix("SAME")
      if mode == "VALID" { (padsBegin[axis], padsEnd[axis]) = (0, 0) }
      guard let asked = wanted?[axis] ?? (isSame ? shape[axis + 2] * strides[axis] : nil) else {
        extents.append(whole - padsBegin[axis] - padsEnd[axis])
        continue
      }
      guard asked >= 1, asked <= Window.limit * Window.limit else { throw .bad("output_shape \(wanted ?? [])") }
      // What is too much is cut off, the odd element in front unless the mode is SAME_UPPER.
      let total = max(0, whole - asked)
      padsBegin[axis] = mode == "SAME_UPPER" ? total / 2 : total - total / 2
      padsEnd[axis] = total - padsBegin[axis]
      extents.append(asked)
    }
    guard extents.allSatisfy({ $0 >= 1 }) else { throw .bad("pads \(pads) leave nothing of \(extents)") }
  }
}
