import Allocation
import Channels
import Configuration
import Foundation
import MessagePassing
import Networks
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Sensitivity
import Testing

@testable import Search
@testable import WorkSharing

/// A target approached in steps, each measured anew.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct SearchStepsTests {
  /// The steps of a search made one by one.
  private struct Steps {
    let demo: SubjectCase
    var measurements: [SensitivityMeasurement] = []
    /// The removal that each measurement was made with.
    var removed: [[[Int]]] = []
    var solutions: [Solution] = []

    init(_ changes: [(path: String, json: String?)], output: String) throws {
      demo = try SubjectCase.demo(output: output, samples: 27, changes)
      let (preparation, configuration) = (demo.preparation, demo.configuration)
      let found = try InProcess.run(ranks: 1) { [demo] world in
        var steps = SearchSteps(preparation.analysis, configuration, nil)
        var results: ([SensitivityMeasurement], [[[Int]]], [Solution]) = ([], [], [])
        for step in 1...configuration.solver.iterations {
          let measurement = try Self.measure(demo.preparation, without: steps.removed)
          results.0.append(measurement)
          results.1.append(steps.removed)
          try steps.solve(measurement, nil)
          results.2.append(try #require(steps.result?.solution))
          if step < configuration.solver.iterations { try steps.share(on: world) }
        }
        return results
      }
      (measurements, removed, solutions) = found[0]
    }

    private static func measure(
      _ preparation: Preparation, without removed: [[Int]]
    ) throws -> SensitivityMeasurement {
      let work = try WorkPlan(
        preparation, without: removed, OneDNNBackend(), ranks: 1, mostWorkers: 1, memoryLimit: nil)
      let measurement = ShardMeasurement(preparation, work.program)
      let executor = try measurement.makeExecutor()
      var collector = MeasurementCollector(
        preparation.layout, preparation.criterion, rows: preparation.rows, preparation.plan)
      let pulse = WorkPulse(WorkQueue(), StopRequest())
      for shard in preparation.plan.shards.indices {
        let packed = try measurement.packedTable(of: shard, on: executor, pulse)
        let isTable = collector.add(packed.dropLast(PieceKey.packedCount))
        #expect(isTable)
      }
      return try collector.measurement(hasClasses: preparation.hasClasses)
    }
  }

  private static let modes: [(sensitivity: String, solver: String, count: Int)] = [
    ("{}", #"{"iterations": 3}"#, 3), (#"{"order": 2, "set_loss": "additive"}"#, #"{"iterations": 4}"#, 4),
    (#"{"order": 2}"#, #"{"iterations": 3, "method": "greedy"}"#, 3),
    (#"{"order": 2, "set_loss": "logits", "classes": 3}"#, #"{"iterations": 2, "channel_multiple": 4}"#, 2),
  ]

  private static func changes(_ mode: (sensitivity: String, solver: String, count: Int))
    -> [(path: String, json: String?)]
  {
    [
      ("sensitivity", mode.sensitivity), ("solver", mode.solver),
      ("target", #"[{"compression_ratio": 3}, {"compression_ratio": 1.5, "metric": "params"}]"#),
    ]
  }

  @Test(arguments: modes.indices)
  func `what one step removes stays removed, every step goes its share of the way, and a search makes these steps`(
    _ index: Int
  ) throws {
    let folder = try TemporaryFolder()
    let mode = Self.modes[index]
    let steps = try Steps(Self.changes(mode), output: folder.file("out"))
    let costs = steps.demo.preparation.costs
    #expect(steps.solutions.count == mode.count)
    #expect(steps.removed[0].isEmpty)
    for (number, solution) in steps.solutions.enumerated() {
      if number > 0 {
        #expect(steps.removed[number] == steps.solutions[number - 1].removed)
        for (before, after) in zip(steps.removed[number], solution.removed) {
          #expect(Set(before).isSubset(of: after), "step \(number + 1)")
        }
      }
      let share = Double(number + 1) / Double(mode.count)
      for (metric, ratio) in [(CostMetric.bitComplexity, 3.0), (.params, 1.5)] {
        let (before, after) = (
          Double(costs.total(metric, kept: costs.unitCounts)), Double(costs.total(metric, kept: solution.plan.kept))
        )
        // The powers are rounded.
        #expect(after <= before / pow(ratio, share) * (1 + 1e-12), "\(metric) after step \(number + 1)")
      }
    }
    // Early steps do not take all: after the first of n steps less is gone than in the end.
    let counts = steps.solutions.map { $0.removed.reduce(0) { $0 + $1.count } }
    #expect(counts[0] > 0 && counts[0] < counts[mode.count - 1], "\(counts)")

    let outcome = try DemoSearch.run(in: folder, ranks: 2, Self.changes(mode))
    let structure = steps.demo.preparation.structure
    let last = steps.solutions[mode.count - 1]
    for (layer, found) in zip(structure.layers, outcome.ratios.layers) {
      let channels = layer.outputUnits.indices.filter { channel in
        layer.outputUnits[channel].map { last.removed[$0.group].contains($0.unit) } ?? false
      }
      #expect(found.prunedChannels == channels, "\(layer.name)")
    }
    #expect(outcome.ratios.predictedLossChange == last.predictedLossChange)
    #expect(outcome.ratios.lowerBound == nil, "earlier steps decided, which no bound covers")
  }

  @Test(arguments: modes.indices)
  func `a unit that is gone has no sensitivity`(_ index: Int) throws {
    let steps = try Steps(Self.changes(Self.modes[index]), output: "out")
    for (measurement, removed) in zip(steps.measurements, steps.removed).dropFirst() {
      for (losses, gone) in zip(measurement.table.groups, removed) {
        #expect(gone.allSatisfy { losses[$0] == 0 })
      }
      guard let setLoss = measurement.setLoss else { continue }
      var start = 0
      for (group, gone) in zip(steps.demo.preparation.structure.groups, removed) {
        for row in stride(from: start, to: setLoss.rows.count, by: setLoss.slopes.count) {
          #expect(gone.allSatisfy { setLoss.rows[row + $0] == 0 })
        }
        start += group.unitCount
      }
    }
  }

  @Test func `order 2 predicts the loss measured before the last step and the change that it makes`() throws {
    let steps = try Steps(
      [
        ("sensitivity", #"{"order": 2, "set_loss": "additive"}"#), ("solver", #"{"iterations": 3}"#),
        ("target.compression_ratio", "3"),
      ], output: "out")
    let losses = try steps.measurements.map { try #require($0.table.meanLoss) }
    for (number, solution) in steps.solutions.enumerated() {
      #expect(
        solution.predictedLossChange == losses[number] - losses[0] + solution.plan.predictedLossChange,
        "step \(number + 1)")
    }
    #expect(steps.solutions[0].predictedLossChange == steps.solutions[0].plan.predictedLossChange)
    #expect(Set(losses).count == 3)

    // And what is measured before a step is the loss of the network without what the steps before removed.
    let variants = try steps.removed.map { removed in
      try steps.demo.masking(
        Dictionary(uniqueKeysWithValues: removed.enumerated().map { ($0.offset, Set($0.element)) }))
    }
    let scores = try InProcess.run(ranks: 1) { [demo = steps.demo] world in
      try demo.evaluation(world).scores(of: variants)
    }
    for (score, loss) in zip(try #require(scores[0]), losses) {
      // The same float32 network; only the order of sums over samples differs.
      #expect(abs(score.loss - loss) < 1e-6 * max(loss, 1))
    }
  }

  @Test func `order 1 adds up what the steps take`() throws {
    let steps = try Steps(
      [("sensitivity", "{}"), ("solver", #"{"iterations": 3}"#), ("target.compression_ratio", "3")], output: "out")
    var sum = 0.0
    for solution in steps.solutions {
      sum += solution.plan.predictedLossChange
      #expect(solution.predictedLossChange == sum)
    }
    #expect(steps.solutions[0].lowerBound != nil)
    #expect(steps.solutions.dropFirst().allSatisfy { $0.lowerBound == nil })
  }

  @Test(arguments: [#"{"order": 2, "first_order": true}"#, #"{"order": 2, "set_loss": "logits", "damping": 3}"#])
  func `what is predicted of a set is its loss without the damping that guides the choice`(
    _ sensitivity: String
  ) throws {
    let steps = try Steps([("sensitivity", sensitivity), ("solver", "{}")], output: "out")
    let (structure, solution) = (steps.demo.preparation.structure, steps.solutions[0])
    let stored = try #require(steps.measurements[0].setLoss)
    var (units, first): ([Int], Int) = ([], 0)
    for (group, removed) in zip(structure.groups, solution.removed) {
      units += removed.map { first + $0 }
      first += group.unitCount
    }
    #expect(!units.isEmpty)
    let undamped = try SubjectCase.demo(
      samples: 27,
      [
        (
          "sensitivity",
          sensitivity.replacingOccurrences(of: #", "damping": 3"#, with: "")
            .replacingOccurrences(of: "}", with: #", "damping": 0}"#)
        ), ("solver", "{}"),
      ]
    ).configuration.sensitivity
    #expect(undamped.damping == 0)
    let exact = try stored.setLoss(structure, undamped).value(removing: units)
    let damped = try stored.setLoss(structure, steps.demo.configuration.sensitivity).value(removing: units)
    // Sums of some hundred float32 terms; the damping is of the size of the whole.
    #expect(abs(solution.predictedLossChange - exact) < 1e-5 * abs(damped), "\(solution.predictedLossChange), \(exact)")
    #expect(abs(solution.objective - damped) < 1e-5 * abs(damped))
    #expect(solution.objective > solution.predictedLossChange)
  }

  @Test func `one step is a search without steps`() throws {
    let folder = try TemporaryFolder()
    let steps = try Steps([("solver", "{}")], output: folder.file("out"))
    let outcome = try DemoSearch.run(in: folder, [("solver", "{}")])
    #expect(steps.solutions.map(\.predictedLossChange) == [outcome.ratios.predictedLossChange])
    #expect(outcome.ratios.lowerBound != nil)
  }
}
