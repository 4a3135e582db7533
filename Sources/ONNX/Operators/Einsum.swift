import Networks

/// An operand of Einsum with its axes named.
private struct NamedOperand {
  var operand: Operand
  var labels: [EinsumEquation.Label]

  /// The extent of a label, or `nil` when the operand has no such axis.
  func extent(_ label: EinsumEquation.Label) -> Int? {
    labels.firstIndex(of: label).map { operand.shape[$0] }
  }
}

extension OperatorNode {
  /// Einsum of one operand (sums and a transposition) or two (a batched matrix product between transpositions).
  func convertEinsum(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let text = try text("equation", default: "")
    guard (1...2).contains(operands.count) else {
      throw .unsupported("equation '\(text)' of \(operands.count) operands, supported are 1 and 2")
    }
    var parts: [NamedOperand] = []
    var ranks: [Int] = []
    for position in operands.indices { ranks.append(try float(position).shape.rank) }
    let equation = try EinsumEquation(text, ranks: ranks)
    for position in operands.indices {
      parts.append(NamedOperand(operand: try float(position), labels: equation.terms[position]))
    }
    if parts.count == 1 { return [try einsum(parts[0], to: equation.result, &builder)] }
    for (position, other) in [(0, 1), (1, 0)] {
      let alone = parts[position].labels.filter { !equation.result.contains($0) && !parts[other].labels.contains($0) }
      parts[position] = try summed(parts[position], over: alone, part: "sum\(position)", isResult: false, &builder)
    }
    return [try einsum(parts[0], parts[1], to: equation.result, text, &builder)]
  }

  private func einsum(
    _ x: NamedOperand, to result: [EinsumEquation.Label], _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> Operand {
    let alone = x.labels.filter { !result.contains($0) }
    let kept = x.labels.filter { result.contains($0) }
    let order = result.compactMap { label in kept.firstIndex(of: label) }
    let sum = try summed(x, over: alone, part: nil, isResult: kept == result, &builder)
    return try turned(sum.operand, order, part: "transpose", isResult: true, &builder)
  }

  /// An operand without some of its axes, which are summed over.
  private func summed(
    _ x: NamedOperand, over labels: [EinsumEquation.Label], part: String?, isResult: Bool,
    _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> NamedOperand {
    let axes = x.labels.indices.filter { labels.contains(x.labels[$0]) }
    guard !axes.isEmpty else { return x }
    let kept = x.labels.indices.filter { !axes.contains($0) }
    let sum = try builder.emit(
      self, .reduce(.sum, axes: axes), opType: part == nil ? nil : "ReduceSum", [x.operand],
      kept.map { x.operand.shape[$0] }, part: part, isResult: isResult)
    return NamedOperand(operand: sum, labels: kept.map { x.labels[$0] })
  }

  private func einsum(
    _ left: NamedOperand, _ right: NamedOperand, to result: [EinsumEquation.Label], _ text: String,
    _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> Operand {
    let shared = left.labels.filter { right.labels.contains($0) }
    let batch = result.filter { shared.contains($0) }
    let inner = shared.filter { !result.contains($0) }
    let rows = result.filter { left.labels.contains($0) && !shared.contains($0) }
    let columns = result.filter { right.labels.contains($0) && !shared.contains($0) }
    for label in shared {
      guard let one = left.extent(label), let other = right.extent(label) else { continue }
      guard one == other || batch.contains(label) && (one == 1 || other == 1) else {
        throw .bad("equation '\(text)': extents \(one) and \(other) for one axis")
      }
    }
    if batch.isEmpty, inner.count == 1 {
      for (x, weight) in [(left, right), (right, left)]
      where weight.operand.constant != nil && weight.labels.count == 2 && x.operand.constant == nil {
        return try einsumLayer(x, weight, over: inner[0], to: result, &builder)
      }
    }
    let a = try arranged(left, [batch, rows, inner], part: "left", merging: [1, 2], &builder)
    let b = try arranged(right, [batch, inner, columns], part: "right", merging: [1, 2], &builder)
    // The product as it comes, then with its axes apart, then in the order that is asked for.
    let labels = batch + rows + columns
    let extents = labels.map { max(left.extent($0) ?? 1, right.extent($0) ?? 1) }
    let isApart = rows.count == 1 && columns.count == 1
    let order = result.compactMap { label in labels.firstIndex(of: label) }
    let isInOrder = labels == result
    let product = try product(a, b, isResult: isApart && isInOrder, &builder)
    let apart = try reshaped(product, extents, part: "axes", isResult: isInOrder, &builder)
    return try turned(apart, order, part: "transpose_back", isResult: true, &builder)
  }

  /// A sum over one axis with a constant matrix: a linear layer.
  private func einsumLayer(
    _ x: NamedOperand, _ weight: NamedOperand, over inner: EinsumEquation.Label, to result: [EinsumEquation.Label],
    _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> Operand {
    let kept = result.filter { x.labels.contains($0) }
    let order = (kept + [inner]).compactMap { label in x.labels.firstIndex(of: label) }
    let rows = try turned(x.operand, order, part: "rows", &builder)
    let outputs = weight.labels.filter { $0 != inner }
    let labels = kept + outputs
    let linear = Linear(weightIsOutputByInput: weight.labels[1] == inner)
    let layer = try builder.emit(
      self, .linear(linear), [rows, weight.operand], labels.map { x.extent($0) ?? weight.extent($0) ?? 1 },
      isResult: labels == result)
    let back = result.compactMap { label in labels.firstIndex(of: label) }
    return try turned(layer, back, part: "transpose_back", isResult: true, &builder)
  }

  /// An operand with its axes in runs, some of which are merged to one axis each.
  private func arranged(
    _ x: NamedOperand, _ runs: [[EinsumEquation.Label]], part: String, merging: Set<Int>,
    _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> Operand {
    let order = runs.flatMap { $0 }.compactMap { label in x.labels.firstIndex(of: label) }
    let turned = try turned(x.operand, order, part: part, &builder)
    let dimensions = runs.indices.flatMap { run in
      let extents = runs[run].map { x.extent($0) ?? 1 }
      return merging.contains(run) ? [extents.reduce(1, *)] : extents
    }
    return try reshaped(turned, dimensions, part: "\(part)_matrix", &builder)
  }
}
