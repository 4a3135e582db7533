/// What the layers behind lose when sets of units go: a quadratic form.
///
/// With z_u the response of a layer to unit u, the units of r take Σ z_u away. Their damage is what this has of the
/// layer's whole response in squares, ‖Σ z_u‖² ÷ ‖Σ over all channels of z‖² = rᵀHr; that of several layers is the sum, or
/// the mean, of theirs. It is exact where units act at the layer's input one by one: from a producer on through functions of
/// single elements, pools and sums of units that go together.
public struct ResponseDamage: Hashable, Sendable {
  /// Units.
  public let unitCount: Int
  /// H row by row.
  let products: [Double]

  /// The damage that a matrix gives.
  /// - Parameter upper: the upper triangle of H by columns.
  /// - Precondition: its length is a triangle's of so many units.
  public init(unitCount: Int, upper: [Double]) {
    precondition(upper.count == unitCount * (unitCount + 1) / 2)
    self.unitCount = unitCount
    var products = [Double](repeating: 0, count: unitCount * unitCount)
    var place = 0
    for column in 0..<unitCount {
      for row in 0...column {
        products[row * unitCount + column] = upper[place]
        products[column * unitCount + row] = upper[place]
        place += 1
      }
    }
    self.products = products
  }

  /// The damage of a set of units, ≥ 0 but for rounding.
  public func damage(of units: [Int]) -> Double {
    var sum = 0.0
    for (position, unit) in units.enumerated() {
      var others = 0.0
      for other in units.prefix(position) { others += products[unit * unitCount + other] }
      sum += products[unit * (unitCount + 1)] + 2 * others
    }
    return sum
  }
}

/// In which order units go, and what that does.
public struct RemovalOrder: Hashable, Sendable {
  /// All units, the first to go first.
  public let units: [Int]
  /// By how many of them are gone, from one on, what the criterion takes that to do.
  public let damages: [Double]

  /// By unit a score, so that those of the lowest scores go first and their scores add up to the damages.
  ///
  /// Damages that grow by less and less cannot be sums of ascending scores: then the scores add up to the largest convex
  /// function that lies nowhere above the damages, whose corners are damages (isotonic regression of their increments).
  /// Equal ones are told apart by their last bit, so that the order stays.
  public var scores: [Double] {
    var blocks: [(mean: Double, count: Int)] = []
    var before = 0.0
    for damage in damages {
      blocks.append((max(damage, 0) - before, 1))
      before = max(damage, 0)
      while blocks.count > 1, blocks[blocks.count - 2].mean >= blocks[blocks.count - 1].mean {
        let last = blocks.removeLast()
        let other = blocks.removeLast()
        let count = other.count + last.count
        let sum = other.mean * Double(other.count) + last.mean * Double(last.count)
        blocks.append((sum / Double(count), count))
      }
    }
    var scores = [Double](repeating: 0, count: units.count)
    var (position, least) = (0, 0.0)
    for block in blocks {
      for _ in 0..<block.count {
        let score = max(block.mean, least)
        scores[units[position]] = score
        least = score.nextUp
        position += 1
      }
    }
    return scores
  }
}
