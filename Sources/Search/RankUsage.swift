import MessagePassing
import WorkSharing

/// What the ranks used: for the record of a run.
struct RankUsage {
  /// One rank.
  struct Rank {
    let host: String
    let workers: Int
    let peakMemory: Int
    let forecastMemory: Int
    /// Pieces of work computed.
    let pieces: Int
    /// Seconds of its workers in them, and the time that its workers had for them.
    let busySeconds: Double
    let workerSeconds: Double
  }

  private var workers = 0
  private var forecast = 0

  /// Notes what a step plans to use.
  mutating func note(_ memory: MemoryForecast) {
    workers = max(workers, memory.workers)
    forecast = max(forecast, memory.bytes)
  }

  /// All ranks' use at rank 0; `nil` elsewhere.
  func gather(on session: WorkSession) throws -> [Rank]? {
    let (world, work) = (session.world, session.usage)
    let numbers = try world.gather(
      [
        Double(workers), Double(ResourceUse.peakMemory), Double(forecast), Double(work.pieces), work.busySeconds,
        work.workerSeconds,
      ], at: 0)
    let hosts = try world.gather(world.location.hostName, at: 0)
    guard let numbers, let hosts else { return nil }
    return zip(hosts, numbers).map { host, numbers in
      Rank(
        host: host, workers: Int(numbers[0]), peakMemory: Int(numbers[1]), forecastMemory: Int(numbers[2]),
        pieces: Int(numbers[3]), busySeconds: numbers[4], workerSeconds: numbers[5])
    }
  }
}
