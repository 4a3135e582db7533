import ExecutorContract
import Surgery
import Testing

struct OutputDifferenceTests {
  @Test func `the largest difference is found, with its place and its scale`() {
    var difference = OutputDifference(sampleElements: [3, 2])
    difference.add(
      [1, 2, 3, 4, 5, 6, 70, 80, 90], expected: [1, 2, 3, 4, 5.5, 6, 0, 0, 0], output: 0, samples: 10..<12)
    difference.add([-8, 1], expected: [-8, 1], output: 1, samples: 10..<11)
    let first = difference.outputs[0]
    #expect(first.difference == 0.5)
    #expect(first.sample == 11)
    #expect(first.element == 1)
    #expect(first.largest == 6)
    #expect(first.largestExpected == 6)
    #expect(first.count == 6)
    #expect(first.relativeDifference == 0.5 / 6)
    #expect(difference.outputs[1].largest == 8)
    #expect(difference.outputs[1].relativeDifference == 0)
    #expect(difference.relativeDifference == 0.5 / 6)
    #expect(difference.isWithin(0.084))
    #expect(!difference.isWithin(0.083))
  }

  @Test(arguments: [
    (Float.nan, Float(1)), (1, .nan), (.nan, .nan), (.infinity, 1), (1, -.infinity), (.infinity, .infinity),
  ])
  func `what is not finite never passes`(_ value: Float, _ expected: Float) {
    var difference = OutputDifference(sampleElements: [2])
    difference.add([1, value, 900, 0], expected: [1, expected, 0, 0], output: 0, samples: 4..<6)
    #expect(difference.outputs[0].difference == .infinity)
    #expect(difference.outputs[0].sample == 4)
    #expect(difference.outputs[0].element == 1)
    #expect(difference.relativeDifference == .infinity)
    #expect(!difference.isWithin(.infinity))
  }

  @Test func `of equal differences the first one is named`() {
    var difference = OutputDifference(sampleElements: [2])
    difference.add([1, 1, 1, 1], expected: [1, 0, 0, 0], output: 0, samples: 7..<9)
    #expect(difference.outputs[0].sample == 7)
    #expect(difference.outputs[0].element == 1)
    difference.add([0, 1], expected: [1, 0], output: 0, samples: 3..<4)
    #expect(difference.outputs[0].sample == 3)
    #expect(difference.outputs[0].element == 0)
  }

  @Test func `an output that was never compared, or is expected to be 0, does not pass`() {
    var difference = OutputDifference(sampleElements: [1, 1])
    difference.add([1], expected: [1], output: 0, samples: 0..<1)
    #expect(!difference.isWithin(1))
    difference.add([0], expected: [0], output: 1, samples: 0..<1)
    #expect(difference.isWithin(0))
    difference.add([1e-30], expected: [0], output: 1, samples: 1..<2)
    #expect(!difference.isWithin(1e30))
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `parts put together in any order say what the whole says`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let samples = 7
    // Quarters: differences are often equal, so that the first of equals has to be found.
    let values = random.quarters(samples * 3)
    let expected = random.quarters(samples * 3)
    var whole = OutputDifference(sampleElements: [3])
    whole.add(values, expected: expected, output: 0, samples: 0..<samples)
    var order = Array(0..<samples)
    order.shuffle(using: &random)
    var merged = OutputDifference(sampleElements: [3])
    for sample in order {
      var part = OutputDifference(sampleElements: [3])
      part.add(
        Array(values[sample * 3..<sample * 3 + 3]), expected: Array(expected[sample * 3..<sample * 3 + 3]), output: 0,
        samples: sample..<sample + 1)
      merged.formUnion(part.packed)
    }
    #expect(merged == whole, "seed \(seed)")
    merged.formUnion(OutputDifference(sampleElements: [3]).packed)
    #expect(merged == whole)
  }
}
