import Glibc
import MessagePassing

/// A rank other than 0 during shared work: reports, and hands what rank 0 answers to its workers.
struct WorkClient {
  private let session: WorkSession
  private let queue: WorkQueue
  private let workers: Int
  private let traffic: (any SideTraffic)?
  private let messages: WorkMessages
  private let clock = ContinuousClock()

  init(_ session: WorkSession, _ queue: WorkQueue, workers: Int, beside traffic: (any SideTraffic)?) {
    self.session = session
    self.traffic = traffic
    self.queue = queue
    self.workers = workers
    messages = WorkMessages(world: session.world)
  }

  /// Works until rank 0 says that all is done.
  /// - Throws: `Interruption` when it says that the run stops.
  func run() throws {
    let start = clock.now
    defer { session.usage.workerSeconds += (clock.now - start) / .seconds(1) * Double(workers) }
    var reported = clock.now
    var isStopping = false
    // With other traffic this thread looks often: what has come does not wake it.
    var pause = Duration.microseconds(50)
    while true {
      let isBusy = try session.exchange(traffic, queue)
      pause = isBusy ? .microseconds(50) : min(pause * 2, session.longestPause)
      let news = queue.news()
      if let failure = news.failure { throw failure }
      let held = news.held + (traffic?.held ?? 0)
      let asksForStop = session.options.stop.isMade && !isStopping
      let isDue = clock.now - reported >= session.heartbeat
      guard news.finished != nil || held == 0 || isDue || asksForStop else {
        queue.awaitNews(min(session.heartbeat - (clock.now - reported), traffic == nil ? .milliseconds(100) : pause))
        continue
      }
      var report = WorkReport(
        held: held, workers: workers, beats: queue.beatCount + (traffic?.beats ?? 0), progress: queue.progressCount,
        running: news.running, asksForStop: asksForStop)
      if let finished = news.finished {
        (report.finished, report.seconds) = (finished.piece, finished.seconds)
        session.usage.note(finished)
      }
      try messages.send(report)
      let reply = try awaitReply()
      switch reply.command {
      case .work: queue.add(reply.pieces)
      case .finish: queue.discard()
      case .stop:
        isStopping = true
        session.options.stop.make()
        queue.discard()
      case .complete: return
      case .interrupted: throw Interruption(cause: .peer, unit: "piece", stored: 0, total: 0)
      }
      if let finished = news.finished { try messages.send(finished.values) }
      reported = clock.now
    }
  }

  /// Rank 0 answers at once, or within the time of a heartbeat where it has nothing to give.
  private func awaitReply() throws -> WorkReply {
    var asked = clock.now
    var lastLook = asked
    var pause: UInt32 = 20
    while true {
      if let reply = try messages.pendingReply() { return reply }
      if try session.exchange(traffic, queue) { pause = 20 }
      let now = clock.now
      // Time in which this rank itself was stopped does not count.
      asked += max(now - lastLook - .seconds(1), .zero)
      lastLook = now
      let waited = now - asked
      // Rank 0 notices the silence of others first, and speaks for all.
      if let limit = session.options.stallTimeout, waited > limit + .seconds(10) {
        throw CommunicationError(
          .stalled, operation: "work",
          text: "rank 0 (\(session.hosts[0])) has not answered for \(Int(waited / .seconds(1))) s")
      }
      usleep(pause)
      pause = min(pause * 2, 1000)
    }
  }
}
