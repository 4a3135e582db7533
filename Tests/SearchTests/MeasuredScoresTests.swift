import Allocation
import Channels
import Configuration
import Foundation
import Logging
import MessagePassing
import ProgramRuns
import ReferenceData
import Synchronization
import Testing
import WorkSharing

@testable import Search

/// Scores of pruned groups, measured, stored and found again.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct MeasuredScoresTests {
  /// Measures and gives the allocator and the evaluations made.
  private static func measure(
    _ demo: SubjectCase, in folder: TemporaryFolder, ranks: Int = 1, workers: Int = 1
  ) throws -> (allocator: MeasuredAllocator, evaluations: Int) {
    let request = MeasuredScores.Request(
      problem: demo.problem, basis: try demo.basis, path: folder.file(EvaluationScores.fileName))
    let told = ToldPhases()
    let results = try InProcess.run(ranks: ranks) { world -> MeasuredAllocator? in
      let phases = RunPhases(telling: world.rank == 0 ? told.tell : nil)
      let measurement = MeasuredScores(
        evaluation: try demo.evaluation(world, workers: workers, phases: phases),
        structure: demo.preparation.structure, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      return try measurement.measure(world.rank == 0 ? request : nil)
    }
    #expect(results.dropFirst().allSatisfy { $0 == nil })
    return (try #require(results[0]), told.totals(of: "evaluate").reduce(0, +))
  }

  private static func allocate(_ demo: SubjectCase, _ allocator: MeasuredAllocator) throws -> AllocationPlan {
    try allocator.allocate(demo.problem)
  }

  @Test func `the scores have the same bytes for 1, 2 and 3 ranks`() throws {
    let demo = try SubjectCase.demo(samples: 27, [("measured", #"{"candidates": 4}"#)])
    var first: (Data, MeasuredAllocator)?
    for (ranks, workers) in [(1, 1), (2, 1), (3, 1), (2, 2)] {
      let folder = try TemporaryFolder()
      let (allocator, _) = try Self.measure(demo, in: folder, ranks: ranks, workers: workers)
      let bytes = try folder.contents(of: EvaluationScores.fileName)
      guard let first else {
        first = (bytes, allocator)
        continue
      }
      #expect(bytes == first.0, "\(ranks) ranks")
      #expect(allocator.candidates == first.1.candidates)
      #expect(allocator.originalScore == first.1.originalScore)
    }
  }

  @Test func `every candidate scores what the network without its channels does, and the target is met`() throws {
    let demo = try SubjectCase.demo(samples: 27, [("measured", #"{"candidates": 4}"#)])
    let (allocator, evaluations) = try Self.measure(demo, in: try TemporaryFolder())
    let counts = demo.problem.groups.map { MeasuredAllocator.keptCounts(of: $0, candidates: 4) }
    #expect(allocator.candidates.map { $0.map(\.kept) } == counts)
    #expect(evaluations == 1 + counts.joined().count)
    let stays = demo.preparation.space.choices.map { if case .searched = $0 { false } else { true } }
    #expect(zip(stays, counts).allSatisfy { $0 == $1.isEmpty })
    let group = try #require(counts.firstIndex { $0.count == 3 })
    let variants = [[]] + counts[group].map { demo.problem.groups[group].removedUnits(keeping: $0) }
    let scores = try InProcess.run(ranks: 1) { world in
      try demo.evaluation(world).scores(of: try variants.map { try demo.masking([group: Set($0)]) })
    }
    let losses = try #require(scores[0]).map { -$0.loss }
    #expect(allocator.originalScore == losses[0])
    #expect(allocator.candidates[group].map(\.score) == Array(losses[1...]))
    let plan = try Self.allocate(demo, allocator)
    #expect(plan.compressionRatio ?? 0 >= demo.configuration.target?.compressionRatio ?? .infinity)
  }

  @Test func `a run that goes on measures only what is missing, and ends with the same bytes`() throws {
    let demo = try SubjectCase.demo(samples: 27, [("measured", #"{"candidates": 4}"#)])
    let folder = try TemporaryFolder()
    let (whole, evaluations) = try Self.measure(demo, in: folder)
    let bytes = try folder.contents(of: EvaluationScores.fileName)
    #expect(try Self.measure(demo, in: folder).evaluations == 0)
    #expect(try folder.contents(of: EvaluationScores.fileName) == bytes)

    // Cut short: of one group a score is missing, of another all, and the original's.
    var partial = EvaluationScores(try demo.basis, demo.problem)
    let file = try EvaluationScores.Stored(reading: folder.file(EvaluationScores.fileName))
    _ = try partial.take(file)
    let numbers = file.groups.map(\.number)
    partial.original = nil
    partial[numbers[0], whole.candidates[numbers[0]][1].kept] = nil
    for candidate in whole.candidates[numbers[1]] { partial[numbers[1], candidate.kept] = nil }
    let missing = 2 + whole.candidates[numbers[1]].count
    try partial.write(to: folder.file(EvaluationScores.fileName))
    let (resumed, further) = try Self.measure(demo, in: folder, ranks: 2)
    #expect(further == missing)
    #expect(further < evaluations)
    #expect(try folder.contents(of: EvaluationScores.fileName) == bytes)
    #expect(resumed.candidates == whole.candidates)
  }

  @Test func `scores are stored as they come`() throws {
    let demo = try SubjectCase.demo(samples: 8, [("measured", #"{"candidates": 2}"#)])
    let folder = try TemporaryFolder()
    let path = folder.file(EvaluationScores.fileName)
    let request = MeasuredScores.Request(problem: demo.problem, basis: try demo.basis, path: path)
    let stored = try InProcess.run(ranks: 1) { world in
      let stored = Mutex<[(done: Int, stored: Int)]>([])
      let phases = RunPhases { event in
        // With one worker, what is done has been combined.
        guard case .advanced(let progress) = event, progress.phase.name == "evaluate", progress.done > 0 else { return }
        let file = try? EvaluationScores.Stored(reading: path)
        let count = (file?.groups.reduce(0) { $0 + $1.scores.count } ?? -2) + (file?.original == nil ? 0 : 1)
        // What is told again while it is being combined is behind.
        stored.withLock { if $0.last?.done != progress.done { $0.append((progress.done, count)) } }
      }
      var measurement = MeasuredScores(
        evaluation: try demo.evaluation(world, phases: phases), structure: demo.preparation.structure,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      measurement.interval = .zero
      _ = try measurement.measure(request)
      return stored.withLock { $0 }
    }
    #expect(Set(stored[0].map(\.done)).count > 3)
    #expect(stored[0].allSatisfy { $0.done == $0.stored }, "\(stored[0])")
  }

  @Test func `scores of an earlier run are taken, and those of other data refused before anything is measured`() throws
  {
    let earlier = try TemporaryFolder()
    let demo = try SubjectCase.demo(samples: 27, [("measured", #"{"candidates": 4}"#)])
    _ = try Self.measure(demo, in: earlier)
    let saved = #""\#(earlier.file(EvaluationScores.fileName))""#
    // Twice as many candidates: every second one is known.
    let again = try SubjectCase.demo(
      samples: 27, [("measured", #"{"candidates": 8, "saved_eval_scores": \#(saved)}"#)])
    let counts = again.problem.groups.map { MeasuredAllocator.keptCounts(of: $0, candidates: 8) }
    let known = demo.problem.groups.map { MeasuredAllocator.keptCounts(of: $0, candidates: 4) }
    let folder = try TemporaryFolder()
    #expect(try Self.measure(again, in: folder).evaluations == counts.joined().count - known.joined().count)

    // Nothing is missing: what was taken is stored all the same.
    let same = try SubjectCase.demo(
      samples: 27, [("measured", #"{"candidates": 4, "saved_eval_scores": \#(saved)}"#)])
    let copy = try TemporaryFolder()
    #expect(try Self.measure(same, in: copy).evaluations == 0)
    #expect(
      try copy.contents(of: EvaluationScores.fileName) == earlier.contents(of: EvaluationScores.fileName))

    let other = try SubjectCase.demo(samples: 26, [("measured", #"{"saved_eval_scores": \#(saved)}"#)])
    let error = #expect(throws: SearchError.self) { try Self.measure(other, in: try TemporaryFolder()) }
    #expect(error?.kind == .badContent)
    #expect(
      error?.description
        == "\(earlier.file(EvaluationScores.fileName)): $.basis: samples is 27, expected 26: these are scores of another model or other data"
    )
    // A directory that holds another search's scores is searched in anew, as its other files are replaced.
    let replaced = try SubjectCase.demo(samples: 26, [("measured", #"{"candidates": 2}"#)])
    #expect(try Self.measure(replaced, in: earlier).evaluations > 1)
    #expect(try EvaluationScores.Stored(reading: earlier.file(EvaluationScores.fileName)).basis.samples == 26)
  }

  @Test func `accuracy and the monotone fit are taken when they are asked for`() throws {
    let folder = try TemporaryFolder()
    let demo = try SubjectCase.demo(samples: 27, [("measured", #"{"candidates": 6}"#)])
    let byLoss = try Self.measure(demo, in: folder).allocator
    let accuracy = try SubjectCase.demo(samples: 27, [("measured", #"{"candidates": 6, "score": "accuracy"}"#)])
    let byAccuracy = try Self.measure(accuracy, in: folder)
    // The file has both.
    #expect(byAccuracy.evaluations == 0)
    #expect(byAccuracy.allocator.candidates.joined().allSatisfy { ($0.score * 27).rounded() / 27 == $0.score })
    #expect(byAccuracy.allocator.candidates.map { $0.map(\.kept) } == byLoss.candidates.map { $0.map(\.kept) })
    let fitted = try SubjectCase.demo(samples: 27, [("measured", #"{"candidates": 6, "monotonic_fit": true}"#)])
    let monotone = try Self.measure(fitted, in: folder).allocator
    for (own, raw) in zip(monotone.candidates, byLoss.candidates) {
      #expect(zip(own, own.dropFirst()).allSatisfy { $0.score >= $1.score })
      let fit = IsotonicRegression.nonDecreasing(raw.reversed().map(\.score))
      #expect(own.reversed().map(\.score) == fit)
    }
  }

  @Test func `candidates that cannot meet the target are told before anything is measured`() throws {
    let error = #expect(throws: SearchError.self) {
      try SubjectCase.demo(samples: 8, [("measured", #"{"candidates": 2}"#), ("target.compression_ratio", "30.0")])
    }
    let text = "\(try #require(error))"
    let last = try #require(text.split(separator: " ").last)
    let nearest = try #require(Double(last))
    // Half of all inputs and outputs of the layers inside.
    #expect(nearest > 2 && nearest < 4.01, "\(text)")
  }
}
