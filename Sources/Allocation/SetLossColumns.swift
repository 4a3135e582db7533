// exp and log are calls into libm.
import Glibc

/// The numbers of a set loss as its evaluation wants them: blocks of eight samples, class after class.
///
/// A vector holds one class of eight samples, and the classes of a block follow each other, so that a unit is read once
/// from front to back; a quadratic form has one class. Padded samples have weight 0. Shifts and values are `Double`;
/// only the scan over all units reads and sums `Float`, in a fixed order of eight lanes.
///
/// A class, since it owns raw memory that every state of a search reads.
final class SetLossColumns {
  let unitCount: Int
  let classes: Int
  /// Samples, padded.
  let stride: Int
  /// Rows of one unit, padding included.
  let rowCount: Int
  let isSoftmax: Bool
  /// Per unit what its removal adds beside the form.
  let linear: [Double]
  /// By sample.
  let weights: [Double]
  /// By row: z and the targets; empty for a quadratic form.
  let logits: [Double]
  let targets: [Double]
  /// The form without shifts.
  private(set) var base = 0.0

  private let columns: UnsafeMutablePointer<Float>
  private let sampleWeights: [Float]
  /// What of a unit's slope stays the same: its linear term, and for a softmax less Σ weight · target · t.
  private var constantSlopes: [Double]
  /// Σ weight · t² of a quadratic form.
  private var curvatures: [Double] = []

  private static let lanes = 8

  /// The numbers of all units.
  convenience init(_ loss: SetLoss) {
    self.init(loss, units: Array(0..<loss.unitCount))
  }

  /// The numbers of some units, numbered from 0 here.
  init(_ loss: SetLoss, units: [Int]) {
    let samples: Int
    let plainWeights: [Double]
    switch loss.form {
    case .quadratic(let weights):
      (samples, classes, plainWeights, isSoftmax) = (weights.count, 1, weights, false)
    case .softmax(let classes, _, _, let weights):
      (samples, self.classes, plainWeights, isSoftmax) = (weights.count, classes, weights, true)
    }
    unitCount = units.count
    let stride = max(1, (samples + Self.lanes - 1) / Self.lanes) * Self.lanes
    let classes = self.classes
    self.stride = stride
    let rowCount = stride * classes
    self.rowCount = rowCount
    weights = plainWeights + [Double](repeating: 0, count: stride - samples)
    sampleWeights = weights.map { Float($0) }
    linear = units.map { loss.linear[$0] }
    constantSlopes = linear
    func padded(_ rows: [Double]) -> [Double] {
      var result = [Double](repeating: 0, count: rowCount)
      for c in 0..<classes {
        for n in 0..<samples { result[Self.place(c, n, classes: classes)] = rows[n * classes + c] }
      }
      return result
    }
    if case .softmax(_, let logProbabilities, let targets, _) = loss.form {
      logits = padded(logProbabilities)
      self.targets = padded(targets)
    } else {
      logits = []
      targets = []
    }
    columns = .allocate(capacity: max(unitCount * rowCount, 1))
    columns.initialize(repeating: 0, count: unitCount * rowCount)
    loss.columns.withUnsafeBufferPointer { source in
      for (number, unit) in units.enumerated() {
        let from = unit * samples * classes
        let to = columns + number * rowCount
        for c in 0..<classes {
          for n in 0..<samples { to[Self.place(c, n, classes: classes)] = source[from + n * classes + c] }
        }
      }
    }
    var rows: [Float] = []
    base = settle([Double](repeating: 0, count: rowCount), rows: &rows)
    if isSoftmax {
      var pull = [Double](repeating: 0, count: rowCount)
      for c in 0..<classes {
        for n in 0..<stride { pull[place(c, n)] = weights[n] * targets[place(c, n)] }
      }
      for unit in 0..<unitCount { constantSlopes[unit] -= dot(pull, unit: unit) }
    } else {
      curvatures = (0..<unitCount).map { unit in
        let column = column(unit)
        var sum = 0.0
        for n in 0..<stride { sum += weights[n] * Double(column[n]) * Double(column[n]) }
        return sum
      }
    }
  }

  /// Where the row of a class and a sample stands.
  @inline(__always)
  func place(_ c: Int, _ n: Int) -> Int { Self.place(c, n, classes: classes) }

  @inline(__always)
  private static func place(_ c: Int, _ n: Int, classes: Int) -> Int {
    (n / lanes * classes + c) * lanes + n % lanes
  }

  deinit { columns.deallocate() }

  private func column(_ unit: Int) -> UnsafePointer<Float> { UnsafePointer(columns + unit * rowCount) }

  /// Adds share · t(unit) to the shifts.
  func add(_ unit: Int, times share: Double, to shifts: inout [Double]) {
    let column = column(unit)
    shifts.withUnsafeMutableBufferPointer { shifts in
      for row in 0..<rowCount { shifts[row] += share * Double(column[row]) }
    }
  }

  /// The form at some shifts, without its base, and what slopes are made of: weight · shift of a quadratic form, the
  /// probabilities of a softmax.
  func settle<Row: BinaryFloatingPoint>(_ shifts: [Double], rows: inout [Row]) -> Double {
    if rows.count != rowCount { rows = [Row](repeating: 0, count: rowCount) }
    return shifts.withUnsafeBufferPointer { shifts in
      rows.withUnsafeMutableBufferPointer { rows in
        isSoftmax ? settleSoftmax(shifts, rows) - base : settleQuadratic(shifts, rows)
      }
    }
  }

