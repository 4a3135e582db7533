import Testing

@testable import OneDNN

@Suite struct MemoryPlanTests {
  @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
  func `buffers in use at one time share no byte, and each begins on a cache line`(seed: UInt64) throws {
    print("seed \(seed)")
    var state = seed
    func next(_ bound: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % bound)
    }
    let requests = (0..<120).map { _ in
      let first = next(60)
      return MemoryPlan.Request(size: next(5) == 0 ? 0 : next(4000), first: first, last: first + next(20))
    }
    let plan = try #require(MemoryPlan(requests))
    for (index, one) in requests.enumerated() {
      #expect(plan.offsets[index] % AlignedMemory.alignment == 0)
      #expect(plan.offsets[index] + one.size <= plan.size)
      for other in requests.indices.dropFirst(index + 1)
      where one.first <= requests[other].last && requests[other].first <= one.last {
        let apart =
          plan.offsets[index] + one.size <= plan.offsets[other]
          || plan.offsets[other] + requests[other].size <= plan.offsets[index]
        #expect(apart, "buffers \(index) and \(other)")
      }
    }
    // Sharing has to happen at all.
    #expect(plan.size < requests.reduce(0) { $0 + $1.size } / 2)
  }

  @Test func `a chain of equal buffers takes two places`() throws {
    let chain = (0..<10).map { MemoryPlan.Request(size: 1000, first: $0, last: $0 + 1) }
    #expect(try #require(MemoryPlan(chain)).size == 2 * 1024)
  }

  @Test func `sizes beyond all memory give no plan`() {
    let huge = MemoryPlan.Request(size: Int.max - 100, first: 0, last: 1)
    #expect(MemoryPlan([huge, huge]) == nil)
    #expect(MemoryPlan([MemoryPlan.Request(size: Int.max, first: 0, last: 0)]) == nil)
  }
}
