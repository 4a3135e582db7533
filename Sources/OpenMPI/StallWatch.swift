import COpenMPI
import MessagePassing

/// Notices that the job stands still, and finds out because of whom.
///
/// A rank other than 0 that has waited for longer than the job allows announces it to rank 0. Rank 0 calls the roll when
/// it knows of such a wait, another's or its own: it asks every rank, and every rank that makes calls of MPI answers,
/// most of them with a call in which they wait for somebody too. The ranks that do not answer in time are those that
/// all wait for: they compute, or are stopped, or cannot be reached. When rank 0 itself does not call the roll, the
/// lowest rank that has announced its wait says that. When all answer and rank 0 waits for nobody, they wait for rank 0,
/// which is at work: that is no stall.
///
/// MPI belongs to one thread, so all this happens in looks between the pauses of a wait, and at the start of any call.
/// Nobody waits for a message about waits.
final class StallWatch {
  /// How long rank 0 waits for answers, in nanoseconds.
  private static let answerLimit = 2 * MonotonicClock.second
  /// How long a rank that has announced its wait gives rank 0 to ask, in nanoseconds.
  private static let questionLimit = 10 * MonotonicClock.second
  private static let lookInterval: UInt64 = 20_000_000
  private static let tag: Int32 = 1

  /// The hosts by rank: of all ranks at rank 0, of rank 0 elsewhere.
  var hostNames: [Int: String] = [:]
  /// Whether this rank may tell the user about its failure; `nil` until it has failed and knows.
  private(set) var maySpeak: Bool?

  private let notices: FailureNotices
  private let limit: UInt64
  private var posts = PostedMessages()
  private var failure: CommunicationError?
  private var lastLook = MonotonicClock.now()

  // At rank 0.
  private var waitingRanks: Set<Int> = []
  private var roll: Roll?
  private var rollCount: Int64 = 0

  // At the other ranks.
  private var hasAnnounced = false
  /// For how long rank 0 has not asked since then, in nanoseconds.
  private var silence: UInt64 = 0

  private struct Roll {
    let number: Int64
    var age: UInt64 = 0
    var answers: [Int: WaitReport] = [:]
  }

  private var rank: Int { notices.rank }

  /// A watch over waits of more than `timeout`.
  init(timeout: Duration, notices: FailureNotices) {
    self.notices = notices
    // More than some decades make no difference, and their nanoseconds might overflow.
    limit = UInt64(min(timeout / .seconds(1), 1e9) * Double(MonotonicClock.second))
  }

  /// Answers other ranks, and looks whether this rank has waited for too long. Called often; looks now and then.
  ///
  /// - Throws: that the job stands still, once and from then on; this rank's failure is to end the job.
  func attend(to own: WaitReport, at time: UInt64) throws(CommunicationError) {
    if let failure { throw failure }
    guard time >= lastLook + Self.lookInterval else { return }
    // As in a wait: what was more than a second was no watching.
    let elapsed = min(time - lastLook, MonotonicClock.second)
    lastLook = time
    try readMessages(own)
    if rank == 0 {
      try callRoll(own, elapsed)
    } else {
      try expectQuestion(own, elapsed)
    }
  }

  /// Tells rank 0 that a wait it knows of is over.
  func noteEndOfWait() throws(CommunicationError) {
    guard hasAnnounced else { return }
    hasAnnounced = false
    try send(StallMessage(.goesOn), to: 0)
  }

  private func callRoll(_ own: WaitReport, _ elapsed: UInt64) throws(CommunicationError) {
    guard own.waited >= limit || !waitingRanks.isEmpty else {
      roll = nil
      return
    }
    guard roll != nil else {
      rollCount += 1
      roll = Roll(number: rollCount)
      for other in 1..<max(notices.size, 1) { try send(StallMessage(.question, number: rollCount), to: other) }
      return
    }
    roll?.age += elapsed
    guard let roll, roll.age >= Self.answerLimit else { return }
    let answers = roll.answers.merging([0: own]) { $1 }
    let silent = (0..<notices.size).filter { answers[$0] == nil }
    guard !silent.isEmpty || own.wait != nil else {
      self.roll = nil
      return
    }
    throw fail(silent: silent, answers: answers, in: own.wait)
  }

  private func expectQuestion(_ own: WaitReport, _ elapsed: UInt64) throws(CommunicationError) {
    guard own.waited >= limit else { return }
    guard hasAnnounced else {
      hasAnnounced = true
      silence = 0
      try send(StallMessage(.waits), to: 0)
      return
    }
    silence += elapsed
    guard silence >= Self.questionLimit else { return }
    // Here and not where the job is ended, because MPI may still fill the buffers that this wait is about.
    maySpeak = notices.isLowestToFail()
    throw fail(silent: [0], answers: [rank: own], in: own.wait)
  }

  private func fail(silent: [Int], answers: [Int: WaitReport], in wait: Wait?) -> CommunicationError {
    let report = StallReport(silent: silent, answers: answers, hostNames: hostNames)
    let error = CommunicationError(
      .stalled, operation: (wait?.call ?? .probe).name, text: report.text)
    failure = error
    return error
  }

  // MARK: - Messages

  private func readMessages(_ own: WaitReport) throws(CommunicationError) {
    while let (message, source) = try nextMessage() {
      switch message.kind {
      case .waits: waitingRanks.insert(source)
      case .goesOn: waitingRanks.remove(source)
      case .answer: if message.number == roll?.number { roll?.answers[source] = message.report }
      case .question:
        silence = 0
        try send(StallMessage(.answer, number: message.number, report: own), to: source)
      }
    }
  }

  private func nextMessage() throws(CommunicationError) -> (message: StallMessage, source: Int)? {
    var status = MPI_Status()
    var isThere: Int32 = 0
    try check(
      MPI_Iprobe(pc_mpi_any_source(), Self.tag, notices.control.handle, &isThere, &status), WaitingCall.probe.name)
    guard isThere != 0 else { return nil }
    var words = [Int64](repeating: 0, count: StallMessage.wordCount)
    // Does not wait: so few bytes come together with the news of them.
    try check(
      MPI_Recv(
        &words, Int32(words.count), pc_mpi_int64(), status.MPI_SOURCE, Self.tag, notices.control.handle,
        pc_mpi_ignore_status()),
      "MPI_Recv")
    return StallMessage(words).map { ($0, Int(status.MPI_SOURCE)) }
  }

  private func send(_ message: StallMessage, to other: Int) throws(CommunicationError) {
    try message.words.withUnsafeBufferPointer { words throws(CommunicationError) in
      try posts.post(words, to: other, tag: Self.tag, in: notices.control)
    }
  }
}
