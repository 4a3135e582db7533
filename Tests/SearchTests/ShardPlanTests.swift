import Search
import Testing

/// How samples are cut: by data and configuration alone.
struct ShardPlanTests {
  @Test(arguments: [(1, 1), (7, 3), (512, 32), (1000, 1), (100_000, 8), (50, 64), (3_000_000, 1)])
  func `every sample is in one batch and every batch in one shard`(_ size: (samples: Int, batch: Int)) {
    let plan = ShardPlan(sampleCount: size.samples, batchSize: size.batch)
    #expect(plan.batches.flatMap { Array($0) } == Array(0..<size.samples))
    #expect(plan.shards.flatMap { Array($0) } == Array(0..<plan.batches.count))
    #expect(plan.shards.count <= 8192)
    #expect(plan.groupCount <= 256)
    #expect(plan.shards.indices.map(plan.group).last == plan.groupCount - 1)
    #expect(plan.batches.dropLast().allSatisfy { $0.count == size.batch })
  }

  @Test(arguments: [1, 100, 256, 257, 8192])
  func `few batches are one shard each, and up to 256 of these a group each`(_ batches: Int) {
    let plan = ShardPlan(sampleCount: batches * 3, batchSize: 3)
    #expect(plan.shards.allSatisfy { $0.count == 1 })
    let isGrouped = plan.shards.indices.map(plan.group) != Array(plan.shards.indices)
    #expect(isGrouped == (batches > 256))
  }

  @Test(arguments: [(100, 101), (8193, 12_000), (20_000, 30_000)])
  func `more samples leave the full shards of those before as they are`(_ batches: (before: Int, after: Int)) {
    let before = ShardPlan(sampleCount: batches.before, batchSize: 1)
    let after = ShardPlan(sampleCount: batches.after, batchSize: 1)
    #expect(after.shards.starts(with: before.shards.dropLast()))
  }
}
