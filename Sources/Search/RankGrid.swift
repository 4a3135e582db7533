/// How the ranks of a search share it: in groups, each of which holds the whole network, a stage per rank.
///
/// The ranks of a group follow each other. The first holds the first stage and takes shards as a rank that holds the whole
/// network would; the others run its batches through their stages.
public struct RankGrid: Hashable, Sendable, CustomStringConvertible {
  /// How many groups there are: networks that take batches side by side.
  public let batches: Int
  /// How many stages the network is cut into.
  public let layers: Int

  /// A grid; `nil` where a number is not positive or the ranks could not be counted.
  public init?(batches: Int, layers: Int) {
    guard batches > 0, layers > 0, !batches.multipliedReportingOverflow(by: layers).overflow else { return nil }
    self.batches = batches
    self.layers = layers
  }

  /// The ranks that it needs.
  public var rankCount: Int { batches * layers }

  /// As it is asked for: `2x4`.
  public var description: String { "\(batches)x\(layers)" }

  /// The stage that a rank holds.
  func stage(of rank: Int) -> Int { rank % layers }

  /// The rank that holds the first stage of a rank's group.
  func firstRank(of rank: Int) -> Int { rank - stage(of: rank) }

  /// The ranks that hold a stage.
  func ranks(of stage: Int) -> [Int] { (0..<batches).map { $0 * layers + stage } }

  /// How many batches a group has under way for so many that are computed at a time: one at every stage, and one on its
  /// way.
  func batchCount(workers: Int, shards: Int) -> Int { min(workers * (layers + 1), shards) }
}
