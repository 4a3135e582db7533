extension SetLossColumns {
  /// The form's value and its derivative by every row's shift.
  func slopes(at shifts: [Double]) -> (value: Double, rows: [Double]) {
    var rows: [Double] = []
    let value = settle(shifts, rows: &rows)
    if isSoftmax {
      for c in 0..<classes {
        for n in 0..<stride {
          let row = place(c, n)
          rows[row] = weights[n] * (rows[row] - targets[row])
        }
      }
    }
    return (value, rows)
  }

  /// The form's first and second derivative along a direction of shifts.
  func derivatives(at shifts: [Double], along direction: [Double]) -> (slope: Double, curvature: Double) {
    var rows: [Double] = []
    _ = settle(shifts, rows: &rows)
    var slope = 0.0
    var curvature = 0.0
    for n in 0..<stride {
      if isSoftmax {
        var mean = 0.0
        var square = 0.0
        var target = 0.0
        for c in 0..<classes {
          let row = place(c, n)
          mean += rows[row] * direction[row]
          square += rows[row] * direction[row] * direction[row]
          target += targets[row] * direction[row]
        }
        slope += weights[n] * (mean - target)
        curvature += weights[n] * max(0, square - mean * mean)
      } else {
        slope += rows[n] * direction[n]
        curvature += weights[n] * direction[n] * direction[n]
      }
    }
    return (slope, curvature)
  }

  /// The derivative of the whole loss by every unit's share removed, from the derivatives by row.
  func gradient(_ rows: [Double]) -> [Double] {
    (0..<unitCount).map { linear[$0] + dot(rows, unit: $0) }
  }
}
