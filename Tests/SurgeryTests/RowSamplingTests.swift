import Surgery
import Testing

struct RowSamplingTests {
  @Test func `all positions are taken where the limit allows it`() {
    let sampling = RowSampling(layer: 1, positions: 6, samples: 7, limit: 42)
    #expect(sampling.isComplete)
    #expect((0..<7).allSatisfy { sampling.positions(of: $0) == Array(0..<6) })
  }

  @Test(arguments: [(100, 9, 41), (49, 10, 489), (3, 50, 20), (1000, 3, 2999), (5, 4, 0)])
  func `exactly the limit is taken, distinct, ascending, evenly over the samples`(
    positions: Int, samples: Int, limit: Int
  ) {
    let sampling = RowSampling(layer: 1, positions: positions, samples: samples, limit: limit)
    let chosen = (0..<samples).map { sampling.positions(of: $0) }
    #expect(!sampling.isComplete)
    #expect(chosen.reduce(0) { $0 + $1.count } == limit)
    for (sample, own) in chosen.enumerated() {
      #expect(own == Set(own).sorted())
      #expect(own.allSatisfy { (0..<positions).contains($0) })
      #expect(own.count == sampling.rowCount(of: sample))
      #expect(own.count == limit / samples || own.count == limit / samples + 1)
    }
  }

  @Test func `layers and samples choose apart, and the same each time`() {
    let first = RowSampling(layer: 1, positions: 1000, samples: 8, limit: 160)
    let second = RowSampling(layer: 2, positions: 1000, samples: 8, limit: 160)
    let chosen = (0..<8).flatMap { [first.positions(of: $0), second.positions(of: $0)] }
    #expect(Set(chosen).count == 16)
    #expect(first.positions(of: 5) == RowSampling(layer: 1, positions: 1000, samples: 8, limit: 160).positions(of: 5))
  }

  @Test func `every position is as likely as any other`() {
    let samples = 20_000
    let sampling = RowSampling(layer: 4, positions: 10, samples: samples, limit: 3 * samples)
    var counts = [Int](repeating: 0, count: 10)
    for sample in 0..<samples { for position in sampling.positions(of: sample) { counts[position] += 1 } }
    // 6000 expected, standard deviation √(20000 × 0.3 × 0.7) = 65; five of them.
    #expect(counts.allSatisfy { abs($0 - 6000) < 325 }, "\(counts)")
  }

  @Test func `huge sets do not overflow`() {
    let sampling = RowSampling(layer: 0, positions: 1 << 40, samples: 1 << 40, limit: 1 << 40)
    #expect(!sampling.isComplete)
    #expect(sampling.rowCount(of: (1 << 40) - 1) == 1)
  }
}
