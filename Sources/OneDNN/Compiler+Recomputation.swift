import Networks

/// Less memory for more work: most values are forgotten after the forward pass and computed again when the way back asks
/// for them, from the few that were kept.
extension Compiler {
  /// Forgets what lies inside all but the last of some segments of the network; what crosses from one into the next stays.
  ///
  /// Segments have values of about the same size together, and are cut where little crosses.
  mutating func forget(segments: Int, needed: [Bool]) {
    // In elements: what is computed fits memory, but not every value is.
    let sizes = definers.enumerated().map { $1 == nil ? 0 : network.values[$0].shape.count }
    let lastReads = lastForwardReads(needed)
    // Elements that are alive from one node to the next, and elements defined up to a node.
    var crossing = [Int](repeating: 0, count: network.nodes.count + 1)
    var defined = [Int](repeating: 0, count: network.nodes.count + 1)
    for (value, definer) in definers.enumerated() {
      guard let definer else { continue }
      defined[definer + 1] += sizes[value]
      guard lastReads[value] > definer else { continue }
      for position in definer + 1...lastReads[value] { crossing[position] += sizes[value] }
    }
    for position in defined.indices.dropFirst() { defined[position] += defined[position - 1] }
    let total = defined.last ?? 0

    var cuts: [Int] = []
    for segment in 1..<segments {
      let middle = total / segments * segment
      let reach = total / (2 * segments)
      let near = defined.indices.filter { abs(defined[$0] - middle) <= reach }
      if let best = near.min(by: { (crossing[$0], $0) < (crossing[$1], $1) }) { cuts.append(best) }
    }
    guard let lastCut = cuts.last else { return }
    for (value, definer) in definers.enumerated() {
      guard let definer, definer < lastCut, network.values[value].constant == nil else { continue }
      if !cuts.contains(where: { definer < $0 && lastReads[value] >= $0 }) { drop(ValueID(value)) }
    }
  }

  /// Per value the last node whose forward kernels read it; −1 where none does.
  private func lastForwardReads(_ needed: [Bool]) -> [Int] {
    var last = [Int](repeating: -1, count: network.values.count)
    for (index, node) in network.nodes.enumerated() where needed[index] {
      let operands = node.inputs.compactMap { $0 } + (fusion.shuffles[index].map { [$0.operand] } ?? [])
      for operand in operands {
        for base in parts[operand.index]?.map(\.base) ?? [operand] { last[base.index] = index }
      }
    }
    return last
  }
}
