/// How well a network does on the calibration samples.
struct VariantScore: Hashable, Sendable {
  /// The mean of the samples' losses.
  let loss: Double
  /// The share of places that are classified as they should be; `nil` where there are no classes.
  let accuracy: Double?
}

/// The sums of some samples that a score is made of.
struct VariantSums: Sendable {
  /// Sum of the samples' losses.
  var loss = 0.0
  /// Places classified as they should be.
  var correct = 0
  /// Places at which a class is wanted.
  var places = 0

  /// Numbers of one packed sum.
  static let packedCount = 3

  init() {}

  /// Sums that were packed, or `nil` when these are no such numbers.
  init?(packed: ArraySlice<Double>) {
    let start = packed.startIndex
    let limit = 0...Double(1 << 40)
    guard limit.contains(packed[start + 1]), limit.contains(packed[start + 2]) else { return nil }
    (loss, correct, places) = (packed[start], Int(packed[start + 1]), Int(packed[start + 2]))
  }

  /// All of it as numbers.
  var packed: [Double] { [loss, Double(correct), Double(places)] }

  /// Adds the sums of other samples.
  mutating func add(_ other: VariantSums) {
    loss += other.loss
    correct += other.correct
    places += other.places
  }

  /// The score of so many samples.
  func score(samples: Int) -> VariantScore {
    VariantScore(loss: loss / Double(samples), accuracy: places == 0 ? nil : Double(correct) / Double(places))
  }
}
