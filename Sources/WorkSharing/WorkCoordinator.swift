import Logging
import MessagePassing

/// Rank 0 during shared work: hands pieces out, takes results, stores them, combines them in order.
struct WorkCoordinator {
  /// What is known of a rank.
  struct Peer {
    var workers = 0
    /// Pieces that it holds, as far as was heard.
    var held = 0
    var running: Int?
    var progress = 0
    var beats = 0
    /// When it was last heard of, and when its workers last showed to be alive.
    var heard: ContinuousClock.Instant
    var alive: ContinuousClock.Instant
    /// The pieces that it has reported as finished and whose results are on their way, in this order, with the seconds
    /// that they took.
    var due: [(piece: Int, seconds: Double)] = []
    /// It has reported, has nothing to do and waits for an answer since then.
    var waitsSince: ContinuousClock.Instant?
    var hasLeft = false
  }

  let session: WorkSession
  let unit: String
  let count: Int
  let length: Int
  let window: Int
  let workers: Int
  let ownWorkers: Int
  let stored: StoredPieces?
  let writer: PieceWriter?
  let queue: WorkQueue
  let traffic: (any SideTraffic)?
  let progress: ((WorkProgress) -> Void)?
  let messages: WorkMessages
  let clock = ContinuousClock()

  var handout: WorkHandout
  /// The piece that is combined next.
  var next = 0
  /// Results that have come before their turn.
  var arrived: [Int: [Double]] = [:]
  /// Pieces whose results are in the store, and not computed.
  var restorable: Set<Int> = []
  private var restoredCount: Int
  /// All ranks; of rank 0 itself only what its queue says.
  var peers: [Peer]
  var stopCause: Interruption.Cause?
  /// Whether no further piece is begun.
  var isEnding = false
  /// Seconds of the piece that took longest.
  var longestPiece = 0.0
  private var computedCount = 0
  private var shownProgress: WorkProgress?
  private var lastLook: ContinuousClock.Instant

  init(
    _ session: WorkSession, _ unit: String, _ count: Int, length: Int, window: Int, workers: [Int],
    stored: StoredPieces?,
    queue: WorkQueue, traffic: (any SideTraffic)?, progress: ((WorkProgress) -> Void)?
  ) throws {
    self.session = session
    self.unit = unit
    self.count = count
    self.length = length
    self.window = window
    self.workers = workers.reduce(0, +)
    ownWorkers = workers[0]
    self.stored = stored
    writer = try stored.map { try PieceWriter($0.store) }
    self.queue = queue
    self.traffic = traffic
    self.progress = progress
    messages = WorkMessages(world: session.world)
    let now = clock.now
    lastLook = now
    peers = (0..<session.world.size).map { _ in Peer(heard: now, alive: now) }
    if let stored {
      let found = stored.store.keys()
      restorable = Set((0..<count).filter { stored.known[$0].map(found.contains) ?? false })
    }
    let restored = restorable
    handout = WorkHandout(
      session.options.schedule, pieces: (0..<count).filter { !restored.contains($0) },
      workers: workers)
    restoredCount = restored.count
  }

  /// Works until everything is combined, or the run stops.
  mutating func run(_ combine: (ArraySlice<Double>) throws -> Void) throws {
    let start = clock.now
    // Also where the run ends early: what was finished is to be found again.
    defer { try? writer?.finish() }
    defer { session.usage.workerSeconds += (clock.now - start) / .seconds(1) * Double(ownWorkers) }
    // Nothing new for a while: this thread need not look so often.
    var pause = Duration.microseconds(50)
    while true {
      leaveOutPause(until: clock.now)
      noteStop()
      var isIdle = try !session.exchange(traffic, queue)
      while let (rank, report) = try messages.pendingReport() {
        isIdle = false
        try take(report, of: rank)
      }
      // One at a time: ranks that wait for an answer come first.
      if let rank = try messages.pendingResult() {
        isIdle = false
        try takeResult(of: rank)
      }
      while try takeOwn() { isIdle = false }
      // Nor does the disk keep the others waiting.
      if try restoreNext(combine) { isIdle = false }
      try combineReady(combine)
      if stopCause == nil { handOutOwn() }
      try answerWaiting()
      try checkLife()
      show()
      if next == count || stopCause != nil, try release() {
        try writer?.finish()
        return
      }
      if isIdle {
        queue.awaitNews(pause)
        pause = min(pause * 2, session.longestPause)
      } else {
        pause = .microseconds(50)
      }
    }
  }

