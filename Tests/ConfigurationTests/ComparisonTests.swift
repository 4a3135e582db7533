import Configuration
import Testing

/// What `compare` is asked to run.
@Suite struct ComparisonTests {
  private static func compared(_ comparison: String, _ more: String = "") throws -> SearchConfiguration {
    try configuration(minimal(#", "compare": \#(comparison)\#(more)"#))
  }

  @Test func `without a list the configuration's own is compared`() throws {
    for text in [minimal(), minimal(#", "compare": {}"#)] {
      let found = try configuration(text)
      #expect(found.comparedSensitivities == [found.sensitivity])
      #expect(found.comparedSolvers == [found.solver])
      #expect(found.comparedTargets == [found.targets])
      #expect(found.combinations.count == 1)
    }
  }

  @Test func `every criterion meets every solver and every target, the plans of a criterion together`() throws {
    let found = try Self.compared(
      #"{"sensitivity": ["l1", {"order": 2}], "solver": ["greedy", "optimal"], "targets": [{"compression_ratio": 3}, [{"compression_ratio": 2, "metric": "macs"}, {"limit": 9, "metric": "params"}], {"limit": 5}]}"#
    )
    #expect(
      found.combinations.map { [$0.criterion, $0.solver, $0.target] }.map { $0[0] * 6 + $0[1] * 3 + $0[2] }
        == Array(0..<12))
    let own = try found.configuration(of: found.combinations[10])
    #expect(own.sensitivity.order == 2)
    #expect(own.solver.method == .optimal)
    #expect(own.targets.map(\.metric) == [.macs, .params])
    #expect(own.comparison == nil)
    #expect(own.outputDirectory.path == "out/compare")
    // What is not compared stays.
    #expect(own.calibration == found.calibration && own.model == found.model && own.repair == found.repair)
  }

  @Test func `a combination is what a configuration with its parts is`() throws {
    let found = try Self.compared(
      #"{"sensitivity": ["taylor", {"method": "l2", "normalization": "max"}], "solver": ["greedy"]}"#)
    let alone = try configuration(
      minimal(
        #", "sensitivity": {"method": "l2", "normalization": "max"}, "solver": {"method": "greedy"}, "output": {"directory": "out/compare"}"#
      ))
    #expect(try found.configuration(of: found.combinations[1]) == alone)
  }

  @Test func `a solver has the limits of the configuration's own unless it has others`() throws {
    let own = #", "solver": {"channel_multiple": 4, "min_channels": 8, "iterations": 3}"#
    let found = try Self.compared(
      #"{"solver": ["greedy", {"channel_multiple": 2}, {"channel_widths": [4, 16]}, {"min_channels": 2}]}"#, own)
    #expect(found.comparedSolvers.map(\.channelMultiple) == [4, 2, 1, 4])
    #expect(found.comparedSolvers.map(\.channelWidths) == [[], [], [4, 16], []])
    #expect(found.comparedSolvers.map(\.minChannels) == [8, 8, 8, 2])
    #expect(found.comparedSolvers.map(\.iterations) == [1, 1, 1, 1])
  }

  @Test func `labels are the method and what is other than usual, none the same as another`() throws {
    let found = try Self.compared(
      #"{"sensitivity": ["taylor", {"order": 2}, {"order": 2, "set_loss": "logits", "classes": 4}, {"reduction": "mean_abs"}, "l1", {"method": "random", "seed": 7}], "solver": ["optimal", {"iterations": 2}, {"method": "greedy", "min_channels": 3}]}"#,
      #", "solver": {"method": "greedy", "min_channels": 2}"#)
    #expect(
      found.comparedSensitivities.map(found.label) == [
        "taylor", "taylor, order 2", "taylor, order 2, set_loss logits, classes 4", "taylor, reduction mean_abs", "l1",
        "random, seed 7",
      ])
    #expect(
      found.comparedSolvers.map(found.label) == ["optimal", "optimal, iterations 2", "greedy, min_channels 3"])
    let targets = try Self.compared(
      #"{"targets": [{"compression_ratio": 3}, [{"limit": 9, "metric": "macs"}, {"compression_ratio": 2.5, "metric": "params"}]]}"#
    )
    #expect(
      targets.comparedTargets.map(SearchConfiguration.label)
        == ["3.0 x bit_complexity", "at most 9.0 macs, 2.5 x params"])
  }

  @Test func `reading what is written gives the same`() throws {
    let found = try Self.compared(
      #"{"sensitivity": ["l1", {"order": 2}], "solver": [{"method": "measured"}, "greedy"], "targets": [{"limit": 3}, [{"compression_ratio": 3}, {"limit": 5, "metric": "macs"}]]}"#,
      #", "solver": {"min_channels": 2}, "measured": {"candidates": 5}"#)
    let text = found.canonicalJSON.text()
    let again = try configuration(text)
    #expect(again == found)
    #expect(again.canonicalJSON.text() == text)
    #expect(try found.configuration(of: found.combinations[0]).measured.candidates == 5)
    #expect(try found.configuration(of: found.combinations[2]).measured == .standard)
  }

  @Test func `where there is little room a command is the name of its script`() throws {
    let found = try Self.compared(
      #"""
      {"sensitivity": ["taylor", {"method": "external", "command": ["python3", "-u", "/a/long/way/to/mine.py", "x"],
         "normalization": "lamp"}],
       "solver": ["greedy", {"method": "external", "command": ["/a/way/to/solve"], "time_limit": 9}]}
      """#)
    #expect(
      found.comparedSensitivities.map(found.shortLabel) == ["taylor", "external mine.py, normalization lamp"])
    #expect(
      found.comparedSensitivities.map(found.label)
        == ["taylor", "external, command python3 -u /a/long/way/to/mine.py x, normalization lamp"])
    #expect(found.comparedSolvers.map(found.shortLabel) == ["greedy", "external solve, time_limit 9.0"])
  }

  @Test func `a target is needed unless every combination has one`() throws {
    func without(_ comparison: String) throws -> SearchConfiguration {
      try configuration(#"{"model": "m.onnx", "calibration": {"inputs": "x.npy"}, "compare": \#(comparison)}"#)
    }
    let found = try without(#"{"targets": [{"compression_ratio": 3}, {"limit": 5, "metric": "macs"}]}"#)
    #expect(found.targets.isEmpty && found.target == nil)
    #expect(try found.combinations.map { try found.configuration(of: $0).target?.metric } == [.bitComplexity, .macs])
    #expect(try configuration(found.canonicalJSON.text()) == found)
    let alone = #expect(throws: ConfigurationError.self) { try found.checkTarget() }
    #expect(alone?.path == "$")
    #expect(alone?.problem.hasSuffix("; what $.compare.targets asks for is for `compare` alone") == true)
    for comparison in ["{}", #"{"solver": ["greedy"]}"#] {
      let error = #expect(throws: ConfigurationError.self) { try without(comparison) }
      #expect(error?.problem.hasPrefix("nothing says how much to prune") == true)
      #expect(error?.problem.contains("compare") == false)
    }
    let limited = try configuration(
      #"""
      {"model": "m.onnx", "calibration": {"inputs": "x.npy"}, "compare": {"targets": [{"compression_ratio": 2}]},
       "config_list": [{"op_names": ["a"], "sparsity_per_layer": 0.5}, {"op_types": ["Conv"], "max_sparsity_per_layer": 0.8}]}
      """#)
    #expect(throws: ConfigurationError.self) { try limited.checkTarget() }
    #expect(try limited.configuration(of: limited.combinations[0]).targets.count == 1)
  }

  private static let wrong = [
    WrongConfiguration.root(
      #""compare": {"sensitivity": "l1"}"#,
      #"$.compare.sensitivity: expected an array of at least one entry, found the string "l1""#),
    .root(
      #""compare": {"solver": []}"#, "$.compare.solver: expected an array of at least one entry, found an empty array"),
    .root(
      #""compare": {"sensitivity": ["taylor", {"order": 3}]}"#,
      "$.compare.sensitivity[1].order: expected an integer from 1 to 2, found the number 3"),
    .root(
      #""compare": {"solver": ["greedy", "optimum"]}"#,
      #"$.compare.solver[1].method: expected one of "optimal", "greedy", "measured" or "external", found the string "optimum"; did you mean "optimal"?"#
    ),
    .root(
      #""compare": {"targets": [{"compression_ratio": 2}, {"compression_ratio": 1}]}"#,
      "$.compare.targets[1].compression_ratio: expected a number greater than 1 (cost of the original ÷ cost of the pruned network), found the number 1"
    ),
    .root(
      #""compare": {"sensitivity": ["taylor", {"order": 1}]}"#,
      "$.compare.sensitivity[1]: asks for the same as $.compare.sensitivity[0]"),
    .root(
      #""compare": {"criteria": []}"#,
      #"$.compare.criteria: unknown key; known here: "sensitivity", "solver", "targets", "repair""#),
    .root(#""targets": []"#, #"$.targets: unknown key; it belongs in $.compare"#),
  ]

  @Test(arguments: wrong)
  func `a wrong entry is told with its place`(_ wrong: WrongConfiguration) {
    let error = #expect(throws: ConfigurationError.self) { try configuration(wrong.text) }
    #expect(error?.description == "config.json: \(wrong.error)")
  }

  @Test func `more combinations than are run are refused`() throws {
    func targets(_ count: Int) -> String { (1...count).map { #"{"limit": \#($0)}"# }.joined(separator: ", ") }
    let most = try Self.compared(#"{"solver": ["greedy", "optimal"], "targets": [\#(targets(500))]}"#)
    #expect(most.combinations.count == 1000)
    let error = #expect(throws: ConfigurationError.self) {
      try Self.compared(#"{"solver": ["greedy", "optimal"], "targets": [\#(targets(501))]}"#)
    }
    #expect(error?.description == "config.json: $.compare: 1 × 2 × 501 combinations, expected at most 1000")
  }

  @Test func `what does not go together is told with the place that compare has it at`() throws {
    let found = try Self.compared(
      #"{"sensitivity": ["taylor", {"order": 2}], "solver": ["optimal", {"robust": true}], "targets": [{"limit": 5, "metric": "latency"}]}"#
    )
    let latency = #expect(throws: ConfigurationError.self) { try found.configuration(of: found.combinations[0]) }
    #expect(latency?.path == "$")
    let robust = try Self.compared(
      #"{"sensitivity": ["taylor", {"order": 2}], "solver": ["optimal", {"robust": true}]}"#)
    _ = try robust.configuration(of: robust.combinations[1])
    let error = #expect(throws: ConfigurationError.self) { try robust.configuration(of: robust.combinations[3]) }
    #expect(error?.path == "$.compare.solver[1]")
    #expect(
      robust.inComparison("$.target.limit: x", robust.combinations[3]) == "$.target.limit: x",
      "targets are not compared")
    #expect(found.inComparison("$.target[1].limit: x", found.combinations[3]) == "$.compare.targets[0][1].limit: x")
  }
}
