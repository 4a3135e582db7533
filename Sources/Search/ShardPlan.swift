/// The calibration samples cut into batches, and the batches into shards: the unit of work that ranks share.
///
/// A shard is fixed by the data and the configuration alone, never by the number of ranks, workers or hosts. Its table is
/// a pure function of its samples; tables are added in shard order. So any schedule gives the same bits.
public struct ShardPlan: Hashable, Sendable {
  /// At most so many shards: a thousand ranks get eight each, and one table at a time is small beside what computing it
  /// took.
  static let shardLimit = 8192
  /// At most so many groups of consecutive shards, whose tables are kept (30 000 channels × 256 × 8 bytes = 61 MB): error
  /// bars are resampled from them.
  static let groupLimit = 256

  /// The samples of every batch; only the last may be shorter than the others.
  public let batches: [Range<Int>]
  /// The batches of every shard.
  public let shards: [Range<Int>]

  /// Cuts `sampleCount` samples into batches of `batchSize`, and these into shards: of one batch each as long as there
  /// are at most `shardLimit`, else of 2, 4, 8 … so that more data leave the shards of those before as they are.
  /// - Precondition: `batchSize` is at least 1, and `sampleCount` is not negative; without samples there is no shard.
  public init(sampleCount: Int, batchSize: Int) {
    precondition(sampleCount >= 0 && batchSize > 0)
    batches = ShardPlan.runs(of: sampleCount, length: batchSize)
    var perShard = 1
    while (batches.count + perShard - 1) / perShard > ShardPlan.shardLimit { perShard *= 2 }
    shards = ShardPlan.runs(of: batches.count, length: perShard)
  }

  /// The number of groups that tables are kept of.
  public var groupCount: Int { shards.isEmpty ? 0 : group(of: shards.count - 1) + 1 }

  /// The group of a shard; as many shards as there are groups at the most are one each.
  public func group(of shard: Int) -> Int {
    shard / ((shards.count + ShardPlan.groupLimit - 1) / ShardPlan.groupLimit)
  }

  private static func runs(of count: Int, length: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
  }
}