  // MARK: Results

  private mutating func take(_ report: WorkReport, of rank: Int) throws {
    let now = clock.now
    if report.beats != peers[rank].beats || report.held == 0 { peers[rank].alive = now }
    peers[rank].heard = now
    peers[rank].workers = report.workers
    peers[rank].beats = report.beats
    peers[rank].progress = report.progress
    peers[rank].running = report.running
    peers[rank].held = report.held
    peers[rank].waitsSince = now
    if report.asksForStop {
      if stopCause == nil { stopCause = .peer }
      session.options.stop.make()
    }
    try answer(rank, isResultDue: report.finished != nil)
    if let piece = report.finished { peers[rank].due.append((piece, report.seconds)) }
  }

  private mutating func takeResult(of rank: Int) throws {
    guard let due = peers[rank].due.first else {
      throw CommunicationError(.mismatch, operation: "work", text: "rank \(rank) sent a result that it has not told of")
    }
    let values = try messages.result(of: rank, length: length)
    peers[rank].due.removeFirst()
    peers[rank].heard = clock.now
    try finish(due.piece, values, seconds: due.seconds)
  }

  private mutating func takeOwn() throws -> Bool {
    let news = queue.news()
    if let failure = news.failure { throw failure }
    let now = clock.now
    if queue.beatCount != peers[0].beats || news.held == 0 { peers[0].alive = now }
    peers[0].heard = now
    peers[0].beats = queue.beatCount
    peers[0].progress = queue.progressCount
    peers[0].running = news.running
    peers[0].held = news.held
    guard let finished = news.finished else { return false }
    session.usage.note(finished)
    try finish(finished.piece, finished.values, seconds: finished.seconds)
    return true
  }

  private mutating func finish(_ piece: Int, _ values: [Double], seconds: Double) throws {
    guard piece >= next, piece < count, arrived[piece] == nil else {
      throw CommunicationError(.mismatch, operation: "work", text: "\(unit) \(piece) came twice or was never asked for")
    }
    longestPiece = max(longestPiece, seconds)
    session.usage.received += 1
    computedCount += 1
    if let stored, let key = stored.key(piece, values) {
      try writer?.save(values, as: key)
    }
    arrived[piece] = values
  }

  private mutating func combineReady(_ combine: (ArraySlice<Double>) throws -> Void) throws {
    while let values = arrived.removeValue(forKey: next) {
      try combine(values[...])
      next += 1
    }
  }

  /// Combines the next piece if its result is stored; one that is damaged is told, and computed again.
  /// - Returns: whether it was stored.
  private mutating func restoreNext(_ combine: (ArraySlice<Double>) throws -> Void) throws -> Bool {
    guard restorable.remove(next) != nil, let stored, let key = stored.known[next] else { return false }
    switch stored.store.load(key, count: length) {
    case .values(let values):
      session.usage.restored += 1
      try combine(values[...])
      next += 1
      return true
    case .damaged(let path, let problem): session.logger.warning("\(path): \(problem); it is computed again")
    case .absent: break
    }
    restoredCount -= 1
    handout.putBack(next)
    return true
  }

  // MARK: Pieces

  /// Pieces that a rank should get now.
  private mutating func pieces(for rank: Int, workers own: Int) -> [Int] {
    // The disk has to keep up: what waits for it is lost if the run is killed. But all workers may finish at once.
    let waiting = writer?.waitingCount ?? 0
    guard waiting <= max(PieceWriter.mostWaiting, workers) else { return [] }
    // As many again ahead, so that no worker waits for an answer, but not towards the end, where a slow rank would sit on
    // what others could do.
    let ahead = rank > 0 && handout.remaining(for: rank) > 4 * workers ? own : 0
    return handout.take(own + ahead - peers[rank].held, for: rank, below: next + window - waiting)
  }

  private mutating func handOutOwn() {
    let pieces = pieces(for: 0, workers: ownWorkers)
    peers[0].held += pieces.count
    queue.add(pieces)
  }

  // MARK: Answers

  /// Answers a rank that has reported: at once, if there is something to say, or it has something to do or to send.
  private mutating func answer(_ rank: Int, isResultDue: Bool = false) throws {
    var reply = WorkReply(command: .work)
    if stopCause != nil {
      guard peers[rank].held > 0 || isResultDue else { return }
      reply = WorkReply(command: session.options.stop.isMade ? .stop : .finish)
    } else {
      reply.pieces = pieces(for: rank, workers: peers[rank].workers)
      peers[rank].held += reply.pieces.count
      guard peers[rank].held > 0 || isResultDue else { return }
    }
    try messages.send(reply, to: rank)
    peers[rank].waitsSince = nil
  }

