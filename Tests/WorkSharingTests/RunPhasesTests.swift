import Logging
import MessagePassing
import Synchronization
import Testing

@testable import WorkSharing

/// What a run is at, told and kept.
@Suite(.timeLimit(.minutes(30)))
struct RunPhasesTests {
  private static let (first, second) = (RunPhase("first", "being first"), RunPhase("second", "being second"))

  /// What is told, one word for each: the phase and its subject, what is done of how much.
  private final class Told: Sendable {
    private let words = Mutex<[String]>([])

    func tell(_ event: ProgressEvent) {
      let (mark, progress) =
        switch event {
        case .started(let progress): ("<", progress)
        case .advanced(let progress): ("", progress)
        case .finished(let progress): (">", progress)
        }
      let place = progress.phase.name + (progress.subject.map { "(\($0))" } ?? "")
      let total = progress.total.map { "/\($0) \(progress.unit)" } ?? ""
      words.withLock { $0.append("\(mark)\(place) \(progress.done)\(total)") }
    }

    var all: [String] { words.withLock { $0 } }
  }

  @Test func `one phase ends where the next begins, and what is done never falls`() {
    let told = Told()
    let phases = RunPhases(telling: told.tell)
    phases.begin(Self.first)
    phases.begin(Self.first)
    phases.advance(to: 3)
    phases.subject = "a"
    phases.begin(Self.second, total: 10, unit: "thing")
    for done in [4, 2, 4, 12] { phases.advance(to: done) }
    phases.begin(Self.second, total: 2, unit: "thing")
    phases.subject = nil
    phases.begin(Self.first, total: 0, unit: "thing")
    phases.end()
    phases.end()
    #expect(
      told.all == [
        "<first 0", ">first 0", "<second(a) 0/10 thing", "second(a) 4/10 thing", "second(a) 10/10 thing",
        ">second(a) 10/10 thing", "<second(a) 0/2 thing", ">second(a) 2/2 thing", "<first 0", ">first 0",
      ])
    #expect(phases.seconds.map(\.name) == ["first", "second"])
    #expect(phases.seconds.allSatisfy { $0.seconds > 0 })
  }

  @Test func `the parts of a whole are not told, and times can be kept under another name`() {
    let told = Told()
    let phases = RunPhases(telling: told.tell)
    phases.whole(Self.first, total: 2, unit: "thing") { advance in
      phases.begin(Self.second, total: 9, unit: "part")
      phases.advance(to: 5)
      phases.end()
      phases.recorded(as: "part") { phases.begin(Self.second) }
      advance(1)
    }
    phases.recorded(as: "other") {
      phases.begin(Self.first)
      phases.begin(Self.second)
    }
    phases.begin(Self.second)
    phases.end()
    #expect(
      told.all == [
        "<first 0/2 thing", "first 1/2 thing", ">first 2/2 thing", "<first 0", ">first 0", "<second 0", ">second 0",
        "<second 0", ">second 0",
      ])
    #expect(phases.seconds.map(\.name) == ["first", "other", "second"])
  }

  @Test(arguments: [1, 3])
  func `shared work says how far it is, what was stored from the beginning`(_ ranks: Int) throws {
    let told = Told()
    let units = try InProcess.run(ranks: ranks) { world in
      let phases = RunPhases(telling: world.rank == 0 ? told.tell : nil)
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let session = try WorkSession(on: world, logger: logger, phases: phases)
      phases.begin(Self.first, total: 200, unit: "thing")
      var last: WorkProgress?
      try session.perform(
        "piece", 20, length: 1, by: WorkerPool(count: 2) {},
        progress: { work in
          phases.advance(work, pieces: 20)
          last = work
        }
      ) { _, _, pulse in
        try pulse.advance(isLast: false)
        try pulse.advance(isLast: true)
        return [0]
      } combine: { _ in
      }
      phases.end()
      return last
    }
    #expect(units[0] == WorkProgress(units: 40, computed: 20, restored: 0))
    #expect(units.dropFirst().allSatisfy { $0 == nil })
    let done = told.all.dropFirst().dropLast().compactMap { word in
      word.split(separator: " ")[1].split(separator: "/").first.flatMap { Int($0) }
    }
    #expect(!done.isEmpty && done == done.sorted() && done.allSatisfy { $0.isMultiple(of: 10) }, "\(told.all)")
    #expect(told.all.last == ">first 200/200 thing")
  }

  @Test func `a stop tells the share of the work, as phases do, which may count otherwise`() {
    let stop = Interruption(cause: .timeLimit, unit: "evaluation", stored: 34, total: 674)
    #expect(
      stop.description
        == "stopped at the time limit: 5 % of the work at hand is saved, 34 of 674 evaluations; the same command goes on "
        + "from there")
    #expect(
      Interruption(cause: .timeLimit, unit: "evaluation", stored: 0, total: 674).description
        == "stopped at the time limit")
  }

  @Test func `what was stored counts as done and as found, as equal parts of the phase`() {
    let events = Mutex<[(done: Int, found: Int)]>([])
    let phases = RunPhases { event in
      guard case .advanced(let progress) = event else { return }
      events.withLock { $0.append((progress.done, progress.found)) }
    }
    phases.begin(Self.first, total: 200, unit: "thing")
    phases.advance(WorkProgress(units: 0, computed: 0, restored: 5), pieces: 20)
    phases.advance(WorkProgress(units: 0, computed: 2, restored: 5), pieces: 20)
    let told = events.withLock { $0.map { [$0.done, $0.found] } }
    #expect(told == [[50, 50], [70, 50]])
  }

  @Test func `what goes on is told again, and the rate leaves out what was found`() {
    let begun = PhaseProgress(Self.first, total: 100, unit: "thing")
    #expect(begun.rate == nil && begun.secondsLeft == nil)
    let later = begun.at(60, found: 20, seconds: 10)
    #expect(later.rate == 4 && later.secondsLeft == 10)
    #expect(begun.at(20, found: 20, seconds: 10).rate == nil)
    #expect(begun.at(100, seconds: 10).secondsLeft == nil)
    let told = Told()
    let phases = RunPhases(telling: told.tell)
    phases.begin(Self.second)
    let clock = ContinuousClock()
    let start = clock.now
    while clock.now - start < .milliseconds(350) { phases.tick() }
    // Not as often as it is asked to, which is thousands of times.
    #expect((1..<20).contains(told.all.count - 1), "\(told.all)")
    #expect(told.all.dropFirst().allSatisfy { $0 == "second 0" })
  }
}
