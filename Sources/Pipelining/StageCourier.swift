public import MessagePassing

/// Carries the messages of one rank that holds a stage: any thread hands them over, and the thread that talks to other
/// ranks passes them on.
///
/// The ranks of one network follow each other, the first stage's first. A message is a run of bytes, cut where one of the
/// transport's cannot be longer: a part as long as that is followed by another one.
/// `@unchecked Sendable`: what is handed over lies inside the monitor; everything else belongs to the rank's thread.
public final class StageCourier: StageLink, @unchecked Sendable {
  /// Where what arrives is delivered.
  public let mailbox = StageMailbox()
  private let firstRank: Int
  private let neighbours: [Int]
  private let monitor = Monitor()
  private var outbox: [(bytes: [UInt8], rank: Int)] = []
  private var wake: (@Sendable () -> Void)?
  /// By neighbour what has come of a message in parts.
  private var begun: [Int: [UInt8]] = [:]

  /// Tells messages of stages from others.
  private static let tag = 4

  /// The courier of one stage.
  /// - Parameters:
  ///   - count: how many stages there are.
  ///   - firstRank: the rank of the network's first stage.
  public init(stage: Int, of count: Int, firstRank: Int) {
    self.firstRank = firstRank
    neighbours = [stage - 1, stage + 1].filter { (0..<count).contains($0) }.map { firstRank + $0 }
  }

  /// Hands over a message.
  public func send(_ message: StageMessage, to stage: Int) {
    let bytes = message.bytes
    let wake = monitor.locked {
      outbox.append((bytes, firstRank + stage))
      return self.wake
    }
    wake?()
  }

  /// - Parameter wake: called, from any thread, when something was handed over.
  public func begin(wake: @escaping @Sendable () -> Void) { monitor.locked { self.wake = wake } }

  /// Sends what was handed over, and delivers what has come; waits for nothing but bytes that are under way.
  /// - Returns: whether there was anything.
  public func exchange(on world: any Communicator) throws -> Bool {
    let messages = monitor.locked {
      defer { outbox = [] }
      return outbox
    }
    for message in messages {
      try world.inParts(message.bytes) { part throws(CommunicationError) in
        try world.post(part, to: message.rank, tag: StageCourier.tag)
      }
    }
    var isBusy = !messages.isEmpty
    for rank in neighbours {
      while try world.probeWithoutWaiting(from: rank, tag: StageCourier.tag) != nil {
        isBusy = true
        let part = try world.receive(UInt8.self, from: rank, tag: StageCourier.tag).elements
        let isLast = part.count < world.messageLimit
        if isLast, begun[rank] == nil {
          mailbox.deliver(try StageMessage(bytes: part))
        } else {
          begun[rank, default: []] += part
          if isLast, let bytes = begun.removeValue(forKey: rank) { mailbox.deliver(try StageMessage(bytes: bytes)) }
        }
      }
    }
    return isBusy
  }
}
