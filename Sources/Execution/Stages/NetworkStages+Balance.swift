import Networks

extension NetworkStages {
  /// A network cut into so many stages that none holds or computes much more than its share.
  ///
  /// The largest share of a stage, of the memory or of the computing, is made as small as can be. Memory is what a stage
  /// holds: its weights as they are packed, the values that it computes, and those that reach it from earlier stages. Both
  /// are estimates from shapes alone, so that every rank finds the same cuts.
  /// - Throws: `ExecutionError` when there are fewer nodes to compute than stages; it says how many stages there can be.
  public init(_ request: ExecutionRequest, count: Int) throws(ExecutionError) {
    precondition(count > 0, "\(count) stages")
    let costs = StageCosts(request)
    let most = costs.nodes.count
    guard count <= most else {
      throw ExecutionError(
        .unsupported, request.network.name, "cannot be cut into \(count) stages, into \(most) at the most")
    }
    try self.init(request, cuts: costs.bestCuts(stages: count))
  }
}

/// What the nodes of a network hold and compute.
private struct StageCosts {
  /// The nodes that have to run.
  let nodes: [Int]
  /// By number in `nodes`, up to and without that node: bytes of weights and values.
  private var heldBefore: [Double] = [0]
  /// Likewise multiplications.
  private var computedBefore: [Double] = [0]
  /// By number in `nodes`: bytes that are handed over when the network is cut in front of that node.
  private var crossing: [Double]

  init(_ request: ExecutionRequest) {
    let network = request.network
    let needed = request.neededNodes
    nodes = network.nodes.indices.filter { needed[$0] }
    crossing = [Double](repeating: 0, count: nodes.count + 1)
    let readers = network.readers().map { $0.filter { needed[$0] } }
    let isBackward = request.loss != nil && !request.observed.isEmpty
    var counted = Set<ValueID>()
    var numbers = [Int](repeating: 0, count: network.nodes.count)
    for (number, index) in nodes.enumerated() { numbers[index] = number }
    let kept = Set(request.outputs + (request.head.map { [$0] } ?? []))
    for (number, index) in nodes.enumerated() {
      let node = network.nodes[index]
      var held = 0.0
      for case let id? in node.inputs.dropFirst() {
        guard network[id].constant != nil, counted.insert(id).inserted else { continue }
        held += Double(network[id].shape.count) * network.packing(of: node, isBackward: isBackward) * 4
      }
      if network.ownsMemory(node, readers) {
        for output in node.outputs { held += Double(network[output].shape.count) * 4 }
      }
      heldBefore.append(heldBefore[number] + held)
      computedBefore.append(computedBefore[number] + network.work(of: node))
      for output in node.outputs { cross(output, from: number) }
    }
    for input in network.inputs { cross(input, from: -1) }

    func cross(_ id: ValueID, from number: Int) {
      let last = kept.contains(id) ? nodes.count - 1 : readers[id.index].last.map { numbers[$0] } ?? -1
      guard last > number else { return }
      for position in number + 1...last { crossing[position] += Double(network[id].shape.count) * 4 }
    }
  }

  /// The nodes that begin a stage, but for the first.
  ///
  /// The least possible largest share for the first s stages up to every node, for one stage more at a time; of equals
  /// the one that hands over least.
  func bestCuts(stages: Int) -> [Int] {
    let count = nodes.count
    typealias Best = (share: Double, handed: Double, start: Int)
    var table: [[Best]] = [(0...count).map { end in (share(0, end), 0, 0) }]
    for stage in 1..<max(stages, 1) where stage < stages {
      let earlier = table[stage - 1]
      table.append(
        (0...count).map { end in
          var best: Best = (.infinity, .infinity, 0)
          guard end > stage else { return best }
          for start in stage..<end {
            let found = (
              Swift.max(earlier[start].share, share(start, end)), earlier[start].handed + crossing[start], start
            )
            if (found.0, found.1) < (best.share, best.handed) { best = found }
          }
          return best
        })
    }
    var cuts: [Int] = []
    var end = count
    for stage in (1..<max(stages, 1)).reversed() {
      end = table[stage][end].start
      cuts.append(nodes[end])
    }
    return cuts.reversed()
  }

  /// The larger share of the memory and of the computing that some nodes have as a stage.
  private func share(_ start: Int, _ end: Int) -> Double {
    let held = heldBefore[end] - heldBefore[start] + crossing[start]
    let computed = computedBefore[end] - computedBefore[start]
    return max(held / max(heldBefore[nodes.count], 1), computed / max(computedBefore[nodes.count], 1))
  }
}

extension Network {
  /// Whether a node's results take memory of their own: not those that only rename a part or a whole of an operand, nor
  /// an activation or a sum that writes over what nobody else reads.
  fileprivate func ownsMemory(_ node: Node, _ readers: [[Int]]) -> Bool {
    switch node.operation {
    case .reshape, .concat(axis: 1), .split(axis: 1): return false
    case .unary(.relu), .unary(.clip): return node.inputs[0].map { readers[$0.index].count > 1 } ?? true
    case .binary(.add):
      return !node.inputs.contains { id in
        id.map {
          self[$0].constant == nil && readers[$0.index].count == 1 && self[$0].shape == self[node.outputs[0]].shape
        }
          ?? false
      }
    default: return true
    }
  }

  /// Roughly how often a node's weights are held: once for each way; fourfold where they are transformed for Winograd's
  /// products; and only once where they are so many that they stay as they are (what the fast executor does).
  fileprivate func packing(of node: Node, isBackward: Bool) -> Double {
    let ways = isBackward ? 2.0 : 1.0
    guard let weight = node.inputs[1].map({ self[$0].shape }) else { return ways }
    switch node.operation {
    case .convolution(let convolution):
      let isTransformed =
        convolution.kernel == [3, 3] && convolution.strides == [1, 1] && convolution.dilations == [1, 1]
        && convolution.groups == 1 && min(weight[0], weight[1]) >= 64
      return isTransformed ? 4 * ways : ways
    case .linear: return weight.count >= 1 << 22 ? 1 : ways
    default: return ways
    }
  }

  /// Roughly how many multiplications take the time of a node; what is bound by memory counts some per element.
  fileprivate func work(of node: Node) -> Double {
    let perElement = 16.0
    let elements = node.outputs.reduce(0.0) { $0 + Double(self[$1].shape.count) }
    guard let weight = node.inputs.dropFirst().first.flatMap({ $0 }).map({ self[$0].shape }) else {
      return perElement * elements
    }
    switch node.operation {
    case .convolution:
      return elements * (Double(weight.count / max(weight[0], 1)) + perElement)
    case .convolutionTranspose:
      let operand = node.inputs[0].map { Double(self[$0].shape.count) } ?? 0
      return operand * Double(weight.count / max(weight[0], 1)) + elements * perElement
    case .linear(let linear):
      return elements * (Double(linear.features(of: weight).inputs) + perElement)
    case .matrixProduct:
      return elements * (Double(weight[weight.rank - 2]) + perElement)
    default:
      return perElement * elements
    }
  }
}
