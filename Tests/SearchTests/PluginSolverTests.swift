import Allocation
import AllocationProblems
import Configuration
import Foundation
import ProgramRuns
import PruneClusterPlugins
import ReferenceData
import Testing

@testable import Search

/// Solvers that programs of the user's are.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct PluginSolverTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func search(_ script: String, ranks: Int = 1) throws -> SearchOutcome {
    _ = try folder.write(Data(script.utf8), as: "plugin.sh")
    return try DemoSearch.run(
      in: folder, ranks: ranks,
      [("solver", #"{"method": "external", "command": ["sh", "plugin.sh"], "time_limit": 5}"#)])
  }

  /// A plan of the shipped network that keeps everything, with changes.
  private static func plan(_ changes: [Int: String] = [:], version: Int = 1, options: String = "[]") -> String {
    let groups = [16, 16, 16, 32, 32, 32, 64, 64, 64, 10].enumerated().map { group, units in
      changes[group] ?? #"{"group": \#(group), "kept": \#(units)}"#
    }
    return
      #"{"protocol": "prune-cluster-solver", "version": \#(version), "groups": [\#(groups.joined(separator: ", "))], "options": \#(options)}"#
  }

  private static let failures: [(script: String, text: String)] = [
    ("exit 7", #"$.solver.command: the plug-in "sh plugin.sh" ended with exit code 7, expected 0"#),
    ("echo no plan", "has left no plan.json in its folder"),
    (
      answer(plan()),
      "gave a plan that misses $.target.compression_ratio in bit_complexity: it costs 719699968.0, expected at most"
    ),
    (answer(plan(version: 2)), "$.version: expected version 1, found the number 2"),
    (
      answer(plan([0: #"{"group": 0, "kept": 17}"#])),
      "$.groups[0].kept: expected one of the 16 numbers that group 0 may keep, found 17"
    ),
    (answer(plan([0: #"{"group": 0, "kept": 0}"#])), "may keep, found 0"),
    (answer(plan([3: #"{"group": 2, "kept": 16}"#])), "$.groups[3].group: group 2 stands twice"),
    (answer(plan([3: #"{"group": 10, "kept": 16}"#])), "$.groups[3].group: expected the number of one group, 0 to 9"),
    (answer(plan([9: #"{"group": 9, "kept": 5}"#])), "$.groups[9].kept: expected one of the 1 numbers"),
    (answer(plan([4: #"{"group": 4, "kept": NaN}"#])), "not JSON: expected a value, found NaN"),
    (
      answer(plan([4: #"{"group": 4, "kept": 7.5}"#])),
      "$.groups[4].kept: expected a number of units, found the number 7.5"
    ),
    (answer(plan([4: #"{"group": 4, "removed": []}"#])), "$.groups[4].removed: unknown key"),
    (answer(plan(options: #"[{"option": 0, "alternative": 0}]"#)), "$.options[0].option: there is no option"),
    (
      answer(#"{"protocol": "prune-cluster-solver", "version": 1, "groups": [], "options": []}"#),
      "$.groups: group 0 is missing, expected all 10"
    ),
  ]

  private static func answer(_ plan: String) -> String { "echo '\(plan)' > $1/plan.json" }

  @Test(arguments: failures.indices)
  func `a plan that is none, or misses a limit, is one error`(_ index: Int) throws {
    let failure = Self.failures[index]
    let error = try #require(throws: SearchError.self) { try search(failure.script, ranks: 1 + index % 2) }
    #expect(error.kind == .badContent)
    #expect("\(error)".contains(failure.text), "\(error)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.file("out"))
    #expect(!names.contains { $0.hasPrefix(".") || $0 == "ratios.json" }, "\(names)")
  }

  @Test func `a plan is judged by the product's own losses and bound`() throws {
    // What keeps 8 of every stream keeps well under half of the cost.
    let plan = Self.plan([
      0: #"{"group": 0, "kept": 8}"#, 4: #"{"group": 4, "kept": 16}"#, 7: #"{"group": 7, "kept": 32}"#,
    ])
    let outcome = try search(Self.answer(plan))
    let best = try DemoSearch.run(in: try TemporaryFolder(), [("solver", "{}")])
    let solution = outcome.ratios
    #expect(solution.method == "external")
    #expect(try #require(solution.lowerBound) <= best.ratios.predictedLossChange)
    #expect(solution.predictedLossChange >= best.ratios.predictedLossChange)
    #expect(outcome.ratios.layers.first?.prunedChannels.count == 8)
  }

  /// Random choices of problems like those of networks: their costs as the shipped example computes them from the text of
  /// the problem have the bits of ours.
  @Test(.enabled(if: PluginScripts.hasPython), arguments: TestNetwork.allCases)
  func `a program can compute the very cost that is compared with the limit`(_ network: TestNetwork) throws {
    let builder = try network.builder(kind: LossKind.allCases[0], seed: 1)
    var problem = try builder.problem(ratio: 2)
    if !network.hasBits {
      problem = try AllocationProblem(
        groups: problem.groups, options: problem.options,
        requirements: problem.requirements + [Requirement(name: "measured", terms: builder.measured(), limit: 1)])
    }
    let text = PruningProblem(problem).request.text()
    _ = try folder.write(Data(text.utf8), as: "problem.json")
    var random = SeededGenerator(seed: 20)
    let plans = (0..<20).map { _ in
      (
        kept: problem.groups.map { $0.ladder.randomElement(using: &random) ?? 0 },
        options: problem.options.map { Int.random(in: $0.losses.indices, using: &random) }
      )
    }
    let choices = plans.map { "(\($0.kept), \($0.options))" }.joined(separator: ", ")
    let script = """
      import json, sys
      sys.path.insert(0, "\(DemoNetwork.directory)/plugins")
      sys.dont_write_bytecode = True
      from solver import cost
      problem = json.load(open("\(folder.file("problem.json"))"))
      for kept, chosen in [\(choices)]:
          for requirement in problem["requirements"]:
              print(cost(requirement, kept, chosen).hex())
      """
    let lines = try PythonPeer.run(PluginScripts.python ?? "", script, []).split(separator: "\n")
    let expected = plans.flatMap { plan in problem.requirements.map { $0.cost(plan.kept, options: plan.options) } }
    #expect(lines.count == expected.count)
    for (line, cost) in zip(lines, expected) {
      let found = strtod(String(line), nil)
      #expect(found == cost, "\(found), expected \(cost)")
    }
    // The library for plug-ins in Swift, from the same text.
    let read = try PruningProblem(
      LocatedJSON(root: JSONValue(parsing: Array(text.utf8), file: "problem.json"), file: "problem.json"))
    let costs = plans.flatMap { plan in
      read.requirements.map { $0.cost(of: PruningPlan(kept: plan.kept, alternatives: plan.options)) }
    }
    #expect(costs == expected)
  }
}
