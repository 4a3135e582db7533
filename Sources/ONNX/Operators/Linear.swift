import Networks

extension OperatorNode {
  /// Gemm: a linear layer where one factor is constant, else a product of two computed matrices.
  func convertGemm(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let a = try float(0)
    let b = try float(1)
    guard a.shape.rank == 2, b.shape.rank == 2 else {
      throw .bad("factors \(a.shape) and \(b.shape), expected 2 axes each")
    }
    let alpha = try float("alpha", default: 1)
    let beta = try float("beta", default: 1)
    let transposesA = try flag("transA")
    let transposesB = try flag("transB")
    let c = optional(2) == nil ? nil : try float(2)
    if b.constant != nil {
      let x = transposesA ? try transposed(a, part: "transpose", &builder) : a
      var linear = Linear(weightIsOutputByInput: transposesB, alpha: alpha, beta: beta)
      let outputs = try features(x, b, linear)
      let bias = try c.flatMap { operand throws(ImportProblem) in try self.bias(operand, outputs, &builder) }
      if bias == nil { linear.beta = 1 }
      let addsLater = c != nil && bias == nil
      let product = try builder.emit(
        self, .linear(linear), [x, b, bias], [x.shape[0], outputs], isResult: !addsLater)
      guard addsLater, let c else { return [product] }
      return [try add(c, times: beta, to: product, &builder)]
    }
    guard a.constant != nil else { return [try computedGemm(a, b, c, &builder)] }
    // A′·B′ = (B′ᵀ·A′ᵀ)ᵀ: the constant becomes the weight.
    let x = transposesB ? b : try transposed(b, part: "transpose", &builder)
    let linear = Linear(weightIsOutputByInput: !transposesA, alpha: alpha)
    let outputs = try features(x, a, linear)
    let flipped = try builder.emit(self, .linear(linear), [x, a], [x.shape[0], outputs], isResult: false)
    let product = try transposed(flipped, part: "transpose_back", isResult: c == nil, &builder)
    guard let c else { return [product] }
    return [try add(c, times: beta, to: product, &builder)]
  }

  /// MatMul: a linear layer where one factor is a constant of two axes, else a product of two matrices.
  func convertMatMul(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let left = try float(0)
    let right = try float(1)
    guard left.shape.rank >= 1, right.shape.rank >= 1 else {
      throw .bad("factors \(left.shape) and \(right.shape), expected at least 1 axis each")
    }
    if right.constant != nil, right.shape.rank == 2 {
      let linear = Linear(weightIsOutputByInput: false)
      let outputs = try features(left, right, linear)
      return [
        try builder.emit(self, .linear(linear), [left, right], left.shape.dimensions.dropLast() + [outputs])
      ]
    }
    guard left.constant != nil, left.shape.rank == 2, right.shape.rank >= 2 else {
      return [try product(left, right, isResult: true, &builder)]
    }
    let x = try transposed(right, part: "transpose", &builder)
    let linear = Linear(weightIsOutputByInput: true)
    let outputs = try features(x, left, linear)
    let flipped = try builder.emit(
      self, .linear(linear), [x, left], x.shape.dimensions.dropLast() + [outputs], isResult: false)
    return [try transposed(flipped, part: "transpose_back", isResult: true, &builder)]
  }

  /// alpha × A′ × B′ + beta × C of computed A and B.
  private func computedGemm(_ a: Operand, _ b: Operand, _ c: Operand?, _ builder: inout NetworkBuilder)
    throws(ImportProblem) -> Operand
  {
    let alpha = try float("alpha", default: 1)
    let left = try flag("transA") ? try transposed(a, part: "transpose_a", &builder) : a
    let right = try flag("transB") ? try transposed(b, part: "transpose_b", &builder) : b
    var result = try product(left, right, isResult: alpha == 1 && c == nil, &builder)
    if alpha != 1 {
      let factor = builder.scalar(alpha, named: "\(name)/alpha")
      result = try builder.emit(
        self, .binary(.multiply), opType: "Mul", [result, factor], result.shape.dimensions, part: "alpha",
        isResult: c == nil)
    }
    guard let c else { return result }
    return try add(c, times: try float("beta", default: 1), to: result, &builder)
  }

  /// The outputs of a linear layer, its input features checked.
  private func features(_ x: Operand, _ weight: Operand, _ linear: Linear) throws(ImportProblem) -> Int {
    let (inputs, outputs) = linear.features(of: weight.shape)
    guard x.shape.dimensions.last == inputs else {
      throw .bad("an operand of shape \(x.shape) does not fit weight \(weight.shape), expected \(inputs) features")
    }
    return outputs
  }

  /// An operand with its last two axes exchanged.
  func transposed(
    _ x: Operand, part: String, isResult: Bool = false, _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> Operand {
    var permutation = Array(0..<x.shape.rank)
    permutation.swapAt(x.shape.rank - 2, x.shape.rank - 1)
    return try builder.emit(
      self, .transpose(permutation: permutation), opType: "Transpose", [x], permutation.map { x.shape[$0] }, part: part,
      isResult: isResult)
  }

  /// Gemm's third operand as one value per output, or `nil` when it is computed or varies over the rows.
  private func bias(_ c: Operand, _ outputs: Int, _ builder: inout NetworkBuilder) throws(ImportProblem) -> Operand? {
    guard let constant = c.constant, c.shape.rank <= 2, c.shape.dimensions.dropLast().allSatisfy({ $0 == 1 }),
      [1, outputs].contains(c.shape.count)
    else { return nil }
    if c.shape.dimensions == [outputs] { return c }
    let shape = try builder.reserve([outputs])
    let row = c.shape.count == outputs ? constant.reshaped(shape) : constant.expanded(to: shape)
    return builder.constant(row, named: "\(c.name)/bias")
  }

  /// Gemm's third operand where it is no bias: added behind the product.
  private func add(_ c: Operand, times beta: Double, to product: Operand, _ builder: inout NetworkBuilder)
    throws(ImportProblem) -> Operand
  {
    guard c.shape.broadcast(with: product.shape) == product.shape else {
      throw .bad("operand C of shape \(c.shape), expected one that broadcasts to \(product.shape)")
    }
    var summand = c
    if beta != 1 {
      let factor = builder.constant(
        ConstantTensor(shape: Shape([]), elements: .double([beta])), named: "\(c.name)/beta")
      if let constant = c.constant {
        _ = try builder.reserve(c.shape.dimensions)
        let scaled = constant.doubles.map { $0 * beta }
        summand = builder.constant(
          ConstantTensor(shape: c.shape, elements: .double(scaled)), named: "\(c.name)/scaled")
      } else {
        summand = try builder.emit(
          self, .binary(.multiply), opType: "Mul", [c, factor], c.shape.dimensions, part: "scale", isResult: false)
      }
    }
    return try builder.emit(
      self, .binary(.add), opType: "Add", [product, summand], product.shape.dimensions, part: "add")
  }
}
