import Search
import Testing

/// How samples are cut: by data and configuration alone.
struct ShardPlanTests {
  @Test(arguments: [(1, 1), (7, 3), (512, 32), (1000, 1), (100_000, 8), (50, 64)])
  func `every sample is in one batch and every batch in one shard`(_ size: (samples: Int, batch: Int)) {
    let plan = ShardPlan(sampleCount: size.samples, batchSize: size.batch)
    #expect(plan.batches.flatMap { Array($0) } == Array(0..<size.samples))
    #expect(plan.shards.flatMap { Array($0) } == Array(0..<plan.batches.count))
    #expect(plan.shards.count <= 256)
    #expect(plan.batches.dropLast().allSatisfy { $0.count == size.batch })
  }

  @Test(arguments: 1...7)
  func `ranks share all shards, none twice, with at most one more for some`(_ ranks: Int) {
    let plan = ShardPlan(sampleCount: 500, batchSize: 9)
    let shares = (0..<ranks).map { plan.shards(of: $0, size: ranks) }
    #expect(shares.flatMap { $0 }.sorted() == Array(plan.shards.indices))
    let counts = shares.map(\.count)
    #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1)
  }

  @Test func `more ranks than shards leave some without work`() {
    let plan = ShardPlan(sampleCount: 4, batchSize: 2)
    #expect(plan.shards(of: 5, size: 8).isEmpty)
  }
}
