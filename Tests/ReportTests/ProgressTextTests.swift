import Configuration
import Report
import Testing
import WorkSharing

/// What a person and a script are told of a run's progress.
struct ProgressTextTests {
  private static let measure = RunPhase("measure", "measuring")
  private static let samples = PhaseProgress(measure, subject: "step 2 of 5", total: 6400, unit: "sample")

  @Test func `a line says what is done of how much, how fast, and what time is left`() {
    let half = Self.samples.at(3200, seconds: 4)
    #expect(
      ProgressLine(half).running() == "measuring, step 2 of 5: 50 % (3200 of 6400 samples), 800 samples/s, 4 s left")
    // What was found took no time, and says nothing of the rest.
    let resumed = Self.samples.at(3200, found: 1600, seconds: 4)
    #expect(
      ProgressLine(resumed).running()
        == "measuring, step 2 of 5: 50 % (3200 of 6400 samples), 400 samples/s, 8 s left")
    #expect(
      ProgressLine(Self.samples.at(0, seconds: 0)).running() == "measuring, step 2 of 5: 0 % (0 of 6400 samples)")
    let slow = PhaseProgress(RunPhase("evaluate", "evaluating"), total: 4, unit: "network").at(1, seconds: 600)
    #expect(ProgressLine(slow).running() == "evaluating: 25 % (1 of 4 networks), 10 min per network, 30 min left")
    #expect(ProgressLine(PhaseProgress(RunPhase("solve", "solving")).at(0, seconds: 3.9)).running() == "solving: 3 s")
  }

  @Test func `a phase that is done says what time it took`() {
    #expect(
      ProgressLine(Self.samples.at(6400, found: 3200, seconds: 8)).finished()
        == "measuring, step 2 of 5: 6400 samples in 8.0 s, 400 samples/s, 3200 of them from the checkpoint")
    // No unit counts to 1000.
    for (seconds, text) in [(0.9994, "999 ms"), (0.9996, "1.0 s"), (99.6, "1.7 min")] {
      let line = ProgressLine(PhaseProgress(RunPhase("solve", "solving")).at(0, seconds: seconds))
      #expect(line.finished() == "solving: \(text)")
    }
    #expect(
      ProgressLine(PhaseProgress(RunPhase("solve", "solving")).at(0, seconds: 0.25)).finished() == "solving: 250 ms")
  }

  @Test func `no line is wider than the terminal, and what matters most stays longest`() {
    // A subject of wide characters takes two columns for each.
    let subjects = [nil, "step 2 of 5", "external 模型剪枝.py, inputs activations gradients, normalization lamp"]
    for subject in subjects {
      let begun = PhaseProgress(Self.measure, subject: subject, total: 1_000_000, unit: "sample")
      for done in [0, 1, 333_333, 999_999, 1_000_000] {
        for width in 1...200 {
          let line = ProgressLine(begun.at(done, seconds: 12_345.6))
          for text in [line.running(width: width), line.finished(width: width)] {
            let columns = text.reduce(0) { $0 + ($1.unicodeScalars.first.map { $0.value >= 0x2E80 } ?? false ? 2 : 1) }
            #expect(columns <= width, "\(width): \(text)")
          }
          if width >= 16 { #expect(line.running(width: width).contains("\(done / 10_000) %"), "\(width)") }
          if width >= 32, (1..<1_000_000).contains(done) { #expect(line.running(width: width).contains(" left")) }
        }
      }
    }
  }

  @Test func `a log has one line per finished phase, and at most one for every tenth of a long one`() {
    func lines(_ seconds: Double, total: Int) -> [String] {
      var log = ProgressLog()
      let begun = PhaseProgress(Self.measure, total: total, unit: "sample")
      func at(_ done: Int) -> PhaseProgress { begun.at(done, seconds: seconds * Double(done) / Double(total)) }
      var lines = [log.line(for: .started(begun))] + (1...total).map { log.line(for: .advanced(at($0))) }
      lines.append(log.line(for: .finished(at(total))))
      return lines.compactMap { $0 }
    }
    #expect(lines(0.5, total: 1000).count == 1)
    let long = lines(1000, total: 1000)
    #expect(long.count == 11)
    for (tenth, line) in long.enumerated() where (1...9).contains(tenth) {
      #expect(line.hasPrefix("measuring: \(tenth * 10) % "), "\(line)")
    }
    #expect(long[10] == "measuring: 1000 samples in 17 min, 1.0 samples/s")
    // Five tenths in two seconds are not five lines.
    #expect((2...3).contains(lines(3, total: 1000).count))
    // Two phases, one behind the other, are told alike.
    var log = ProgressLog()
    let solve = PhaseProgress(RunPhase("solve", "solving"))
    for _ in 0..<2 {
      var told: [String] = []
      for event: ProgressEvent in [
        .started(solve), .advanced(solve.at(0, seconds: 4.9)), .advanced(solve.at(0, seconds: 5.1)),
        .advanced(solve.at(0, seconds: 700)), .finished(solve.at(0, seconds: 800)),
      ] {
        if let line = log.line(for: event) { told.append(line) }
      }
      #expect(told == ["solving: 5 s", "solving: 13 min"])
    }
  }

  @Test func `events are one line of JSON each, with what is counted and numbers that can be reckoned with`() throws {
    var record = ProgressRecord()
    let begun = PhaseProgress(Self.measure, subject: "taylor\n\"x\"", total: 10, unit: "sample")
    let events: [ProgressEvent] = [
      .started(begun), .advanced(begun.at(1, seconds: 0.1)), .advanced(begun.at(4, found: 2, seconds: 1)),
      .advanced(begun.at(4, found: 2, seconds: 5)), .advanced(begun.at(9, found: 2, seconds: 5.05)),
      // The last one is told however soon it comes.
      .advanced(begun.at(10, found: 2, seconds: 5.1)),
      .finished(begun.at(10, found: 2, seconds: 5.1)),
    ]
    let lines = events.compactMap { record.line(for: $0) }
    #expect(lines.allSatisfy { !$0.contains("\n") })
    let objects = try lines.map { try JSONValue(parsing: Array($0.utf8), file: "event") }
    #expect(objects.map { $0["event"] } == ["phase_started", "progress", "progress", "progress", "phase_finished"])
    #expect(objects.allSatisfy { $0["phase"] == "measure" && $0["subject"] == .string("taylor\n\"x\"") })
    #expect(objects[0]["total"] == 10 && objects[0]["unit"] == "sample")
    #expect(objects[1]["done"] == 4 && objects[1]["found"] == 2 && objects[1]["rate"] == 2.0)
    #expect(objects[1]["seconds_left"] == 3.0)
    #expect(objects[2]["done"] == 9)
    #expect(objects[3]["done"] == 10 && objects[3]["seconds_left"] == nil)
    #expect(objects[4]["seconds"] == 5.1)
  }

  @Test func `the rate of the slowest work is not 0, and what cannot be known is left out`() throws {
    var record = ProgressRecord()
    let begun = PhaseProgress(Self.measure, total: 10, unit: "sample")
    func event(_ progress: PhaseProgress) throws -> JSONValue {
      _ = record.line(for: .started(begun))
      let line = record.line(for: .advanced(progress))
      return try JSONValue(parsing: Array(try #require(line).utf8), file: "event")
    }
    // A unit in a month.
    let slow = try event(begun.at(1, seconds: 2_592_000))
    #expect(slow["rate"] == 3.86e-7)
    #expect(slow["seconds_left"] == 23_328_000.0)
    let found = try event(begun.at(10, found: 10, seconds: 0.01))
    #expect(found["rate"] == nil && found["seconds_left"] == nil && found["found"] == 10)
    let last = try event(begun.at(10, seconds: 4))
    #expect(last["rate"] == 2.5 && last["seconds_left"] == nil)
  }
}
