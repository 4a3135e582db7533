extension Pool {
  /// What is wrong with a node's shapes, or `nil`.
  func problem(_ x: Shape, _ y: Shape) -> String? {
    let space = kernel.count
    guard (1...2).contains(space) else { return "\(space) axes of space, supported are 1 and 2" }
    guard x.rank == space + 2, y.rank == x.rank, y[0] == x[0], y[1] == x[1],
      [strides.count, padsBegin.count, padsEnd.count, dilations.count].allSatisfy({ $0 == space })
    else { return "window \(kernel) on shape \(x) to \(y)" }
    for axis in 0..<space {
      // The last window of ceil mode may reach behind the pads, but it starts inside the input or its front pad.
      guard kernel[axis] >= 1, strides[axis] >= 1, dilations[axis] >= 1, padsBegin[axis] >= 0, padsEnd[axis] >= 0,
        let windowEnd = product(dilations[axis], kernel[axis] - 1), padsBegin[axis] <= windowEnd, y[axis + 2] >= 1,
        let lastWindow = product(y[axis + 2] - 1, strides[axis]),
        let padded = sum([x[axis + 2], padsBegin[axis], padsEnd[axis]]), lastWindow < padded - padsEnd[axis],
        // Where the last window's last element lies is computed by whoever runs it.
        sum([lastWindow, windowEnd]) != nil
      else { return "window \(kernel), strides \(strides), pads \(padsBegin) on shape \(x) to \(y)" }
    }
    return nil
  }
}
