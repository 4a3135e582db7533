extension ResponseDamage {
  /// The order in which factors β of the units become 0 for good as λ grows in ½·(1 − β)ᵀH(1 − β) + λ·Σ |β|.
  ///
  /// λ goes from far below to where all factors are 0, by equal steps of its logarithm, four to a doubling; at each the
  /// factors are found by coordinate descent that begins with the last ones. Of units that fall at the same step the one
  /// goes first whose response was the smaller just before. The damage is what the best factors of those that stay leave of
  /// the response: (1 − β)ᵀH(1 − β) with β = 0 for all that are gone, least squares otherwise.
  func lassoOrder(beat: () throws -> Void) rethrows -> RemovalOrder {
    let sides = (0..<unitCount).map { unit in
      products[unit * unitCount..<(unit + 1) * unitCount].reduce(0, +)
    }
    var descent = LassoDescent(self, sides)
    // By unit the step behind that at which its factor was not 0 for the last time, and the size of its response then.
    var falls = (0..<unitCount).map { unit in (step: 0, size: size(unit)) }
    let largest = sides.reduce(0) { max($0, abs($1)) }
    let steps = Self.doublings * Self.stepsPerDoubling
    for step in 0...steps {
      var penalty = largest
      // By powers that are exact, roots between them: the same on every machine.
      let (whole, part) = (steps - step).quotientAndRemainder(dividingBy: Self.stepsPerDoubling)
      for _ in 0..<whole { penalty /= 2 }
      for _ in 0..<part { penalty /= 2.0.squareRoot().squareRoot() }
      try descent.descend(to: penalty, beat: beat)
      for unit in 0..<unitCount where descent.factors[unit] != 0 {
        falls[unit] = (step + 1, abs(descent.factors[unit]) * size(unit))
      }
    }
    let units = (0..<unitCount).sorted {
      (falls[$0].step, falls[$0].size, $0) < (falls[$1].step, falls[$1].size, $1)
    }
    return RemovalOrder(units: units, damages: try residuals(units, sides, beat: beat))
  }

  /// The root of the square sum of a unit's response; rounding makes none negative.
  private func size(_ unit: Int) -> Double { max(products[unit * (unitCount + 1)], 0).squareRoot() }

  private static let doublings = 16
  private static let stepsPerDoubling = 4

  /// What the best factors of the units that stay leave, by how many of an order are gone, from one on.
  ///
  /// Units come back from the last on, each a row of the factor L of H (Cholesky): one whose response the others make up
  /// leaves things as they are.
  private func residuals(_ units: [Int], _ sides: [Double], beat: () throws -> Void) rethrows -> [Double] {
    var residual = sides.reduce(0, +)
    var damages = [residual]
    var kept: [Int] = []
    // The rows of L one behind another, and L⁻¹ × sides.
    var factor: [Double] = []
    var solved: [Double] = []
    for unit in units.reversed().dropLast() {
      try beat()
      var row: [Double] = []
      row.reserveCapacity(kept.count + 1)
      var (rest, side) = (products[unit * (unitCount + 1)], sides[unit])
      var start = 0
      for (position, other) in kept.enumerated() {
        var value = products[unit * unitCount + other]
        for column in 0..<position { value -= factor[start + column] * row[column] }
        value /= factor[start + position]
        row.append(value)
        rest -= value * value
        side -= value * solved[position]
        start += position + 1
      }
      // A pivot below the rounding of its sum is noise.
      if rest > 10 * Double(unitCount) * .ulpOfOne * products[unit * (unitCount + 1)] {
        let pivot = rest.squareRoot()
        row.append(pivot)
        factor += row
        solved.append(side / pivot)
        kept.append(unit)
        residual -= side / pivot * (side / pivot)
      }
      damages.append(residual)
    }
    return damages.reversed()
  }
}

/// Coordinate descent on ½·(1 − β)ᵀH(1 − β) + λ·Σ |β| (Friedman, Hastie, Höfling, Tibshirani 2007).
private struct LassoDescent {
  private let damage: ResponseDamage
  /// H·1.
  private let sides: [Double]
  /// What the square of a step, in the damage, has to be below.
  private let tolerance: Double
  /// β.
  private(set) var factors: [Double]

  private static let mostSweeps = 200

  init(_ damage: ResponseDamage, _ sides: [Double]) {
    self.damage = damage
    self.sides = sides
    tolerance = max(sides.reduce(0, +), 0) * 1e-12
    factors = [Double](repeating: 1, count: damage.unitCount)
  }

  /// Goes on from the present factors to those of a λ.
  mutating func descend(to penalty: Double, beat: () throws -> Void) rethrows {
    let count = damage.unitCount
    try damage.products.withUnsafeBufferPointer { products in
      try factors.withUnsafeMutableBufferPointer { factors in
        // H·β, anew so that roundings do not add up.
        var predicted = [Double](repeating: 0, count: count)
        for unit in 0..<count where factors[unit] != 0 {
          for other in 0..<count { predicted[other] += factors[unit] * products[unit &* count &+ other] }
        }
        try predicted.withUnsafeMutableBufferPointer { predicted in
          for _ in 0..<Self.mostSweeps {
            try beat()
            var largest = 0.0
            for unit in 0..<count {
              let square = products[unit &* (count &+ 1)]
              let wanted = square > 0 ? sides[unit] - predicted[unit] + square * factors[unit] : 0
              let shrunk = abs(wanted) > penalty ? wanted - (wanted > 0 ? penalty : -penalty) : 0
              let step = (square > 0 ? shrunk / square : 0) - factors[unit]
              guard step != 0 else { continue }
              factors[unit] += step
              // Exactly 0 where it is to be: a rounded sum might not be.
              if shrunk == 0 { factors[unit] = 0 }
              for other in 0..<count { predicted[other] += step * products[unit &* count &+ other] }
              largest = max(largest, step * step * square)
            }
            if largest <= tolerance { break }
          }
        }
      }
    }
  }
}
