extension Reconstruction {
  /// Weights found by least squares.
  public struct Solution: Sendable {
    /// The weights in the network's layout, outputScale and alpha divided out.
    public let weight: [Float]
    /// The bias, beta divided out; `nil` for a problem without intercept.
    public let bias: [Float]?
    /// Rows that the statistics hold.
    public let rows: Int
    /// ΣY².
    public let targetSquares: Double
    /// ‖X·W − Y‖² with the original weights and bias.
    public let errorBefore: Double
    /// ‖X·W − Y‖² with the new ones, as rounded to float32.
    public let errorAfter: Double
    /// The largest ridge that a group was solved with: the one asked for, unless groups needed more.
    public let largestRidge: Double
    /// Convolution groups whose ridge had to be raised, because their inputs depend on each other linearly.
    public let raisedGroups: [Int]
    /// Convolution groups that keep their weights: nothing better was found, or no ridge made them solvable.
    public let keptGroups: [Int]

    /// ‖X·W − Y‖ ÷ ‖Y‖ with the original weights; 0 where both are 0. Differences below 10⁻⁷ are rounding.
    public var relativeErrorBefore: Double { relative(errorBefore) }
    /// ‖X·W − Y‖ ÷ ‖Y‖ with the new weights; 0 where both are 0. Differences below 10⁻⁷ are rounding.
    public var relativeErrorAfter: Double { relative(errorAfter) }

    private func relative(_ error: Double) -> Double {
      error == 0 ? 0 : (error / targetSquares).squareRoot()
    }
  }

  /// The largest ridge that is tried.
  private static let largestRidge = 1.0
  /// The first ridge behind 0.
  private static let smallestRidge = 1e-12

  /// The weights that minimise ‖X·W − Y‖² + λ‖W − W₀‖² over the rows of packed statistics.
  ///
  /// W are effective weights (outputScale and alpha multiplied on), W₀ the given ones. λ = ridge × the mean of the columns'
  /// square sums, taken around their means where there is an intercept, over the columns that are not all 0. The
  /// intercept is not held back; an infinite ridge moves it alone. Columns that are all 0 keep their weights. Where
  /// XᵀX + λI is not safely positive definite, the ridge is raised tenfold, up to 1. A group whose error does not fall
  /// keeps its weights and bias.
  /// - Parameters:
  ///   - packed: what `accumulate` gave, added over all samples.
  ///   - weight: the layer's weights before, in the network's layout.
  ///   - bias: its bias before, if it has one.
  ///   - ridge: ≥ 0.
  /// - Throws: `SurgeryError` when the statistics are not finite.
  /// - Precondition: the counts fit the layer, and a layer with a bias has an intercept.
  public func solve(_ packed: [Double], weight: [Float], bias: [Float]?, ridge: Double) throws(SurgeryError) -> Solution
  {
    precondition(packed.count == packedCount, "\(packed.count) statistics, expected \(packedCount)")
    precondition(weight.count == weights.count, "\(weight.count) weights, expected \(weights.count)")
    precondition(bias.map { hasIntercept && $0.count == weights.outputs } ?? true, "a bias that does not fit")
    precondition(ridge >= 0, "ridge \(ridge)")
    for value in packed where !value.isFinite { throw SurgeryError("statistics", "inputs or targets are not finite") }

    var (newWeight, newBias) = (weight, bias ?? [Float](repeating: 0, count: weights.outputs))
    var (before, after) = (packed[1], packed[1])
    var (largest, raised, kept) = (ridge, [Int](), [Int]())
    packed.withUnsafeBufferPointer { packed in
      guard let base = packed.baseAddress else { return }
      for group in 0..<weights.groups {
        var system = GroupSystem(self, group, base, weight: weight, bias: newBias, ridge: ridge)
        before += system.error
        after += system.error
        let used = system.solve(from: ridge, first: Self.smallestRidge, to: Self.largestRidge)
        if let used, used > ridge {
          raised.append(group)
          largest = max(largest, used)
        }
        let change = used == nil ? 0 : system.round(into: &newWeight, &newBias, original: weight)
        if change < 0 {
          after += change
        } else {
          kept.append(group)
          system.restore(&newWeight, weight, &newBias, bias)
        }
      }
    }
    return Solution(
      weight: newWeight, bias: hasIntercept ? newBias : nil, rows: Int(packed[0]), targetSquares: packed[1],
      errorBefore: max(before, 0), errorAfter: max(after, 0), largestRidge: largest, raisedGroups: raised,
      keptGroups: kept)
  }
}

