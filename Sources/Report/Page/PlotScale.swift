// log10 and pow are calls into libm.
import Glibc

/// Where numbers lie along an axis, in percent of its length.
struct PlotScale {
  let range: ClosedRange<Double>
  let isLogarithmic: Bool

  /// An axis over a range; one without extent gets some.
  init(_ range: ClosedRange<Double>, isLogarithmic: Bool = false) {
    self.isLogarithmic = isLogarithmic && range.lowerBound > 0
    if range.lowerBound < range.upperBound {
      self.range = range
    } else if self.isLogarithmic {
      self.range = range.lowerBound / 2...range.upperBound * 2
    } else {
      let margin = range.lowerBound == 0 ? 1 : range.lowerBound.magnitude / 2
      self.range = range.lowerBound - margin...range.upperBound + margin
    }
  }

  /// An axis for losses, from 0 on.
  init(from0 losses: [Double]) {
    let finite = losses.filter(\.isFinite)
    let (low, high) = (min(0, finite.min() ?? 0), max(0, finite.max() ?? 1))
    self.init(low...high + (high - low) * 0.05)
  }

  /// An axis for losses: logarithmic where all are above 0 and they span orders of magnitude.
  init(losses: [Double], leastShare: Double = 0) {
    let finite = losses.filter(\.isFinite)
    let largest = finite.max() ?? 1
    let positive = finite.filter { $0 > max(0, largest * leastShare) }
    let least = positive.min() ?? 1
    if finite.allSatisfy({ $0 >= 0 }), largest / least > 30 {
      self.init(least * 0.8...largest * 1.25, isLogarithmic: true)
    } else {
      self.init(from0: finite)
    }
  }

  /// Where a number lies; one outside lies at the end.
  func position(_ value: Double) -> Double {
    let clamped = min(max(value, range.lowerBound), range.upperBound)
    let (low, high) = (range.lowerBound, range.upperBound)
    // Not the logarithm of a quotient, which may overflow.
    return isLogarithmic
      ? 100 * (log(clamped) - log(low)) / (log(high) - log(low)) : 100 * (clamped - low) / (high - low)
  }

  /// Round numbers along the axis, ascending.
  func ticks(atMost count: Int = 6) -> [Double] {
    guard isLogarithmic else { return linearTicks(count) }
    let ticks = logarithmicTicks(count)
    // Below a decade there may be no whole digit, or a single one.
    guard ticks.count < 3, range.upperBound < 10 * range.lowerBound else { return ticks }
    let even = linearTicks(count)
    return even.count > ticks.count ? even : ticks
  }

  private func linearTicks(_ count: Int) -> [Double] {
    let width = range.upperBound - range.lowerBound
    var step = pow(10, (log10(width)).rounded(.down) - 1)
    for factor in [1.0, 2, 5, 10, 20, 50, 100] where width / (step * factor) <= Double(count) - 1 {
      step *= factor
      break
    }
    let (first, last) = ((range.lowerBound / step).rounded(.up), (range.upperBound / step).rounded(.down))
    guard first <= last, last - first < 100 else { return [] }
    return (0...Int(last - first)).map { (first + Double($0)) * step }
  }

  private func logarithmicTicks(_ count: Int) -> [Double] {
    let (low, high) = (Int(log10(range.lowerBound).rounded(.down)), Int(log10(range.upperBound).rounded(.up)))
    for digits in [[1.0, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]] {
      let ticks = (low...high).flatMap { power in digits.map { $0 * pow(10, Double(power)) } }.filter(range.contains)
      if ticks.count <= count { return ticks }
    }
    let decades = (low...high).map { pow(10, Double($0)) }.filter(range.contains)
    let stride = max(1, (decades.count + count - 1) / count)
    return decades.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
  }
}
