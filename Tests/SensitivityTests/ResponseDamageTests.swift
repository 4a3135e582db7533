import Foundation
import Networks
import Testing

@testable import Sensitivity

/// Orders of removal from quadratic forms that are drawn.
struct ResponseDamageTests {
  /// H = ZᵀZ ÷ ‖Z·1‖² of drawn responses that lean one way, as those behind a ReLU do; the last two units are alike and
  /// the first answers nothing.
  private func responses(units: Int, rows: Int, seed: UInt64) -> [[Double]] {
    var random = SplitMix64(seed, UInt64(units))
    return (0..<rows).map { _ in
      var row = (0..<units).map { unit in unit == 0 ? 0 : (random.unit() - 0.3) * Double(1 + unit % 4) }
      row[units - 1] = row[units - 2]
      return row
    }
  }

  private func damage(_ responses: [[Double]]) -> ResponseDamage {
    let units = responses[0].count
    let whole = responses.reduce(0) { $0 + pow($1.reduce(0, +), 2) }
    var upper: [Double] = []
    for column in 0..<units {
      for row in 0...column { upper.append(responses.reduce(0) { $0 + $1[row] * $1[column] } / whole) }
    }
    return ResponseDamage(unitCount: units, upper: upper)
  }

  /// What removing units does, computed from the responses.
  private func lost(_ responses: [[Double]], _ units: [Int]) -> Double {
    let whole = responses.reduce(0) { $0 + pow($1.reduce(0, +), 2) }
    return responses.reduce(0) { sum, row in sum + pow(units.reduce(0) { $0 + row[$1] }, 2) } / whole
  }

  private static let seeds: [UInt64] = [1, 2, 3]

  @Test(arguments: seeds, [3, 8, 17])
  func `the greedy order takes the unit whose loss of all is the least, computed from the responses`(
    seed: UInt64, units: Int
  ) throws {
    let responses = responses(units: units, rows: 40, seed: seed)
    let found = damage(responses).greedyOrder()
    var gone: [Int] = []
    for (unit, damage) in zip(found.units, found.damages) {
      let tries = (0..<units).filter { !gone.contains($0) }.map { lost(responses, gone + [$0]) }
      let least = try #require(tries.min())
      gone.append(unit)
      #expect(abs(lost(responses, gone) - least) <= 1e-12, "seed \(seed): after \(gone)")
      #expect(abs(damage - least) <= 1e-12)
    }
    #expect(found.units.sorted() == Array(0..<units))
    #expect(abs(found.damages[units - 1] - 1) <= 1e-12, "all are everything")
  }

  @Test(arguments: seeds)
  func `scores ascend in the order, and add up to the damages at the corners and to no more between`(seed: UInt64) {
    let responses = responses(units: 12, rows: 30, seed: seed)
    for order in [damage(responses).greedyOrder(), damage(responses).order(Array(0..<12).reversed())] {
      let scores = order.units.map { order.scores[$0] }
      #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 < $1 })
      var (sum, corners) = (0.0, 0)
      for (score, damage) in zip(scores, order.damages) {
        sum += score
        #expect(sum <= damage + 1e-12)
        if abs(sum - damage) <= 1e-12 { corners += 1 }
      }
      #expect(corners >= 1 && abs(sum - order.damages[11]) <= 1e-12)
    }
    let convex = RemovalOrder(units: [2, 0, 1], damages: [0.1, 0.3, 1])
    #expect(convex.scores.map { ($0 * 1e9).rounded() / 1e9 } == [0.2, 0.7, 0.1])
    let concave = RemovalOrder(units: [1, 0, 2], damages: [0.5, 0.8, 0.9])
    #expect(concave.scores.map { ($0 * 1e9).rounded() / 1e9 } == [0.3, 0.3, 0.3])
    #expect(concave.scores[1] < concave.scores[0] && concave.scores[0] < concave.scores[2])
  }

  @Test(arguments: seeds)
  func `the damage of the lasso order is what least squares on those that stay leave`(seed: UInt64) {
    let responses = responses(units: 9, rows: 50, seed: seed)
    let found = damage(responses).lassoOrder {}
    let targets = responses.map { $0.reduce(0, +) }
    let whole = targets.reduce(0) { $0 + $1 * $1 }
    for gone in 1...9 {
      // Conjugate gradients on the normal equations: alike units need no care.
      let kept = found.units.dropFirst(gone)
      var factors = [Double](repeating: 0, count: kept.count)
      func gradient(_ factors: [Double]) -> [Double] {
        var gradient = [Double](repeating: 0, count: kept.count)
        for (row, target) in zip(responses, targets) {
          let rest = target - zip(kept, factors).reduce(0) { $0 + row[$1.0] * $1.1 }
          for (place, unit) in kept.enumerated() { gradient[place] += rest * row[unit] }
        }
        return gradient
      }
      var residual = gradient(factors)
      var direction = residual
      for _ in 0..<40 {
        let square = residual.reduce(0) { $0 + $1 * $1 }
        let moved = responses.map { row in zip(kept, direction).reduce(0) { $0 + row[$1.0] * $1.1 } }
        let curvature = moved.reduce(0) { $0 + $1 * $1 }
        guard square > 1e-18 * whole, curvature > 0 else { break }
        for place in factors.indices { factors[place] += square / curvature * direction[place] }
        let next = gradient(factors)
        let ratio = next.reduce(0) { $0 + $1 * $1 } / square
        direction = zip(next, direction).map { $0 + ratio * $1 }
        residual = next
      }
      let left = zip(responses, targets).reduce(0) { sum, one in
        sum + pow(one.1 - zip(kept, factors).reduce(0) { $0 + one.0[$1.0] * $1.1 }, 2)
      }
      #expect(abs(found.damages[gone - 1] - left / whole) <= 1e-9, "seed \(seed), \(gone) gone")
    }
    #expect(found.units[0] == 0, "what answers nothing falls first")
    #expect(abs(found.damages[0]) <= 1e-12)
  }

  @Test(arguments: seeds)
  func `a unit's mean damage is that of the draws that masked it`(seed: UInt64) {
    let responses = responses(units: 7, rows: 30, seed: seed)
    let space = [0, 1, 3, 4, 6]
    let means = damage(responses).meanDamages(of: space, draws: 4000, seed: seed, group: 2, round: 1, beat: {})
    // All halves of the space.
    let halves = space.indices.flatMap { first in (first + 1..<space.count).map { [space[first], space[$0]] } }
    for (unit, mean) in zip(space, means) {
      let damages = halves.filter { $0.contains(unit) }.map { lost(responses, $0) }
      let exact = damages.reduce(0, +) / Double(damages.count)
      let spread = (damages.reduce(0) { $0 + pow($1 - exact, 2) } / Double(damages.count)).squareRoot()
      // About 1600 draws mask it: the standard error is a fortieth of the spread.
      #expect(abs(mean - exact) <= spread / 8 + 1e-12, "seed \(seed), unit \(unit)")
    }
    #expect(
      damage(responses).meanDamages(of: space, draws: 1, seed: seed, group: 2, round: 1, beat: {}).count {
        $0.isInfinite
      } == 3)
  }
}
