import Foundation
import Logging
import MessagePassing
import ProgramRuns
import Synchronization
import Testing

@testable import WorkSharing

/// Work that is interrupted goes on where it was, with any number of ranks, and comes to the same bits.
@Suite(.timeLimit(.minutes(30)))
struct ResumeTests {
  private static let count = 60
  private static let keys = (0..<count).map { PieceKey(["piece \($0)"]) }

  private static func value(_ piece: Int) -> [Double] { [1 / Double(piece + 3), Double(piece) * 1e17, .nan] }

  private static func bits(_ values: [Double]) -> [UInt64] { values.map(\.bitPattern) }

  /// What one run came to.
  private struct Outcome {
    /// The sum in order; `nil` for a run that was interrupted.
    var sum: [Double]?
    var computed = 0
    var restored = 0
    var warnings: [String] = []
  }

  /// Runs the pieces on ranks that are threads; a stop is asked for at one of them when so many pieces are done.
  private static func run(
    _ folder: String, ranks: Int, schedule: Schedule = .dynamic, stopAfter limit: Int = .max, at asked: Int = 0
  ) throws -> Outcome {
    let done = Atomic(0)
    let warnings = Mutex<[String]>([])
    var outcome = Outcome()
    let results = try InProcess.run(ranks: ranks) { world -> ([Double]?, Int) in
      var options = WorkSession.Options()
      options.schedule = schedule
      let logger = Logger(label: "test") { _ in
        WarningHandler { text in warnings.withLock { $0.append(text) } }
      }
      let session = try WorkSession(on: world, options: options, logger: logger)
      let (stop, isAsked) = (options.stop, world.rank == asked)
      let stored = world.rank == 0 ? StoredPieces(in: PieceStore(directory: folder), keys: keys) : nil
      var sum = [0.0, 0.0]
      do {
        try session.perform("piece", count, length: 3, stored: stored, by: WorkerPool(count: 1) { 0 }) {
          piece, _, pulse in
          usleep(UInt32(500 + piece * 37 % 900))
          if done.add(1, ordering: .relaxed).newValue >= limit, isAsked { stop.make() }
          try pulse.advance(isLast: true)
          return value(piece)
        } combine: { values in
          for (index, value) in values.prefix(2).enumerated() { sum[index] = sum[index] / 3 + value }
        }
      } catch is Interruption {
        return (nil, session.usage.restored)
      }
      return (sum, session.usage.restored)
    }
    outcome.sum = results[0].0
    outcome.restored = results[0].1
    outcome.computed = done.load(ordering: .relaxed)
    outcome.warnings = warnings.withLock { $0 }
    return outcome
  }

  @Test(arguments: [Schedule.dynamic, .static])
  func `any chain of interruptions with changing numbers of ranks comes to the same bits, and nothing finished is lost`(
    _ schedule: Schedule
  ) throws {
    let (whole, folder) = (try TemporaryFolder(), try TemporaryFolder())
    let expected = try #require(try Self.run(whole.path, ranks: 1).sum)
    var (runs, computed) = (0, 0)
    var outcome = Outcome()
    repeat {
      outcome = try Self.run(
        folder.path, ranks: 1 + runs * 2 % 5, schedule: schedule, stopAfter: runs < 8 ? 5 : .max)
      (runs, computed) = (runs + 1, computed + outcome.computed)
    } while outcome.sum == nil && runs < 100
    #expect(outcome.sum.map(Self.bits) == Self.bits(expected))
    #expect(runs > 4)
    #expect(computed == Self.count)
  }

  @Test func `what is stored is not computed again`() throws {
    let folder = try TemporaryFolder()
    let first = try Self.run(folder.path, ranks: 3)
    let second = try Self.run(folder.path, ranks: 2)
    #expect((first.computed, first.restored) == (Self.count, 0))
    #expect((second.computed, second.restored) == (0, Self.count))
    #expect(second.sum.map(Self.bits) == first.sum.map(Self.bits))
  }

  @Test func `a damaged piece is named and computed again`() throws {
    let folder = try TemporaryFolder()
    let first = try Self.run(folder.path, ranks: 1)
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    let damaged = folder.path + "/" + files[7]
    var bytes = try Data(contentsOf: URL(fileURLWithPath: damaged))
    bytes[70] ^= 1
    try bytes.write(to: URL(fileURLWithPath: damaged))
    try FileManager.default.removeItem(atPath: folder.path + "/" + files[8])
    let second = try Self.run(folder.path, ranks: 2)
    #expect(second.computed == 2)
    #expect(second.sum.map(Self.bits) == first.sum.map(Self.bits))
    #expect(second.warnings.count == 1)
    #expect(second.warnings.first?.contains(files[7]) == true)
    #expect(try Self.run(folder.path, ranks: 1).computed == 0)
  }

  @Test func `a folder that cannot be written ends the work with an error`() throws {
    let folder = try TemporaryFolder()
    let blocked = folder.path + "/checkpoint"
    try Data().write(to: URL(fileURLWithPath: blocked))
    #expect(throws: (any Error).self) { try Self.run(blocked, ranks: 2) }
  }
}

/// Hands warnings on.
private struct WarningHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.warning
  let take: @Sendable (String) -> Void

  init(take: @escaping @Sendable (String) -> Void) { self.take = take }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { take("\(event.message)") }
}