/// The normal equations of one convolution group, (G + λI)·Δ = XᵀY − G·W₀ with W = W₀ + Δ: written for the change, so
/// that an immense λ leaves W₀ exactly.
private struct GroupSystem {
  private let problem: Reconstruction
  private let group: Int
  private let gram: UnsafePointer<Double>
  /// Columns of X that are not all 0 and may change, ascending.
  private let active: [Int]
  /// Effective weights before, `order` per output.
  private let original: [Double]
  /// XᵀY − G·W₀.
  private let residual: [Double]
  /// Δ, `order` per output.
  private var change: [Double]
  /// ‖X·W₀ − Y‖² − ΣY².
  let error: Double

  private var order: Int { problem.order }
  private var outputs: Int { problem.weights.outputsPerGroup }

  init(
    _ problem: Reconstruction, _ group: Int, _ packed: UnsafePointer<Double>, weight: [Float], bias: [Float],
    ridge: Double
  ) {
    self.problem = problem
    self.group = group
    let gram = packed + problem.gramOffset(group)
    self.gram = gram
    active = (0..<problem.order).filter { column in
      problem.gram.diagonal(gram, column) > 0 && (ridge < .infinity || column >= problem.weightColumns)
    }
    original = Self.effective(problem, group, weight, bias)
    change = [Double](repeating: 0, count: original.count)
    let products = UnsafeBufferPointer(start: packed + problem.productOffset(group), count: original.count)
    let predicted = Self.multiply(problem, gram, original)
    residual = products.indices.map { products[$0] - predicted[$0] }
    var error = 0.0
    for index in original.indices { error -= original[index] * (products[index] + residual[index]) }
    self.error = error
  }

  /// Effective weights of the group, the intercept behind those of each output.
  private static func effective(_ problem: Reconstruction, _ group: Int, _ weight: [Float], _ bias: [Float]) -> [Double]
  {
    let (weights, order) = (problem.weights, problem.order)
    var result = [Double](repeating: 0, count: order * weights.outputsPerGroup)
    for output in 0..<weights.outputsPerGroup {
      let channel = group * weights.outputsPerGroup + output
      let factor = weights.factor(of: channel)
      for input in 0..<weights.inputsPerGroup {
        for place in 0..<weights.kernel {
          let element = weights.element(group: group, output: output, input: input, kernel: place)
          result[output * order + input * weights.kernel + place] = factor * Double(weight[element])
        }
      }
      if problem.hasIntercept { result[output * order + order - 1] = weights.beta * Double(bias[channel]) }
    }
    return result
  }

  /// G × a matrix of `order` rows.
  private static func multiply(_ problem: Reconstruction, _ gram: UnsafePointer<Double>, _ right: [Double]) -> [Double]
  {
    var result = [Double](repeating: 0, count: right.count)
    result.withUnsafeMutableBufferPointer { result in
      right.withUnsafeBufferPointer { right in
        guard let result = result.baseAddress, let right = right.baseAddress else { return }
        problem.gram.add(gram, times: right, columns: problem.weights.outputsPerGroup, to: result)
      }
    }
    return result
  }

  /// Finds Δ.
  /// - Returns: the ridge that it took, `nil` when none was enough.
  mutating func solve(from ridge: Double, first: Double, to limit: Double) -> Double? {
    let size = active.count
    let held = active.count { $0 < problem.weightColumns }
    guard size > 0 else { return nil }
    let mean = meanSquares(active.prefix(held))
    var sides = [Double](repeating: 0, count: size * outputs)
    for output in 0..<outputs {
      for (row, column) in active.enumerated() { sides[output * size + row] = residual[output * order + column] }
    }
    var matrix = [Double](repeating: 0, count: size * size)
    var relative = ridge
    while !factor(&matrix, held: held, ridge: held > 0 ? relative * mean : 0) {
      guard relative < limit else { return nil }
      relative = min(max(relative * 10, first), limit)
    }
    matrix.withUnsafeBufferPointer { matrix in
      sides.withUnsafeMutableBufferPointer { sides in
        guard let matrix = matrix.baseAddress, let sides = sides.baseAddress else { return }
        LinearAlgebra.solve(
          factor: .init(matrix, stride: size), order: size, .init(sides, stride: size), columns: outputs)
      }
    }
    for output in 0..<outputs {
      for (row, column) in active.enumerated() { change[output * order + column] = sides[output * size + row] }
    }
    return relative
  }

