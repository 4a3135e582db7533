import Networks

/// Constants that the file computes, and what is wanted of them.
extension ModelRewrite {
  /// Folds a node again where a shape that it reads, or a constant that was folded again, has changed.
  mutating func refold(_ index: Int) {
    let node = surgery.trace.nodes[index].node
    let proto = surgery.protos[index]
    let parts = proto.input.map { part($0) }
    guard proto.input.contains(where: { drifts[$0] != nil }) || parts.contains(where: { $0 != .whole }) else { return }
    var builder = NetworkBuilder(names: [])
    let results = now(node, proto, parts).flatMap { now in
      OperatorRegistry.rule(for: node.opType)?.fold.flatMap { fold in try? fold(now, &builder) }
    }
    for (position, name) in proto.output.enumerated() where !name.isEmpty {
      guard let results, results.indices.contains(position), let tensor = results[position].constant else {
        drifts[name] = .unknown
        continue
      }
      if let before = constant(name), !before.isSame(as: tensor) { drifts[name] = .value(tensor) }
    }
  }

  /// A constant of the file as imported.
  func constant(_ name: String) -> ConstantTensor? { surgery.trace.bindings[name]?.constant }

  /// Notes what a reader wants of a constant, unless it comes out like that.
  mutating func register(_ demand: Demand, _ reader: Reader, _ name: String) {
    guard let original = constant(name), !meets(demand, original, drifts[name]) else { return }
    demands[reader] = demand
  }

  private func meets(_ demand: Demand, _ original: ConstantTensor, _ drift: Drift?) -> Bool {
    let comes: ConstantTensor
    switch drift {
    case .unknown: return false
    case .value(let tensor): comes = tensor
    case nil:
      if case .part(let part) = demand { return part.isWhole }
      comes = original
    }
    switch demand {
    case .part(let part): return original.taking(part).isSame(as: comes)
    case .integers(let integers, let dimensions, _):
      return ConstantTensor(integers: integers, dimensions: dimensions).isSame(as: comes)
    }
  }
}