  /// Answers ranks that have waited for something to do: with pieces, or after a heartbeat's time that there are none yet.
  private mutating func answerWaiting() throws {
    guard next < count else { return }
    for rank in peers.indices.dropFirst() {
      guard let since = peers[rank].waitsSince else { continue }
      try answer(rank)
      if peers[rank].waitsSince != nil, clock.now - since > session.heartbeat {
        let command: WorkReply.Command =
          stopCause == nil ? .work : session.options.stop.isMade ? .stop : .finish
        try messages.send(WorkReply(command: command), to: rank)
        peers[rank].waitsSince = nil
      }
    }
  }

  /// Lets the ranks go that wait, once there is nothing left for anybody.
  /// - Returns: whether all have gone.
  /// - Throws: `Interruption` when all have gone and something is left.
  private mutating func release() throws -> Bool {
    // Nobody goes before everybody is done: what a rank finishes while the run stops is kept.
    guard
      next == count
        || peers.dropFirst().allSatisfy({ $0.hasLeft || $0.waitsSince != nil && $0.due.isEmpty }) && peers[0].held == 0
    else { return false }
    let isComplete = next == count
    // Before anybody goes: those who have gone wait for this rank for some seconds only.
    if !isComplete { try writer?.finish() }
    for rank in peers.indices.dropFirst() where peers[rank].waitsSince != nil {
      try messages.send(WorkReply(command: isComplete ? .complete : .interrupted), to: rank)
      peers[rank].waitsSince = nil
      peers[rank].hasLeft = true
    }
    guard peers.dropFirst().allSatisfy(\.hasLeft) else { return false }
    guard isComplete else {
      throw Interruption(
        cause: stopCause ?? .peer, unit: unit, stored: restoredCount + (writer?.savedCount ?? 0), total: count)
    }
    return true
  }

  // MARK: Time

  private mutating func noteStop() {
    guard next < count else { return }
    let stop = session.options.stop
    if stopCause == nil, stop.isMade {
      stopCause = stop.signal.map { .signal($0) } ?? .peer
    }
    if let deadline = session.options.deadline {
      let now = clock.now
      // No piece is begun that would not be done in time.
      if stopCause == nil, now + .seconds(longestPiece * 1.1) >= deadline { stopCause = .timeLimit }
      if stopCause == .timeLimit, now >= deadline { stop.make() }
    }
    guard let stopCause, !isEnding else { return }
    isEnding = true
    if !session.hasToldStop {
      session.logger.notice("stopping \(stopCause)\(stored == nil ? "" : ": what is finished is kept")")
    }
    session.hasToldStop = true
    queue.discard()
    if stopCause != .timeLimit { stop.make() }
  }

  /// Takes time in which this thread itself did not run out of the silence of others: a job that was suspended, or a rank 0
  /// that was frozen, has heard nobody.
  private mutating func leaveOutPause(until now: ContinuousClock.Instant) {
    let pause = now - lastLook - .seconds(1)
    lastLook = now
    guard pause > .zero else { return }
    for rank in peers.indices {
      peers[rank].heard += pause
      peers[rank].alive += pause
    }
  }

  /// Finds ranks that give no sign of life.
  private mutating func checkLife() throws {
    guard let limit = session.options.stallTimeout else { return }
    let now = clock.now
    // This thread may have been stopped at any place since the turn began.
    leaveOutPause(until: now)
    for (rank, peer) in peers.enumerated() where !peer.hasLeft && peer.waitsSince == nil {
      let silence = max(now - peer.heard, peer.held > 0 ? now - peer.alive : .zero)
      guard silence > limit else { continue }
      let work = peer.running.map { ", last at work on \(unit) \($0)" } ?? ""
      throw CommunicationError(
        .stalled, operation: "work",
        text: "no sign of life of rank \(rank) (\(session.hosts[rank])) for \(Int(silence / .seconds(1))) s\(work)")
    }
  }

  private mutating func show() {
    session.phases.tick()
    guard let progress else { return }
    let now = WorkProgress(
      units: peers.reduce(0) { $0 + $1.progress }, computed: computedCount, restored: restoredCount)
    guard now != shownProgress else { return }
    shownProgress = now
    progress(now)
  }
}