  /// The mean of some columns' square sums, around their means where there is an intercept and they vary at all.
  private func meanSquares(_ columns: ArraySlice<Int>) -> Double {
    var (squares, centred) = (0.0, 0.0)
    for column in columns {
      let square = problem.gram.diagonal(gram, column)
      squares += square
      if problem.hasIntercept {
        let sum = problem.gram.element(gram, column, order - 1)
        centred += square - sum * sum / problem.gram.diagonal(gram, order - 1)
      }
    }
    let isVarying = problem.hasIntercept && centred > squares * Double.ulpOfOne.squareRoot()
    return (isVarying ? centred : squares) / Double(max(columns.count, 1))
  }

  /// Factors G + λI over the active columns; false when it is not safely positive definite.
  private func factor(_ matrix: inout [Double], held: Int, ridge: Double) -> Bool {
    let size = active.count
    var diagonal = [Double](repeating: 0, count: size)
    return matrix.withUnsafeMutableBufferPointer { matrix in
      guard let base = matrix.baseAddress else { return true }
      problem.gram.copyUpper(gram, active, to: base)
      for column in 0..<size {
        if column < held { matrix[column * (size + 1)] += ridge }
        diagonal[column] = matrix[column * (size + 1)]
      }
      guard LinearAlgebra.factor(upper: .init(base, stride: size), order: size) else { return false }
      // A pivot is what the columns in front leave unexplained of a column: below the rounding of its sum it is noise.
      let tolerance = 10 * Double(size) * Double.ulpOfOne
      return diagonal.indices.allSatisfy { column in
        let pivot = matrix[column * (size + 1)]
        return pivot * pivot > tolerance * diagonal[column]
      }
    }
  }

  /// Writes W₀ + Δ as float32.
  /// - Returns: by how much the rounded weights change ‖X·W − Y‖².
  func round(into weight: inout [Float], _ bias: inout [Float], original old: [Float]) -> Double {
    let weights = problem.weights
    for output in 0..<outputs {
      let channel = group * outputs + output
      let factor = weights.factor(of: channel)
      // An output that its scale makes 0 reaches no target.
      guard factor != 0 else { continue }
      for input in 0..<weights.inputsPerGroup {
        for place in 0..<weights.kernel {
          let element = weights.element(group: group, output: output, input: input, kernel: place)
          let step = change[output * order + input * weights.kernel + place]
          if step != 0 { weight[element] = Float(Double(old[element]) + step / factor) }
        }
      }
      if problem.hasIntercept {
        bias[channel] = Float(Double(bias[channel]) + change[output * order + order - 1] / weights.beta)
      }
    }
    let reached = Self.effective(problem, group, weight, bias)
    let steps = reached.indices.map { reached[$0] - original[$0] }
    let predicted = Self.multiply(problem, gram, steps)
    var total = 0.0
    for index in steps.indices { total += steps[index] * (predicted[index] - 2 * residual[index]) }
    return total
  }

  /// Puts the group's weights and bias back.
  func restore(_ weight: inout [Float], _ old: [Float], _ bias: inout [Float], _ oldBias: [Float]?) {
    let weights = problem.weights
    for output in 0..<outputs {
      for input in 0..<weights.inputsPerGroup {
        for place in 0..<weights.kernel {
          let element = weights.element(group: group, output: output, input: input, kernel: place)
          weight[element] = old[element]
        }
      }
      let channel = group * outputs + output
      bias[channel] = oldBias?[channel] ?? 0
    }
  }
}
