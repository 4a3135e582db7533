/// A few units of a group in place of all of them: chosen by a score that every unit has, and standing for the others by it.
public struct UnitSample: Hashable, Sendable {
  /// The units that are chosen, in the order of their scores.
  public let units: [Int]
  private let scores: [Double]

  /// Chooses units at equal distances in the order of the scores, the lowest and the highest among them; of equal scores
  /// the first counts as the lower.
  /// - Parameters:
  ///   - scores: finite, one per unit.
  ///   - count: at least 1; as many units are chosen, or all that there are.
  public init(of scores: [Double], count: Int) {
    precondition(count > 0)
    let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    self.scores = scores
    guard count < order.count else {
      units = order
      return
    }
    // One alone stands in the middle.
    units = (0..<count).map { place in
      order[count == 1 ? order.count / 2 : (place * (order.count - 1) + (count - 1) / 2) / (count - 1)]
    }
  }

  /// What every unit counts: one that was chosen what was measured of it, another what a function of the score gives that
  /// never falls and is fitted to those that were chosen.
  /// - Parameter measured: by unit of `units`.
  public func filled(_ measured: [Double]) -> [Double] {
    precondition(measured.count == units.count)
    let fit = MonotoneFit(zip(units, measured).map { (scores[$0], $1) })
    var values = scores.map { fit($0) }
    for (unit, value) in zip(units, measured) { values[unit] = value }
    return values
  }
}

/// A function that never falls, fitted to points: of all such the one with the least sum of squares at them, which pooling
/// neighbours in the wrong order gives (isotonic regression; Barlow et al., Statistical Inference under Order
/// Restrictions, 1972). It is linear between points and constant beyond the first and the last.
struct MonotoneFit: Hashable, Sendable {
  private let places: [Double]
  private let values: [Double]

  /// - Parameter points: at least one, in ascending order of `place`.
  init(_ points: [(place: Double, value: Double)]) {
    // Points at one place have one value, which counts as often as there are of them.
    var blocks: [(sum: Double, count: Int, places: Int)] = []
    var places: [Double] = []
    for (place, value) in points {
      if place == places.last {
        blocks[blocks.count - 1].sum += value
        blocks[blocks.count - 1].count += 1
      } else {
        places.append(place)
        blocks.append((value, 1, 1))
      }
    }
    var pooled: [(sum: Double, count: Int, places: Int)] = []
    for block in blocks {
      pooled.append(block)
      while pooled.count > 1 {
        let (lower, upper) = (pooled[pooled.count - 2], pooled[pooled.count - 1])
        guard lower.sum * Double(upper.count) > upper.sum * Double(lower.count) else { break }
        pooled.removeLast(2)
        pooled.append((lower.sum + upper.sum, lower.count + upper.count, lower.places + upper.places))
      }
    }
    self.places = places
    values = pooled.flatMap { [Double](repeating: $0.sum / Double($0.count), count: $0.places) }
  }

  /// The value at a place.
  func callAsFunction(_ place: Double) -> Double {
    guard let upper = places.firstIndex(where: { $0 >= place }) else { return values[values.count - 1] }
    guard upper > 0, places[upper] > place else { return values[upper] }
    let share = (place - places[upper - 1]) / (places[upper] - places[upper - 1])
    return values[upper - 1] + share * (values[upper] - values[upper - 1])
  }
}