  @inline(__always)
  private func settleQuadratic<Row: BinaryFloatingPoint>(
    _ shifts: UnsafeBufferPointer<Double>, _ rows: UnsafeMutableBufferPointer<Row>
  ) -> Double {
    var sum = 0.0
    for n in 0..<stride {
      let slope = weights[n] * shifts[n]
      rows[n] = Row(slope)
      sum += slope * shifts[n]
    }
    return sum / 2
  }

  @inline(__always)
  private func settleSoftmax<Row: BinaryFloatingPoint>(
    _ shifts: UnsafeBufferPointer<Double>, _ rows: UnsafeMutableBufferPointer<Row>
  ) -> Double {
    logits.withUnsafeBufferPointer { logits in
      targets.withUnsafeBufferPointer { targets in
        withUnsafeTemporaryAllocation(of: Double.self, capacity: classes) { powers in
          var sum = 0.0
          for n in 0..<stride where weights[n] > 0 {
            var largest = logits[n] + shifts[n]
            var pulled = 0.0
            for c in 0..<classes {
              let row = place(c, n)
              largest = max(largest, logits[row] + shifts[row])
              pulled += targets[row] * shifts[row]
            }
            var total = 0.0
            for c in 0..<classes {
              let row = place(c, n)
              powers[c] = exp(logits[row] + shifts[row] - largest)
              total += powers[c]
            }
            for c in 0..<classes { rows[place(c, n)] = Row(powers[c] / total) }
            sum += weights[n] * (largest + log(total) - pulled)
          }
          return sum
        }
      }
    }
  }

  /// First and second derivative along a unit's removal, from the rows that `settle` left.
  @inline(__always)
  func derivatives(of unit: Int, _ rows: UnsafePointer<Float>) -> (slope: Double, curvature: Double) {
    let column = column(unit)
    guard isSoftmax else {
      return (constantSlopes[unit] + Self.dot(column, rows, count: stride), curvatures[unit])
    }
    return sampleWeights.withUnsafeBufferPointer { weights in
      var slope = SIMD8<Float>.zero
      var curvature = SIMD8<Float>.zero
      guard let weights = weights.baseAddress else { return (constantSlopes[unit], 0) }
      var n = 0
      var row = 0
      while n < stride {
        var mean = SIMD8<Float>.zero
        var square = SIMD8<Float>.zero
        let end = row + classes * Self.lanes
        while row < end {
          let t = Self.load(column + row)
          let pulled = Self.load(rows + row) * t
          mean += pulled
          square += pulled * t
          row += Self.lanes
        }
        let weight = Self.load(weights + n)
        slope += weight * mean
        curvature += weight * (square - mean * mean)
        n += Self.lanes
      }
      return (constantSlopes[unit] + Double(slope.sum()), max(0, Double(curvature.sum())))
    }
  }

  /// The mixed second derivative of two removals.
  func interaction(_ first: Int, _ second: Int, _ rows: UnsafePointer<Float>) -> Double {
    let (a, b) = (column(first), column(second))
    return sampleWeights.withUnsafeBufferPointer { weights in
      var sum = SIMD8<Float>.zero
      guard let weights = weights.baseAddress else { return 0 }
      var n = 0
      while n < stride {
        let weight = Self.load(weights + n)
        if isSoftmax {
          var both = SIMD8<Float>.zero
          var meanOfA = SIMD8<Float>.zero
          var meanOfB = SIMD8<Float>.zero
          var row = n * classes
          let end = row + classes * Self.lanes
          while row < end {
            let pulled = Self.load(rows + row) * Self.load(a + row)
            meanOfA += pulled
            meanOfB += Self.load(rows + row) * Self.load(b + row)
            both += pulled * Self.load(b + row)
            row += Self.lanes
          }
          sum += weight * (both - meanOfA * meanOfB)
        } else {
          sum += weight * Self.load(a + n) * Self.load(b + n)
        }
        n += Self.lanes
      }
      return Double(sum.sum())
    }
  }

  /// Σ over rows of row · t(unit), in double precision.
  func dot(_ rows: [Double], unit: Int) -> Double {
    let column = column(unit)
    return rows.withUnsafeBufferPointer { rows in
      guard let rows = rows.baseAddress else { return 0 }
      var sum = SIMD8<Double>.zero
      var row = 0
      while row < rowCount {
        let values = UnsafeRawPointer(rows + row).loadUnaligned(as: SIMD8<Double>.self)
        sum += values * SIMD8<Double>(Self.load(column + row))
        row += Self.lanes
      }
      return sum.sum()
    }
  }

  @inline(__always)
  private static func load(_ place: UnsafePointer<Float>) -> SIMD8<Float> {
    UnsafeRawPointer(place).loadUnaligned(as: SIMD8<Float>.self)
  }

  @inline(__always)
  private static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, count: Int) -> Double {
    var even = SIMD8<Float>.zero
    var odd = SIMD8<Float>.zero
    var n = 0
    while n + 2 * lanes <= count {
      even += load(a + n) * load(b + n)
      odd += load(a + n + lanes) * load(b + n + lanes)
      n += 2 * lanes
    }
    if n < count { even += load(a + n) * load(b + n) }
    return Double((even + odd).sum())
  }
}
