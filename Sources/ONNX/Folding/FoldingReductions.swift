import Networks

/// What a reduction makes of the elements that it takes together.
enum FoldedReduction: Sendable {
  case sum, product, min, max, mean
}

extension OperatorNode {
  /// A reduction of a constant over some of its axes. Integers stay integers.
  func foldReduction(_ function: FoldedReduction, _ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let tensor = try constant(0)
    let reduction = try reduction(of: tensor.shape)
    let shape = try builder.reserve(reduction.dimensions)
    // The axes to reduce go to the end: each result is then one contiguous run.
    let kept = (0..<tensor.shape.rank).filter { !reduction.axes.contains($0) }
    let order = kept + reduction.axes
    let strides = tensor.shape.rowMajorStrides
    let turnedShape = try builder.reserve(order.map { tensor.shape[$0] })
    let turned = tensor.view(turnedShape, strides: order.map { strides[$0] })
    let run = reduction.axes.reduce(1) { $0 * tensor.shape[$1] }
    guard run > 0 else { throw .bad("a reduction over no elements of shape \(tensor.shape)") }
    if case .integer(let values) = turned.elements {
      guard function != .mean else { throw .unsupported("the mean of integers") }
      let results = (0..<shape.count).map { Self.reduce(function, values[$0 * run..<($0 + 1) * run]) }
      return [folded(ConstantTensor(shape: shape, elements: .integer(results)))]
    }
    let values = turned.doubles
    let results = (0..<shape.count).map { Self.reduce(function, values[$0 * run..<($0 + 1) * run]) }
    return [folded(ConstantTensor(shape: shape, elements: .double(results)))]
  }

  private static func reduce(_ function: FoldedReduction, _ run: ArraySlice<Int64>) -> Int64 {
    switch function {
    case .sum, .mean: run.reduce(0, &+)
    case .product: run.reduce(1, &*)
    case .min: run.min() ?? 0
    case .max: run.max() ?? 0
    }
  }

  private static func reduce(_ function: FoldedReduction, _ run: ArraySlice<Double>) -> Double {
    switch function {
    case .sum: run.reduce(0, +)
    case .mean: run.reduce(0, +) / Double(run.count)
    case .product: run.reduce(1, *)
    case .min: run.min() ?? 0
    case .max: run.max() ?? 0
    }
  }
}
