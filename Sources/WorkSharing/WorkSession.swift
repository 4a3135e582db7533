public import Logging
public import MessagePassing

/// Pieces of work shared among the ranks of a run, their results brought together at rank 0 in the order of the pieces.
///
/// A piece is fixed by data and configuration alone. Combined in order, the results have the same bits for any number of
/// ranks and workers, for either schedule, and for a run that was interrupted and went on.
///
/// In every rank the thread that made the session exchanges the messages, while threads of their own compute. Rank 0
/// hands the pieces out, stores results as they come, and computes too.
public final class WorkSession {
  /// How work is shared; nothing in it changes a result.
  public struct Options: Sendable {
    /// Which rank does which piece.
    public var schedule = Schedule.dynamic
    /// The run stops by itself before this instant; `nil` for no limit.
    public var deadline: ContinuousClock.Instant?
    /// After so long without a sign of life of a rank the run ends with an error; `nil` for never.
    public var stallTimeout: Duration?
    /// What asks the run to stop.
    public var stop: StopRequest

    /// The usual options.
    public init(stop: StopRequest = StopRequest()) { self.stop = stop }
  }

  /// All ranks.
  public let world: any Communicator
  let options: Options
  let logger: Logger
  /// What the run is at.
  public let phases: RunPhases
  /// By rank the host's name.
  public let hosts: [String]
  /// What this rank has done so far.
  public internal(set) var usage = WorkUsage()
  /// Whether the log has said that the run stops: work that was nearly done may still end well, and more be begun.
  var hasToldStop = false

  /// What rank 0 holds of results that have come before their turn, in numbers (64 MiB); some of each worker at least.
  static let numbersAtATime = 1 << 23

  /// A session of all ranks; each makes one.
  /// - Parameter phases: what the run is at; its owner begins phases, and the session says that they go on.
  public init(
    on world: any Communicator, options: Options = Options(), logger: Logger, phases: RunPhases = RunPhases()
  ) throws {
    self.world = world
    self.options = options
    self.logger = logger
    self.phases = phases
    hosts = try world.allGather(Array(world.location.hostName.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Does pieces 0 ..< count and hands each one's result to `combine`, at rank 0, in order.
  ///
  /// Pieces are begun in order too: where some take longer than others these should come first, so that none is left
  /// alone at the end.
  /// - Parameters:
  ///   - unit: what a piece is called where a person reads of it.
  ///   - length: the number of elements of every result.
  ///   - stored: what is kept of the results; at rank 0.
  ///   - isCounted: whether the pieces are among those that `usage` counts.
  ///   - progress: called at rank 0 as ranks make progress.
  ///   - traffic: what else is passed between ranks meanwhile. A rank whose pool has no worker serves others by it alone.
  ///   - work: called on a worker's thread.
  /// - Throws: the error of a piece; `Interruption`, on all ranks, when the run was stopped; `CommunicationError`, among
  ///   them that a rank has stalled.
  public func perform<Own>(
    _ unit: String, _ count: Int, length: Int, stored: StoredPieces? = nil, isCounted: Bool = true,
    by pool: WorkerPool<Own>, beside traffic: (any SideTraffic)? = nil,
    progress: ((WorkProgress) -> Void)? = nil,
    _ work: @escaping @Sendable (_ piece: Int, _ own: Own, _ pulse: WorkPulse) throws -> [Double],
    combine: (ArraySlice<Double>) throws -> Void
  ) throws {
    let workers = try world.allGather([Int64(pool.workerCount)]).map { Int($0[0]) }
    let queue = WorkQueue()
    let pulse = WorkPulse(queue, options.stop)
    let earlier = usage
    defer { if !isCounted { usage = earlier } }
    let window = WorkSession.window(length: length, workers: workers.reduce(0, +))
    try pool.work(on: queue) { piece, own in
      let values = try work(piece, own, pulse)
      precondition(values.count == length)
      return values
    } meanwhile: {
      // Before workers are waited for: they may themselves wait for a message.
      defer { traffic?.end() }
      traffic?.begin { queue.wake() }
      if world.rank == 0 {
        var coordinator = try WorkCoordinator(
          self, unit, count, length: length, window: window, workers: workers,
          stored: stored, queue: queue, traffic: traffic, progress: progress)
        try coordinator.run(combine)
      } else {
        try WorkClient(self, queue, workers: pool.workerCount, beside: traffic).run()
      }
    }
  }

  /// The sum of the pieces' results at rank 0, added in order; `nil` elsewhere.
  public func sum<Own>(
    _ unit: String, _ count: Int, length: Int, by pool: WorkerPool<Own>,
    progress: ((WorkProgress) -> Void)? = nil,
    _ work: @escaping @Sendable (_ piece: Int, _ own: Own, _ pulse: WorkPulse) throws -> [Double]
  ) throws -> [Double]? {
    var total = [Double](repeating: 0, count: world.rank == 0 ? length : 0)
    try perform(unit, count, length: length, by: pool, progress: progress, work) { part in
      for (index, value) in zip(total.indices, part) { total[index] += value }
    }
    return world.rank == 0 ? total : nil
  }

  /// Passes on what else there is between ranks.
  /// - Returns: whether there was anything.
  func exchange(_ traffic: (any SideTraffic)?, _ queue: WorkQueue) throws -> Bool {
    guard let traffic else { return false }
    if options.stop.isMade, options.stop.age > WorkPulse.grace { traffic.abandon() }
    let isBusy = try traffic.exchange(on: world)
    // Who waits for another rank is alive: it is the other one that has to show the same.
    if traffic.isWaiting { queue.beat() }
    return isBusy
  }

  /// How long the thread that exchanges messages may pause: what it has posted moves only while it is inside calls.
  var longestPause: Duration { world.isSending ? .microseconds(100) : .milliseconds(1) }

  /// How many pieces may be finished before their turn: rank 0 holds no more results than that.
  ///
  /// A slow rank must not keep the others waiting for its turn.
  /// - Parameters:
  ///   - length: the number of elements of every result.
  ///   - workers: of all ranks.
  public static func window(length: Int, workers: Int) -> Int {
    max(numbersAtATime / max(length, 1), 4 * workers)
  }

  /// How often a rank that has nothing to say reports all the same.
  var heartbeat: Duration {
    // Rank 0 hears a thousand ranks a second at the most, and a stall has to be told from a pause.
    let usual = Duration.seconds(max(1, world.size / 1000))
    return options.stallTimeout.map { min(usual, $0 / 4) } ?? usual
  }
}

/// What a rank has done in a session.
public struct WorkUsage: Sendable {
  /// Pieces computed.
  public internal(set) var pieces = 0
  /// Pieces that all ranks have computed; at rank 0.
  public internal(set) var received = 0
  /// Pieces taken from the store; at rank 0.
  public internal(set) var restored = 0
  /// Seconds of its workers in pieces, those given up left out.
  public internal(set) var busySeconds = 0.0
  /// Seconds from the beginnings to the ends of shared work, times the workers.
  public internal(set) var workerSeconds = 0.0

  mutating func note(_ finished: WorkQueue.Finished) {
    pieces += 1
    busySeconds += finished.seconds
  }
}
