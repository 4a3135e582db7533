import Foundation
import Logging
import MessagePassing
import Synchronization
import Testing

@testable import WorkSharing

/// Results that depend on the order in which they are added: their sum in order is one number, in another order another.
private func value(_ piece: Int) -> [Double] { [1 / Double(piece + 3), pow(1.7, Double(piece % 40)), Double(piece)] }

private func silent() -> Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

/// Runs pieces on ranks that are threads, and gives rank 0's sum in order.
private func sum(
  _ count: Int, ranks: Int, workers: Int, schedule: Schedule, delays: @escaping @Sendable (Int, Int) -> UInt32
) throws -> [Double] {
  try InProcess.run(ranks: ranks) { world in
    var options = WorkSession.Options()
    options.schedule = schedule
    let session = try WorkSession(on: world, options: options, logger: silent())
    let rank = world.rank
    let pool = WorkerPool(count: workers) { 0 }
    return try session.sum("piece", count, length: 3, by: pool) { piece, _, pulse in
      usleep(delays(rank, piece))
      try pulse.advance(isLast: true)
      return value(piece)
    } ?? []
  }[0]
}

/// Work that ranks share.
@Suite(.timeLimit(.minutes(30)))
struct WorkSessionTests {
  @Test(arguments: [1, 2, 3, 5, 8], [1, 3])
  func `the sum has the same bits for any number of ranks and workers and either schedule`(ranks: Int, workers: Int)
    throws
  {
    var expected = [0.0, 0.0, 0.0]
    for piece in 0..<100 { for (index, part) in value(piece).enumerated() { expected[index] += part } }
    for schedule in Schedule.allCases {
      let found = try sum(100, ranks: ranks, workers: workers, schedule: schedule) { rank, piece in
        UInt32((piece * 7919 + rank * 104_729) % 700)
      }
      #expect(found.map(\.bitPattern) == expected.map(\.bitPattern))
    }
  }

  @Test(arguments: [0, 1, 2])
  func `there may be fewer pieces than ranks, and none`(count: Int) throws {
    let found = try sum(count, ranks: 4, workers: 2, schedule: .dynamic) { _, _ in 0 }
    #expect(found[2] == (0..<count).reduce(0.0) { $0 + Double($1) })
  }

  @Test func `a slow rank gets less of a dynamic schedule, and its share of a static one`() throws {
    func pieces(_ schedule: Schedule) throws -> [Int] {
      try InProcess.run(ranks: 3) { world in
        var options = WorkSession.Options()
        options.schedule = schedule
        let session = try WorkSession(on: world, options: options, logger: silent())
        let isSlow = world.rank == 1
        _ = try session.sum("piece", 60, length: 3, by: WorkerPool(count: 1) { 0 }) { piece, _, _ in
          usleep(isSlow ? 30_000 : 3000)
          return value(piece)
        }
        return session.usage.pieces
      }
    }
    let (dynamic, fixed) = (try pieces(.dynamic), try pieces(.static))
    #expect(fixed == [20, 20, 20])
    #expect(dynamic[1] < 12)
    #expect(dynamic.reduce(0, +) == 60)
  }

