/// What every unit counts for the loss of samples that are held out, by an influence function (Koh and Liang,
/// arXiv:1703.04730) in the gates of the units.
///
/// A gate mᵤ = 1 multiplies unit u; ∂Lₙ/∂mᵤ is tₙᵤ, the product of activation and gradient. With g the mean of t over the
/// samples held out and F = mean t·tᵀ over the others, their empirical Fisher matrix, s = (F + λ)⁻¹ g. A sample n pulls the
/// loss of those held out by −s·tₙ; the score of a unit is how much of that goes through it: the mean of |sᵤ·tₙᵤ|.
public struct InfluenceFunction: Sendable {
  private let rows: [Float]
  private let unitCount: Int
  private let heldOut: [Int]
  private let others: [Int]

  /// - Parameters:
  ///   - rows: by sample t of every unit, row-major.
  ///   - unitCount: numbers per row.
  ///   - one: one in so many samples is held out, the last of each such run; ≥ 2.
  /// - Precondition: there are at least so many samples.
  public init(rows: [Float], unitCount: Int, holdingOutOneIn one: Int) {
    precondition(one >= 2 && unitCount > 0 && rows.count >= one * unitCount)
    self.rows = rows
    self.unitCount = unitCount
    let samples = 0..<rows.count / unitCount
    heldOut = samples.filter { $0 % one == one - 1 }
    others = samples.filter { $0 % one != one - 1 }
  }

  /// The scores.
  /// - Parameter damping: λ as a share of F's mean diagonal element, > 0.
  /// - Throws: `SensitivityError` when the conjugate gradients do not come to an end.
  public func scores(damping: Double) throws(SensitivityError) -> [Double] {
    var diagonal = 0.0
    for sample in others {
      for unit in 0..<unitCount { diagonal += square(rows[sample * unitCount + unit]) }
    }
    let shift = damping * diagonal / Double(others.count) / Double(unitCount)
    // Where no unit has any effect on the loss, none counts.
    guard shift > 0 else { return [Double](repeating: 0, count: unitCount) }
    let solution = try solve(mean(heldOut), shift: shift)
    var scores = [Double](repeating: 0, count: unitCount)
    for sample in others {
      for unit in 0..<unitCount { scores[unit] += abs(solution[unit] * Double(rows[sample * unitCount + unit])) }
    }
    return scores.map { $0 / Double(others.count) }
  }

  private func square(_ value: Float) -> Double { Double(value) * Double(value) }

  private func mean(_ samples: [Int]) -> [Double] {
    var sum = [Double](repeating: 0, count: unitCount)
    for sample in samples {
      for unit in 0..<unitCount { sum[unit] += Double(rows[sample * unitCount + unit]) }
    }
    return sum.map { $0 / Double(samples.count) }
  }

  /// The residual at which conjugate gradients end, relative to the right side.
  private static let tolerance = 1e-10

  /// (F + shift)⁻¹ times a vector, by conjugate gradients (Hestenes and Stiefel 1952). In exact numbers they need one step
  /// more than there are samples.
  private func solve(_ right: [Double], shift: Double) throws(SensitivityError) -> [Double] {
    var solution = [Double](repeating: 0, count: unitCount)
    var residual = right
    var direction = right
    var length = dot(residual, residual)
    let end = length * Self.tolerance * Self.tolerance
    var steps = 0
    while length > end {
      guard steps < 10 * (others.count + 1) else {
        throw SensitivityError(
          "conjugate gradients came no nearer than \((length / dot(right, right)).squareRoot()) of the right side in "
            + "\(steps) steps; a larger sensitivity.damping helps")
      }
      let image = product(direction, shift: shift)
      let step = length / dot(direction, image)
      for unit in 0..<unitCount {
        solution[unit] += step * direction[unit]
        residual[unit] -= step * image[unit]
      }
      let next = dot(residual, residual)
      let share = next / length
      for unit in 0..<unitCount { direction[unit] = residual[unit] + share * direction[unit] }
      length = next
      steps += 1
    }
    return solution
  }

  /// (F + shift) times a vector; F is never formed.
  private func product(_ vector: [Double], shift: Double) -> [Double] {
    var result = vector.map { $0 * shift }
    rows.withUnsafeBufferPointer { rows in
      vector.withUnsafeBufferPointer { vector in
        result.withUnsafeMutableBufferPointer { result in
          for sample in others {
            let start = sample * unitCount
            var sum = 0.0
            for unit in 0..<unitCount { sum += Double(rows[start + unit]) * vector[unit] }
            sum /= Double(others.count)
            for unit in 0..<unitCount { result[unit] += sum * Double(rows[start + unit]) }
          }
        }
      }
    }
    return result
  }

  private func dot(_ left: [Double], _ right: [Double]) -> Double {
    var sum = 0.0
    for unit in 0..<unitCount { sum += left[unit] * right[unit] }
    return sum
  }
}
