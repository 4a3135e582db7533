/// What a Lagrangian bound gives at some prices.
struct DualPoint {
  /// Loss per limit, one per requirement.
  let prices: [Double]
  /// Proven: no admissible plan loses less.
  let bound: Double
  /// A minimiser, or near one: a label of each variable.
  let labels: [Int]
  /// Its loss.
  let loss: Double
  /// Its costs minus the limits, in limits.
  let excess: [Double]

  var meetsAll: Bool { excess.allSatisfy { $0 <= 0 } }

  /// The Lagrangian's value at the labels without one requirement's share.
  func value(without requirement: Int) -> Double {
    var sum = loss
    for (other, price) in prices.enumerated() where other != requirement { sum += price * excess[other] }
    return sum
  }
}