  @Test(arguments: [1, 3])
  func `the error of a piece ends the work, and little is begun after it`(ranks: Int) {
    struct Wrong: Error, Equatable { let piece: Int }
    let begun = Atomic(0)
    #expect(throws: Wrong(piece: 11)) {
      _ = try InProcess.run(ranks: ranks) { world in
        let session = try WorkSession(on: world, logger: silent())
        _ = try session.sum("piece", 4000, length: 3, by: WorkerPool(count: 2) { 0 }) { piece, _, pulse in
          begun.add(1, ordering: .relaxed)
          for _ in 0..<10 {
            usleep(100 + UInt32(piece % 7) * 50)
            try pulse.beat()
          }
          if piece == 11 { throw Wrong(piece: piece) }
          return value(piece)
        }
      }
    }
    #expect(begun.load(ordering: .relaxed) < 200)
  }

  @Test(arguments: [(1, 0), (3, 0), (3, 2)])
  func `a stop ends all ranks with an interruption, whichever was asked, and no piece is begun after it`(
    ranks: Int, asked: Int
  ) throws {
    let done = Atomic(0)
    let causes = try InProcess.run(ranks: ranks) { world -> Interruption.Cause? in
      let stop = StopRequest()
      let session = try WorkSession(on: world, options: WorkSession.Options(stop: stop), logger: silent())
      let isAsked = world.rank == asked
      do {
        _ = try session.sum("piece", 1000, length: 3, by: WorkerPool(count: 2) { 0 }) { piece, _, pulse in
          usleep(5000)
          if isAsked, done.add(1, ordering: .relaxed).newValue == 8 { stop.make() }
          try pulse.advance(isLast: false)
          return value(piece)
        }
      } catch let error as Interruption {
        return error.cause
      }
      return nil
    }
    #expect(causes.allSatisfy { $0 != nil })
    #expect(done.load(ordering: .relaxed) < 40)
  }

  @Test func `a stop is told once, also where the work at hand ends well and more is begun`() throws {
    let told = Mutex<[String]>([])
    _ = try InProcess.run(ranks: 1) { world in
      let stop = StopRequest()
      let logger = Logger(label: "test") { _ in TellingHandler { message in told.withLock { $0.append(message) } } }
      let session = try WorkSession(on: world, options: WorkSession.Options(stop: stop), logger: logger)
      // The only piece goes on until the stop has been seen.
      _ = try session.sum("piece", 1, length: 3, by: WorkerPool(count: 1) { 0 }) { piece, _, pulse in
        stop.make()
        while told.withLock({ $0.isEmpty }) { usleep(1000) }
        try pulse.advance(isLast: true)
        return value(piece)
      }
      #expect(throws: Interruption.self) {
        _ = try session.sum("piece", 10, length: 3, by: WorkerPool(count: 1) { 0 }) { piece, _, _ in value(piece) }
      }
    }
    #expect(told.withLock { $0 }.count { $0.hasPrefix("stopping ") } == 1, "\(told.withLock { $0 })")
  }

  @Test func `a run stops by itself before its time is over, and begins nothing that would take longer`() throws {
    let clock = ContinuousClock()
    let start = clock.now
    let cause = try InProcess.run(ranks: 2) { world -> Interruption.Cause? in
      var options = WorkSession.Options()
      options.deadline = start + .milliseconds(1500)
      let session = try WorkSession(on: world, options: options, logger: silent())
      do {
        _ = try session.sum("piece", 1000, length: 3, by: WorkerPool(count: 1) { 0 }) { piece, _, pulse in
          usleep(200_000)
          try pulse.advance(isLast: true)
          return value(piece)
        }
      } catch let error as Interruption {
        return error.cause
      }
      return nil
    }[0]
    #expect(cause == .timeLimit)
    #expect(clock.now - start < .milliseconds(2500))
  }

  @Test func `nobody waits for a worker that hangs, of a run's only rank either`() throws {
    let end = StopRequest()
    defer { end.make() }
    func run() throws {
      _ = try InProcess.run(ranks: 1) { world in
        var options = WorkSession.Options()
        options.stallTimeout = .milliseconds(300)
        let session = try WorkSession(on: world, options: options, logger: silent())
        _ = try session.sum("shard", 5, length: 3, by: WorkerPool(count: 2) { 0 }) { piece, _, _ in
          while piece == 1, !end.isMade { usleep(10_000) }
          return value(piece)
        }
      }
    }
    let error = #expect(throws: CommunicationError.self) { try run() }
    #expect(error?.kind == .stalled)
    #expect(error?.text.hasSuffix("last at work on shard 1") == true)
  }

  @Test(arguments: [1, 3])
  func `what rank 0 does alone comes back, and so do its errors`(ranks: Int) throws {
    struct Wrong: Error {}
    let found = try InProcess.run(ranks: ranks) { world -> [Int] in
      let session = try WorkSession(on: world, logger: silent())
      var calls = 0
      let result = try session.alone("counting") {
        usleep(50_000)
        calls += 1
        return world.rank + 7
      }
      #expect(throws: Wrong.self) { try session.alone("failing") { throw Wrong() } }
      return [result, calls]
    }
    #expect(found == (0..<ranks).map { [$0 + 7, 1] })
  }

  @Test(arguments: [true, false])
  func `a stop and a limit in time end what rank 0 does alone`(isStopped: Bool) throws {
    let end = StopRequest()
    defer { end.make() }
    let stop = StopRequest()
    var options = WorkSession.Options(stop: stop)
    if isStopped { stop.make() } else { options.deadline = ContinuousClock().now + .milliseconds(200) }
    func run() throws {
      _ = try InProcess.run(ranks: 1) { [options] world in
        let session = try WorkSession(on: world, options: options, logger: silent())
        try session.alone("solving") { while !end.isMade { usleep(10_000) } }
      }
    }
    let interruption = #expect(throws: Interruption.self) { try run() }
    #expect(interruption?.cause == (isStopped ? .peer : .timeLimit))
  }

  @Test(arguments: [0, 1])
  func `a rank whose worker shows no life is named`(stuck: Int) {
    do {
      _ = try InProcess.run(ranks: 3) { world in
        var options = WorkSession.Options()
        options.stallTimeout = .milliseconds(600)
        let session = try WorkSession(on: world, options: options, logger: silent())
        let isStuck = world.rank == stuck
        _ = try session.sum("shard", 30, length: 3, by: WorkerPool(count: 1) { 0 }) { piece, _, pulse in
          for _ in 0..<(isStuck ? 1 : 20) {
            usleep(isStuck ? 3_000_000 : 50_000)
            try pulse.beat()
          }
          return value(piece)
        }
      }
      Issue.record("nobody noticed")
    } catch let error as CommunicationError {
      #expect(error.kind == .stalled)
      #expect(error.text.contains("rank \(stuck) "))
      #expect(error.text.contains("shard"))
    } catch {
      Issue.record(error)
    }
  }
}

/// Hands on what is logged.
private struct TellingHandler: LogHandler {
  let tell: @Sendable (String) -> Void
  var logLevel = Logger.Level.info
  var metadata: Logger.Metadata = [:]

  init(_ tell: @escaping @Sendable (String) -> Void) { self.tell = tell }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { tell("\(event.message)") }
}
