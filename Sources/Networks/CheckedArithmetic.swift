// Arithmetic on extents that a file gives: what overflows is `nil`, never a trap.

/// The sum, or `nil` when it overflows.
func sum(_ terms: [Int]) -> Int? {
  var total = 0
  for term in terms {
    let (sum, overflow) = total.addingReportingOverflow(term)
    guard !overflow else { return nil }
    total = sum
  }
  return total
}

/// The product, or `nil` when it overflows.
func product(_ left: Int, _ right: Int) -> Int? {
  let (product, overflow) = left.multipliedReportingOverflow(by: right)
  return overflow ? nil : product
}

/// The shape of some extents, or `nil` when one of them or their product overflows.
func shape(_ extents: [Int?]) -> Shape? {
  let known = extents.compactMap { $0 }
  return known.count == extents.count ? Shape(checking: known) : nil
}

/// How many windows fit along one axis, or `nil` when none does or an argument makes no sense.
func windowCount(extent: Int, kernel: Int, stride: Int, dilation: Int, pads: Int...) -> Int? {
  guard kernel >= 1, stride >= 1, dilation >= 1, pads.allSatisfy({ $0 >= 0 }) else { return nil }
  let (reach, reachOverflow) = (kernel - 1).multipliedReportingOverflow(by: dilation)
  var padded = extent
  for pad in pads {
    let (sum, overflow) = padded.addingReportingOverflow(pad)
    guard !overflow else { return nil }
    padded = sum
  }
  guard !reachOverflow, padded > reach else { return nil }
  return (padded - reach - 1) / stride + 1
}
