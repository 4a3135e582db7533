/// How far the outputs of two networks lie apart, gathered over samples: the figures of a certificate.
///
/// What is not finite, in either network, counts as infinitely far apart, even where both agree.
public struct OutputDifference: Hashable, Sendable {
  /// The figures of one output.
  public struct Output: Hashable, Sendable {
    /// The largest |a − b|.
    public fileprivate(set) var difference = 0.0
    /// Its sample's number in the whole data set; of equals the first. −1 where nothing was compared.
    public fileprivate(set) var sample = -1
    /// Its element, counted in the sample.
    public fileprivate(set) var element = -1
    /// The largest |a|.
    public fileprivate(set) var largest = 0.0
    /// The largest |b|.
    public fileprivate(set) var largestExpected = 0.0
    /// How many elements were compared.
    public fileprivate(set) var count = 0

    /// The largest |a − b| ÷ the largest |b|: 0 where nothing differs, infinite where b is all 0 and a is not.
    public var relativeDifference: Double {
      difference == 0 || difference == .infinity ? difference : difference / largestExpected
    }

    /// Takes in figures of other samples, in any order.
    fileprivate mutating func formUnion(_ other: Output) {
      if other.count > 0,
        count == 0 || other.difference > difference
          || other.difference == difference && (other.sample, other.element) < (sample, element)
      {
        (difference, sample, element) = (other.difference, other.sample, other.element)
      }
      largest = max(largest, other.largest)
      largestExpected = max(largestExpected, other.largestExpected)
      count += other.count
    }
  }

  /// By output of the networks.
  public private(set) var outputs: [Output]
  private let sampleElements: [Int]

  /// Nothing compared yet.
  /// - Parameter sampleElements: by output the elements of one sample.
  public init(sampleElements: [Int]) {
    precondition(sampleElements.allSatisfy { $0 >= 0 })
    self.sampleElements = sampleElements
    outputs = sampleElements.map { _ in Output() }
  }

  /// The largest relative difference of all outputs; infinite for one that was never compared.
  public var relativeDifference: Double {
    outputs.reduce(0) { max($0, $1.count > 0 ? $1.relativeDifference : .infinity) }
  }

  /// Whether no output differs by more, relative to its largest expected element.
  public func isWithin(_ tolerance: Double) -> Bool {
    relativeDifference.isFinite && relativeDifference <= tolerance
  }

  /// Compares one output for some samples.
  /// - Parameters:
  ///   - values: a, row-major; the first `samples.count` samples count, what follows is ignored.
  ///   - expected: b, likewise.
  ///   - output: which output.
  ///   - samples: the samples' numbers in the whole data set.
  public mutating func add(_ values: [Float], expected: [Float], output: Int, samples: Range<Int>) {
    let elements = sampleElements[output]
    precondition(min(values.count, expected.count) >= samples.count * elements, "too few elements for \(samples)")
    for (offset, sample) in samples.enumerated() {
      let range = offset * elements..<(offset + 1) * elements
      outputs[output].formUnion(Self.compare(values[range], expected[range], sample: sample))
    }
  }

  private static func compare(_ values: ArraySlice<Float>, _ expected: ArraySlice<Float>, sample: Int) -> Output {
    var result = Output()
    result.count = values.count
    result.sample = sample
    result.element = 0
    values.withUnsafeBufferPointer { values in
      expected.withUnsafeBufferPointer { expected in
        for index in values.indices {
          let (a, b) = (Double(values[index]), Double(expected[index]))
          let difference = finite(abs(a - b))
          if difference > result.difference { (result.difference, result.element) = (difference, index) }
          result.largest = max(result.largest, finite(abs(a)))
          result.largestExpected = max(result.largestExpected, finite(abs(b)))
        }
      }
    }
    return result
  }

  private static func finite(_ value: Double) -> Double { value.isFinite ? value : .infinity }

  // MARK: Between ranks

  private static let packedPerOutput = 6

  /// The figures as numbers, six per output, for another rank's `formUnion`.
  public var packed: [Double] {
    outputs.flatMap {
      [$0.difference, Double($0.sample), Double($0.element), $0.largest, $0.largestExpected, Double($0.count)]
    }
  }

  /// Takes in the packed figures of other samples of the same outputs; the order of ranks changes nothing.
  /// - Precondition: it is `packed` of as many outputs.
  public mutating func formUnion(_ packed: [Double]) {
    let size = Self.packedPerOutput
    precondition(packed.count == size * outputs.count, "\(packed.count) figures for \(outputs.count) outputs")
    for index in outputs.indices {
      let part = Array(packed[index * size..<(index + 1) * size])
      var other = Output()
      (other.difference, other.largest, other.largestExpected) = (part[0], part[3], part[4])
      (other.sample, other.element, other.count) = (Int(part[1]), Int(part[2]), Int(part[5]))
      outputs[index].formUnion(other)
    }
  }
}
