import Networks

/// A reader of files under test: what its inputs are made from, how they are damaged, and the reading itself.
struct FuzzReader: Sendable {
  /// What the command line calls it.
  let name: String
  /// Sound inputs that damaged ones are made from.
  let seeds: [[UInt8]]
  /// Inputs of a corpus, sound or not: read as they are, and damaged now and then.
  var corpus: [[UInt8]] = []
  /// Whether the seeds are all there is to read.
  var isFinite = false
  /// A damaged input from a sound one.
  let damaged: @Sendable (inout SplitMix64, [[UInt8]]) -> [UInt8]
  /// Reads an input in a folder for scratch files: whether it was accepted. A refusal is no failure, a trap is.
  let accepts: @Sendable ([UInt8], String) -> Bool

  /// The input of a number: it depends on nothing but reader, corpus, seed and number.
  ///
  /// The first inputs are the sound ones and those of the corpus, unchanged.
  func input(_ number: Int, seed: UInt64) -> [UInt8] {
    let whole = seeds.count + corpus.count
    if number < whole { return number < seeds.count ? seeds[number] : corpus[number - seeds.count] }
    let ownName = name.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) }
    var random = SplitMix64(seed, ownName, UInt64(number))
    if !corpus.isEmpty, random.oneIn(16) {
      return ByteMutation.changed(random.pick(corpus), &random, others: corpus + seeds)
    }
    return damaged(&random, seeds)
  }
}

extension SplitMix64 {
  /// Whether one of so many equally likely cases came up.
  mutating func oneIn(_ cases: Int) -> Bool { below(cases) == 0 }

  /// Small mostly, now and then up to a bound.
  mutating func smallCount(upTo most: Int = 8) -> Int {
    var count = 1
    while count < most, oneIn(2) { count += 1 }
    return count
  }

  /// One of some elements.
  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
