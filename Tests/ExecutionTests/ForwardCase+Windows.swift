import Networks

extension ForwardCase {
  private static func pool(
    _ kind: Pool.Kind, _ kernel: Int, stride: Int, begin: Int = 0, end: Int = 0, dilation: Int = 1
  ) -> Operation {
    .pool(
      Pool(
        kind: kind, kernel: [kernel], strides: [stride], padsBegin: [begin], padsEnd: [end], dilations: [dilation]))
  }

  static let windows: [ForwardCase] = [
    ForwardCase(
      description: "maximum, pads never win", operation: pool(.max, 2, stride: 1, begin: 1), shape: [1, 1, 3],
      x: [-3, -1, -2], result: [1, 1, 3], expected: [-3, -1, -1]),
    // Windows (x₀, x₂), (x₁, x₃).
    ForwardCase(
      description: "maximum of a dilated window", operation: pool(.max, 2, stride: 1, dilation: 2), shape: [1, 1, 4],
      x: [4, 1, 2, 3], result: [1, 1, 2], expected: [4, 3]),
    ForwardCase(
      description: "average without pads", operation: pool(.average(countsPads: false), 2, stride: 2, begin: 1, end: 1),
      shape: [1, 1, 4], x: [2, 4, 6, 8], result: [1, 1, 3], expected: [2, 5, 8]),
    ForwardCase(
      description: "average with pads", operation: pool(.average(countsPads: true), 2, stride: 2, begin: 1, end: 1),
      shape: [1, 1, 4], x: [2, 4, 6, 8], result: [1, 1, 3], expected: [1, 5, 4]),
    // The last window holds 8, a pad and what ceil mode adds behind the pads: it divides by 2.
    ForwardCase(
      description: "average whose last window reaches past the pads",
      operation: pool(.average(countsPads: true), 3, stride: 4, begin: 0, end: 1), shape: [1, 1, 5],
      x: [3, 6, 9, 1, 8], result: [1, 1, 2], expected: [6, 4]),
    ForwardCase(
      description: "average without pads whose last window reaches past the end",
      operation: pool(.average(countsPads: false), 3, stride: 2), shape: [1, 1, 4], x: [3, 6, 9, 1], result: [1, 1, 2],
      expected: [6, 5]),
    // Windows (x₀), (x₁, x₂, x₃): the rest are pads, which nobody can visit one by one.
    ForwardCase(
      description: "maximum of a window of 2³⁰",
      operation: pool(.max, 1 << 30, stride: 1 << 30, begin: 1 << 30 - 1, end: 1 << 30 - 1), shape: [1, 1, 4],
      x: [1, 4, 2, 3], result: [1, 1, 2], expected: [1, 4]),
    ForwardCase(
      description: "average of a window of 2³⁰ with pads",
      operation: pool(.average(countsPads: true), 1 << 30, stride: 1 << 30, begin: 1 << 30 - 1, end: 1 << 30 - 1),
      shape: [1, 1, 4], x: [1, 4, 2, 3], result: [1, 1, 2], expected: [0x1p-30, 9 * 0x1p-30]),
    ForwardCase(
      description: "mean over two axes, dropped", operation: .reduce(.mean, axes: [1, 3]), shape: [1, 2, 2, 2],
      x: [1, 2, 3, 4, 5, 6, 7, 8], result: [1, 2], expected: [3.5, 5.5]),
    ForwardCase(
      description: "sum over channels", operation: .reduce(.sum, axes: [1]), shape: [1, 2, 2], x: [1, 2, 3, 4],
      result: [1, 1, 2], expected: [4, 6]),
    ForwardCase(
      description: "largest of a plane", operation: .reduce(.max, axes: [2, 3]), shape: [1, 2, 2, 2],
      x: [1, 4, 3, 2, -5, -6, -7, -8], result: [1, 2], expected: [4, -5]),
    ForwardCase(
      description: "smallest of a row", operation: .reduce(.min, axes: [2]), shape: [1, 2, 2], x: [1, 2, 4, 3],
      result: [1, 2, 1], expected: [1, 3]),
    ForwardCase(
      description: "sum of magnitudes", operation: .reduce(.l1, axes: [1]), shape: [1, 3], x: [1, -2, 3],
      result: [1, 1], expected: [6]),
    ForwardCase(
      description: "Euclidean norm", operation: .reduce(.l2, axes: [1]), shape: [1, 2], x: [3, -4], result: [1, 1],
      expected: [5]),
    ForwardCase(
      description: "sum of squares", operation: .reduce(.sumOfSquares, axes: [1]), shape: [1, 2], x: [3, -4],
      result: [1, 1], expected: [25]),
    // ln (e⁰ + e⁰), far from 0 too.
    ForwardCase(
      description: "logarithm of the sum of exponentials", operation: .reduce(.logSumExp, axes: [2]),
      shape: [1, 2, 2], x: [0, 0, 1000, 1000], result: [1, 2],
      expected: [0.693_147_180_559_945_3, 1000.693_147_180_559_945_3]),
    // Rows first: (0.5·(1 2) + 0.5·(3 4)), (3 4); then columns (x₁, x₀, 2 x₁).
    ForwardCase(
      description: "resizing along two axes",
      operation: .resample([
        Resampling(axis: 2, taps: 2, sources: [0, 1, 1, 1], weights: [0.5, 0.5, 1, 0]),
        Resampling(axis: 3, taps: 1, sources: [1, 0, 1], weights: [1, 1, 2]),
      ]), shape: [1, 1, 2, 2], x: [1, 2, 3, 4], result: [1, 1, 2, 3], expected: [3, 2, 6, 4, 3, 8]),
    ForwardCase(
      description: "inclusive sums", operation: .cumulativeSum(axis: 1, isExclusive: false, isReversed: false),
      shape: [1, 3, 2], x: [1, 10, 2, 20, 3, 30], result: [1, 3, 2], expected: [1, 10, 3, 30, 6, 60]),
    ForwardCase(
      description: "exclusive sums", operation: .cumulativeSum(axis: 1, isExclusive: true, isReversed: false),
      shape: [1, 3], x: [1, 2, 3], result: [1, 3], expected: [0, 1, 3]),
    ForwardCase(
      description: "inclusive sums from the end",
      operation: .cumulativeSum(axis: 1, isExclusive: false, isReversed: true), shape: [1, 3], x: [1, 2, 3],
      result: [1, 3], expected: [6, 5, 3]),
    ForwardCase(
      description: "exclusive sums from the end",
      operation: .cumulativeSum(axis: 1, isExclusive: true, isReversed: true), shape: [1, 3], x: [1, 2, 3],
      result: [1, 3], expected: [5, 3, 0]),
  ]
}
