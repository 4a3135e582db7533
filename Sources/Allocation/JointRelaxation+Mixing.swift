extension JointRelaxation {
  /// How far a mixture is minimised: until moving weight gains less than this share of what it gained at first.
  enum Accuracy: Double {
    case rough = 0.03
    case fine = 3e-4
  }

  /// Moves of weight at most: each is a few operations per plan for a quadratic form, and per row for a softmax.
  private static let quadraticMoves = 2000
  private static let softmaxMoves = 80

  /// Minimises the loss over mixtures of the plans, by moving weight from the plan of largest slope to that of least.
  mutating func mix(_ accuracy: Accuracy) {
    if columns.isSoftmax { mixSoftmax(accuracy.rawValue) } else { mixQuadratic(accuracy.rawValue) }
    mixture = Point(shifts: [Double](repeating: 0, count: columns.rowCount), linear: 0)
    for (point, share) in zip(points, shares) where share > 0 {
      for row in point.shifts.indices { mixture.shifts[row] += share * point.shifts[row] }
      mixture.linear += share * point.linear
    }
  }

  private func move(_ slopes: [Double]) -> (from: Int, to: Int, gain: Double)? {
    var from: Int?
    var to = 0
    for number in slopes.indices {
      if slopes[number] < slopes[to] { to = number }
      if shares[number] > 0, from.map({ slopes[number] > slopes[$0] }) ?? true { from = number }
    }
    return from.map { ($0, to, slopes[$0] - slopes[to]) }
  }

  private mutating func shift(_ length: Double, from: Int, to: Int) {
    shares[to] += length
    shares[from] = length == shares[from] ? 0 : shares[from] - length
  }

  private mutating func mixQuadratic(_ accuracy: Double) {
    var slopes = points.indices.map { number in
      zip(shares, products[number]).reduce(points[number].linear) { $0 + $1.0 * $1.1 }
    }
    var first: Double?
    for _ in 0..<Self.quadraticMoves {
      guard let (from, to, gain) = move(slopes), gain > accuracy * (first ?? 0) else { break }
      first = first ?? gain
      let curvature = products[to][to] + products[from][from] - 2 * products[from][to]
      let length = curvature > 0 ? min(gain / curvature, shares[from]) : shares[from]
      shift(length, from: from, to: to)
      for number in slopes.indices { slopes[number] += length * (products[to][number] - products[from][number]) }
    }
  }

  private mutating func mixSoftmax(_ accuracy: Double) {
    var first: Double?
    for _ in 0..<Self.softmaxMoves {
      let rows = columns.slopes(at: mixture.shifts).rows
      let slopes = points.map { point in
        var sum = point.linear
        for row in rows.indices { sum += rows[row] * point.shifts[row] }
        return sum
      }
      guard let (from, to, gain) = move(slopes), gain > accuracy * (first ?? 0) else { break }
      first = first ?? gain
      followLine(from: from, to: to)
    }
  }

  /// Newton's method along the line between two plans, within the weight that there is to move.
  private mutating func followLine(from: Int, to: Int) {
    var direction = points[to].shifts
    for row in direction.indices { direction[row] -= points[from].shifts[row] }
    let linear = points[to].linear - points[from].linear
    var length = 0.0
    var at = mixture.shifts
    for _ in 0..<3 {
      let (slope, curvature) = columns.derivatives(at: at, along: direction)
      let newton = curvature > 0 ? length - (slope + linear) / curvature : slope + linear < 0 ? shares[from] : 0
      let next = min(max(newton, 0), shares[from])
      if (next - length).magnitude < 1e-4 * shares[from] { break }
      length = next
      for row in at.indices { at[row] = mixture.shifts[row] + length * direction[row] }
    }
    shift(length, from: from, to: to)
    mixture.shifts = at
    mixture.linear += length * linear
  }
}
