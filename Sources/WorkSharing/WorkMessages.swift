import MessagePassing

/// What a rank tells rank 0: after every piece, when it has nothing to do, and otherwise about every second.
struct WorkReport {
  /// Pieces that wait at the rank or are worked on.
  var held = 0
  var workers = 0
  /// How often its workers have shown to be alive.
  var beats = 0
  /// Units of progress done.
  var progress = 0
  /// The lowest piece that is worked on.
  var running: Int?
  /// Whether the rank was asked to stop.
  var asksForStop = false
  /// The piece whose result follows in a message of its own, behind the answer: so that workers wait for no transfer.
  var finished: Int?
  /// What the finished piece took.
  var seconds = 0.0
}

/// What rank 0 answers.
struct WorkReply {
  enum Command: Int64 {
    /// Go on, with these pieces too.
    case work
    /// Begin no further piece.
    case finish
    /// Begin no further piece, and give up those at hand after their batch.
    case stop
    /// All pieces are done.
    case complete
    /// The run ends before all pieces are done.
    case interrupted
  }

  let command: Command
  var pieces: [Int] = []
}

/// The messages between rank 0 and the others: a rank reports, and rank 0 answers every report once.
///
/// So neither waits to send while the other does: a rank that has reported waits for the answer and sends nothing.
struct WorkMessages {
  let world: any Communicator

  private static let report = 1
  private static let result = 2
  private static let reply = 3

  func send(_ report: WorkReport) throws {
    let numbers: [Int64] = [
      Int64(report.held), Int64(report.workers), Int64(report.beats), Int64(report.progress),
      Int64(report.running ?? -1), report.asksForStop ? 1 : 0, Int64(report.finished ?? -1),
      Int64(report.seconds * 1e9),
    ]
    try world.send(numbers, to: 0, tag: WorkMessages.report)
  }

  /// The result that a report has told of, once that report is answered.
  func send(_ result: [Double]) throws {
    for start in stride(from: 0, to: result.count, by: world.messageLimit) {
      let end = result.count - start > world.messageLimit ? start + world.messageLimit : result.count
      try world.send(Array(result[start..<end]), to: 0, tag: WorkMessages.result)
    }
  }

  /// A report that has come; `nil` when none has.
  func pendingReport() throws -> (rank: Int, report: WorkReport)? {
    guard let envelope = try world.probeWithoutWaiting(from: nil, tag: WorkMessages.report) else { return nil }
    let rank = envelope.source
    let numbers = try world.receive(Int64.self, from: rank, tag: WorkMessages.report).elements
    guard numbers.count == 8 else { throw mismatch(rank, "a report of \(numbers.count) numbers, expected 8") }
    return (
      rank,
      WorkReport(
        held: Int(numbers[0]), workers: Int(numbers[1]), beats: Int(numbers[2]), progress: Int(numbers[3]),
        running: numbers[4] < 0 ? nil : Int(numbers[4]), asksForStop: numbers[5] != 0,
        finished: numbers[6] < 0 ? nil : Int(numbers[6]), seconds: Double(numbers[7]) / 1e9)
    )
  }

  /// The rank whose result has begun to come; `nil` when none has.
  func pendingResult() throws -> Int? {
    try world.probeWithoutWaiting(from: nil, tag: WorkMessages.result)?.source
  }

  /// Receives the result that a rank's report has told of.
  func result(of rank: Int, length: Int) throws -> [Double] {
    var result: [Double] = []
    while result.count < length {
      let part = try world.receive(Double.self, from: rank, tag: WorkMessages.result).elements
      guard !part.isEmpty, part.count <= length - result.count else {
        throw mismatch(rank, "a result of \(result.count + part.count) numbers, expected \(length)")
      }
      if result.isEmpty { result = part } else { result += part }
    }
    return result
  }

  func send(_ reply: WorkReply, to rank: Int) throws {
    try world.send([reply.command.rawValue] + reply.pieces.map(Int64.init), to: rank, tag: WorkMessages.reply)
  }

  /// Rank 0's answer, if it has come.
  func pendingReply() throws -> WorkReply? {
    guard try world.probeWithoutWaiting(from: 0, tag: WorkMessages.reply) != nil else { return nil }
    let numbers = try world.receive(Int64.self, from: 0, tag: WorkMessages.reply).elements
    guard let first = numbers.first, let command = WorkReply.Command(rawValue: first) else {
      throw mismatch(0, "an answer of \(numbers.count) numbers that says nothing")
    }
    return WorkReply(command: command, pieces: numbers.dropFirst().map { Int($0) })
  }

  private func mismatch(_ rank: Int, _ what: String) -> CommunicationError {
    CommunicationError(.mismatch, operation: "work", text: "rank \(rank) sent \(what)")
  }
}
