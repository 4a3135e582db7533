/// Minima of functions plus a product of two widths, in linear time: the Legendre transform of a lower convex hull.
///
/// min over x of f(x) + w·x·y is, as a function of y, the lower envelope of lines; only points on the lower convex hull
/// of (x, f(x)) reach it, and the one that does moves to smaller x as y grows.
struct LowerEnvelope: ~Copyable {
  /// Labels on the hull.
  private let hull: UnsafeMutablePointer<Int>

  /// - Parameter capacity: the most labels of a function.
  init(capacity: Int) { hull = .allocate(capacity: max(capacity, 1)) }

  deinit { hull.deallocate() }

  /// out[j] = min over i in `sources` of f[i] + weight · x[i] · y[j], for j in `targets`; x and y never fall, weight ≥ 0.
  borrowing func fill(
    _ out: UnsafeMutablePointer<Double>, targets: ClosedRange<Int>, y: UnsafePointer<Double>,
    from f: UnsafePointer<Double>, sources: ClosedRange<Int>, x: UnsafePointer<Double>, weight: Double
  ) {
    guard weight > 0 else {
      var least = f[sources.lowerBound]
      for i in sources { least = min(least, f[i]) }
      for j in targets { out[j] = least }
      return
    }
    let hull = self.hull
    var count = 0
    var i = sources.lowerBound
    let end = sources.upperBound
    while i <= end {
      // Of several points with one x the lowest counts.
      if count > 0, x[hull[count - 1]] == x[i] {
        if f[hull[count - 1]] <= f[i] {
          i += 1
          continue
        }
        count -= 1
      }
      while count >= 2 {
        let a = hull[count - 2]
        let b = hull[count - 1]
        if (f[b] - f[a]) * (x[i] - x[b]) < (f[i] - f[b]) * (x[b] - x[a]) { break }
        count -= 1
      }
      hull[count] = i
      count += 1
      i += 1
    }
    var at = count - 1
    var j = targets.lowerBound
    let last = targets.upperBound
    while j <= last {
      let slope = weight * y[j]
      var least = f[hull[at]] + slope * x[hull[at]]
      while at > 0 {
        let next = f[hull[at - 1]] + slope * x[hull[at - 1]]
        if next > least { break }
        least = next
        at -= 1
      }
      out[j] = least
      j += 1
    }
  }
}
