/// Where a rank runs, and how many ranks share that host's memory with it.
public struct RankLocation: Equatable, Sendable {
  /// The host's name, as the transport tells it.
  public let hostName: String
  /// The rank's place among the ranks of its host, in `0 ..< localSize`.
  public let localRank: Int
  /// The number of ranks on the host, at least 1.
  public let localSize: Int

  /// A place on a host.
  public init(hostName: String, localRank: Int, localSize: Int) {
    self.hostName = hostName
    self.localRank = localRank
    self.localSize = localSize
  }
}
