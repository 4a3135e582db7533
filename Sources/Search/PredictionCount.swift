import Execution

/// How well a network does on some samples: sums that add.
struct PredictionCount: Sendable {
  /// Sum of the samples' losses.
  var loss = 0.0
  /// Places where the largest output is at the label.
  var first = 0
  /// Places where the label is among the five largest outputs.
  var firstFive = 0
  /// Places where the largest output is where another network has it.
  var agreeing = 0
  /// Places at which a class is predicted: one per sample, or one per position.
  var places = 0

  /// Numbers of one packed count.
  static let packedCount = 5

  init() {}

  init(packed: ArraySlice<Double>) {
    let numbers = Array(packed)
    loss = numbers[0]
    first = Int(numbers[1])
    firstFive = Int(numbers[2])
    agreeing = Int(numbers[3])
    places = Int(numbers[4])
  }

  /// All of it as numbers.
  var packed: [Double] { [loss, Double(first), Double(firstFive), Double(agreeing), Double(places)] }

  /// Adds the count of other samples.
  mutating func add(_ other: PredictionCount) {
    loss += other.loss
    first += other.first
    firstFive += other.firstFive
    agreeing += other.agreeing
    places += other.places
  }

  /// Adds a run.
  /// - Parameters:
  ///   - labels: a class per place; `nil` where there are none.
  ///   - others: another network's classes at the same places; `nil` for none.
  /// - Returns: the classes predicted.
  mutating func add(_ run: Evaluation, _ outputs: ClassOutputs, labels: [Int]?, others: [Int]?) -> [Int] {
    for sample in run.losses { loss += sample }
    let predicted = outputs.largest(of: run.outputs[0])
    places += predicted.count
    for (place, index) in predicted.enumerated() {
      if let label = labels?[place] {
        if label == index { first += 1 }
        if outputs.isAmongFive(label, of: run.outputs[0], place) { firstFive += 1 }
      }
      if others?[place] == index { agreeing += 1 }
    }
    return predicted
  }
}

/// An output that has classes on axis 1, and a prediction at every position behind it.
struct ClassOutputs: Hashable, Sendable {
  /// Classes.
  let classes: Int
  /// Places per sample.
  let positions: Int

  /// The output of a shape, its samples on axis 0.
  init(shape: [Int]) {
    classes = shape.count > 1 ? shape[1] : 1
    positions = shape.dropFirst(2).reduce(1, *)
  }

  /// The first of the largest outputs at every place.
  func largest(of output: [Float]) -> [Int] {
    (0..<output.count / classes).map { place in
      let start = start(of: place)
      var best = 0
      for index in 1..<max(classes, 1) where output[start + index * positions] > output[start + best * positions] {
        best = index
      }
      return best
    }
  }

  /// Whether fewer than five outputs of a place are larger than a class's, or equal and in front of it.
  func isAmongFive(_ label: Int, of output: [Float], _ place: Int) -> Bool {
    let start = start(of: place)
    let own = output[start + label * positions]
    var before = 0
    for index in 0..<classes {
      let other = output[start + index * positions]
      if other > own || other == own && index < label { before += 1 }
    }
    return before < 5
  }

  private func start(of place: Int) -> Int { place / positions * classes * positions + place % positions }
}
