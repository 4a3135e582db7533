/// The calibration samples cut into batches, and the batches into shards: the unit of work that ranks share.
///
/// A shard is fixed by the data and the configuration alone, never by the number of ranks, workers or hosts. Its table is
/// a pure function of its samples; tables are added in shard order. So any schedule gives the same bits.
public struct ShardPlan: Hashable, Sendable {
  /// At most so many shards: their tables together stay small (30 000 channels × 256 × 8 bytes = 61 MB).
  static let shardLimit = 256

  /// The samples of every batch; only the last may be shorter than the others.
  public let batches: [Range<Int>]
  /// The batches of every shard.
  public let shards: [Range<Int>]

  /// Cuts `sampleCount` samples into batches of `batchSize`, and these into at most 256 shards of equally many batches.
  /// - Precondition: both are at least 1.
  public init(sampleCount: Int, batchSize: Int) {
    precondition(sampleCount > 0 && batchSize > 0)
    batches = ShardPlan.runs(of: sampleCount, length: batchSize)
    let perShard = (batches.count + ShardPlan.shardLimit - 1) / ShardPlan.shardLimit
    shards = ShardPlan.runs(of: batches.count, length: perShard)
  }

  /// The shards that a rank computes: every `size`-th, so that all ranks have equally many or one less.
  public func shards(of rank: Int, size: Int) -> [Int] { Array(stride(from: rank, to: shards.count, by: size)) }

  private static func runs(of count: Int, length: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
  }
}
