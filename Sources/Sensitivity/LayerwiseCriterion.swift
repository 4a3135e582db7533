import Channels

/// A criterion that asks how well the layers behind do without a unit.
public enum LayerwiseCriterion: Hashable, Sendable {
  /// Greedily the unit whose removal adds least to the damage; Luo et al., arXiv:1707.06342.
  case thinet
  /// The unit whose factor a growing λ makes 0 first, in least squares with λ·Σ |factor|; He et al., arXiv:1707.06168.
  case lasso
  /// The unit that random halves are damaged least with, halves of the best half and so on; Ding et al., ICML 2019.
  case aofp(draws: Int, seed: UInt64)

  /// The order in which units go.
  /// - Parameters:
  ///   - group: their group: what is drawn for others is drawn apart.
  ///   - beat: called as it gets on; what it throws ends it.
  public func order(_ damage: ResponseDamage, group: Int, beat: () throws -> Void) rethrows -> RemovalOrder {
    try beat()
    return switch self {
    case .thinet: damage.greedyOrder()
    case .lasso: try damage.lassoOrder(beat: beat)
    case .aofp(let draws, let seed): try damage.sampledOrder(draws: draws, seed: seed, group: group, beat: beat)
    }
  }
}

extension ResponseDamage {
  /// Every next unit is the one that leaves the least damage of all that are gone; of equal ones the first.
  func greedyOrder() -> RemovalOrder {
    // By unit Σ over those that are gone of H.
    var withGone = [Double](repeating: 0, count: unitCount)
    var left = Array(0..<unitCount)
    var (units, damages) = ([Int](), [Double]())
    var damage = 0.0
    while !left.isEmpty {
      var (best, least) = (0, Double.infinity)
      for (position, unit) in left.enumerated() {
        let increase = products[unit * (unitCount + 1)] + 2 * withGone[unit]
        if increase < least { (best, least) = (position, increase) }
      }
      let unit = left.remove(at: best)
      damage += least
      units.append(unit)
      damages.append(damage)
      for other in left { withGone[other] += products[unit * unitCount + other] }
    }
    return RemovalOrder(units: units, damages: damages)
  }

  /// What an order that others have found does, step by step.
  func order(_ units: [Int]) -> RemovalOrder {
    var withGone = [Double](repeating: 0, count: unitCount)
    var damage = 0.0
    let damages = units.map { unit in
      damage += products[unit * (unitCount + 1)] + 2 * withGone[unit]
      for other in 0..<unitCount { withGone[other] += products[unit * unitCount + other] }
      return damage
    }
    return RemovalOrder(units: units, damages: damages)
  }
}
