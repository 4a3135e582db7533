import Networks

/// Less memory for more work: most values are forgotten after the forward pass and computed again when the way back asks
/// for them, from the few that were kept.
extension Compiler {
  /// Forgets what lies inside all but the last of some segments of a run of nodes; what crosses from one into the next
  /// stays, and so does what lies in some buffers.
  ///
  /// Segments have values of about the same size together, and are cut where little crosses.
  mutating func forget(segments: Int, of nodes: Range<Int>, needed: [Bool], but kept: Set<BufferID>) {
    let definers = self.definers.map { definer in definer.flatMap { nodes.contains($0) ? $0 : nil } }
    let canReturn = recomputableValues(definers)
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
      guard let definer, definer < lastCut, network.values[value].constant == nil, canReturn[value] else { continue }
      let id = ValueID(value)
      if !cuts.contains(where: { definer < $0 && lastReads[value] >= $0 }), !isHeld(id, in: kept) { drop(id) }
    }
  }

  /// Per value whether the nodes that define some values can compute it again.
  ///
  /// They cannot where an operand came from another stage and a sum or a gate has written over it since.
  private func recomputableValues(_ definers: [Int?]) -> [Bool] {
    var canReturn = [Bool](repeating: false, count: network.values.count)
    var isKnown = network.values.indices.map { network.values[$0].constant != nil || isThere(ValueID($0)) }
    func areKnown(_ operands: [ValueID]) -> Bool {
      operands.allSatisfy { id in parts[id.index].map { $0.allSatisfy { isKnown[$0.base.index] } } ?? isKnown[id.index]
      }
    }
    var results: [Int: [Int]] = [:]
    for (value, definer) in definers.enumerated() {
      if let definer { results[definer, default: []].append(value) }
    }
    for (definer, values) in results.sorted(by: { $0.key < $1.key }) where areKnown(operands(of: definer)) {
      for value in values { (canReturn[value], isKnown[value]) = (true, true) }
    }
    return canReturn
  }

  /// What a node's forward kernels read.
  private func operands(of index: Int) -> [ValueID] {
    network.nodes[index].inputs.compactMap { $0 } + (fusion.shuffles[index].map { [$0.operand] } ?? [])
  }

  /// Per value the last node whose forward kernels read it; −1 where none does.
  private func lastForwardReads(_ needed: [Bool]) -> [Int] {
    var last = [Int](repeating: -1, count: network.values.count)
    for index in network.nodes.indices where needed[index] {
      for operand in operands(of: index) {
        for base in parts[operand.index]?.map(\.base) ?? [operand] { last[base.index] = index }
      }
    }
    return last
  }
}
