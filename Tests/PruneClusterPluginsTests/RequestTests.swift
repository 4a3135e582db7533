import Configuration
import Foundation
import ProgramRuns
import Testing

@testable import PruneClusterPlugins

/// What a plug-in is given, and what it does with it.
struct RequestTests {
  // MARK: A network

  @Test func `a network is read with all that it names, and keys that are not known are passed over`() throws {
    let folder = try TemporaryFolder()
    try SampleRequests.write(to: folder)
    let network = try SampleRequests.network(in: folder.path)
    #expect(network.layers.map(\.name) == ["a", "b"])
    #expect(network.layers[0].cost(.bitComplexity) == 98304)
    #expect(network.layers[1].cost(.activationMemory) == 8)
    #expect(network.layers[0].weight.rowLength == 3)
    #expect(try network.layers[0].weight.floats() == (1...12).map { Float($0) })
    #expect(try network.layers[0].weight.doubles(in: 1..<3) == [4, 5, 6, 7, 8, 9])
    #expect(try network.layers[1].weight.floats(in: 1..<2) == [5, 6, 7, 8])
    #expect(try network.layers[0].scale?.doubles() == [1, 2, 3, 4])
    #expect(network.layers[1].scale == nil)
    #expect(network.groups.map(\.reason) == ["an input", nil, nil])
    #expect(network.groups.map(\.columns) == [0..<3, 3..<5, 5..<7])
    #expect(network.groups[1].partitions == [[[0], [1]]])
    #expect((network.channelCount, network.unitCount, network.sampleCount) == (6, 7, 4))
  }

  @Test func `a mean is one over samples: rows of means are weighted, rows of sums are not`() throws {
    let folder = try TemporaryFolder()
    let text = SampleRequests.network.replacingOccurrences(
      of: #""activations": {"#,
      with: #""gradients": {"channel_sums": "activations/mean_magnitude.npy", "#
        + #""channel_squares": "activations/mean_magnitude.npy", "unit_sums": "x.npy", "unit_squares": "x.npy"}, "#
        + #""activations": {"#)
    try SampleRequests.write(to: folder, text)
    let network = try SampleRequests.network(text, in: folder.path)
    // Three samples of mean 1 and one of mean 5; sums of 1 and of 5 over four samples.
    #expect(try network.mean(of: .meanMagnitude) == [Double](repeating: 2, count: 6))
    #expect(try network.mean(of: .channelSums) == [Double](repeating: 1.5, count: 6))
    #expect(try network.rows(of: .unitSums).shape == [2, 7])
  }

  @Test func `values of channels become those of the units that they make`() throws {
    let group = try SampleRequests.network().groups[1]
    let values = [[1.0, 20, 3, 10], [7, 7]]
    #expect(group.reduce(values, by: .sum) == [4, 30])
    #expect(group.reduce(values, by: .mean) == [2, 15])
    #expect(group.reduce(values, by: .max) == [3, 20])
  }

  @Test func `what was not measured is an error that names the key to set`() throws {
    let error = try #require(throws: PluginError.self) { try SampleRequests.network().mean(of: .unitSquares) }
    #expect(error.kind == .configuration)
    #expect("\(error)" == #"unit_squares is not measured: add "gradients" to $.sensitivity.inputs"#)
  }

  @Test func `an array that is not there, or of another shape, is an error`() throws {
    let folder = try TemporaryFolder()
    let network = try SampleRequests.network(in: folder.path)
    var error = try #require(throws: PluginError.self) { try network.layers[0].weight.floats() }
    #expect(error.kind == .cannotBeRead)
    try SampleRequests.write(to: folder)
    try FileManager.default.removeItem(atPath: folder.file("weights/0.npy"))
    try FileManager.default.copyItem(atPath: folder.file("weights/1.npy"), toPath: folder.file("weights/0.npy"))
    error = try #require(throws: PluginError.self) { try network.layers[0].weight.floats() }
    #expect(error.kind == .badContent)
    #expect("\(error)".hasSuffix("weights/0.npy: expected the shape [4, 3, 1, 1], found [2, 4]"))
  }

  /// A piece of the request, what stands there instead, and what is said of it.
  private static let damages: [(piece: String, other: String, text: String)] = [
    ("prune-cluster-criterion", "prune-cluster-solver", #"$.protocol: expected "prune-cluster-criterion", found"#),
    (#""version": 1"#, #""version": 2"#, "$.version: expected version 1, found the number 2"),
    (#""unit": "score""#, #""unit": "rank""#, #"$.unit: expected one of "score" or "loss""#),
    (
      #""layer": 1, "name": "b", "op"#, #""layer": 2, "name": "b", "op"#,
      "$.layers[1].layer: expected 1, its place in the list"
    ),
    (
      #""first_channel": 4"#, #""first_channel": 3"#,
      "$.layers[1].first_channel: expected the outputs of all layers in front, 4"
    ),
    ("[4, 3, 1, 1]", "[5, 3, 1, 1]", "$.layers[0].weight.shape: expected 4 outputs × inputs × kernel"),
    ("[4, 3, 1, 1]", "[4, 2147483647, 2147483647, 2147483647]", "$.layers[0].weight.shape: too many elements"),
    ("weights/0.npy", "../weights/0.npy", "$.layers[0].weight.file: expected the name of a file in the folder"),
    ("weights/0.npy", "/etc/passwd", "$.layers[0].weight.file: expected the name of a file in the folder"),
    (#""flops": 96, "#, "", #"$.layers[0].costs: the key "flops" is missing"#),
    (#""group": 1,"#, #""group": 0,"#, "$.groups[1].group: expected 1, its place in the list"),
    (#""first_unit": 3"#, #""first_unit": 4"#, "$.groups[1].first_unit: expected the units of all groups in front, 3"),
    (
      #"[[0, 2], [1, 3]]}], "passed"#, #"[[0, 2], [1, 4]]}], "passed"#,
      "$.groups[1].made_by[0].channels[1][1]: expected the number"
    ),
    (#"[[0, 2], [1, 3]]}], "passed"#, #"[[0, 2]]}], "passed"#, "expected the channels of 2 units, found 1"),
    (
      #""read_by": [{"layer": 1"#, #""read_by": [{"layer": 2"#,
      "$.groups[1].read_by[0].layer: expected the number of one layer, 0 to 1"
    ),
    ("[[[0], [1]]]", "[[[0], [2]]]", "$.groups[1].partitions[0][1][0]: expected the number of one unit, 0 to 1"),
    ("[3, 1]", "[3, 0]", "$.rows.samples[1]"),
    (#""channels": 6"#, #""channels": 7"#, "$.rows.channels: expected the outputs of all layers, 6"),
    (#""rows": {"samples": [3, 1], "channels": 6, "units": 7},"#, "", "$.activations: there are no rows"),
    (#", "nonzero_share": "activations/nonzero_share.npy""#, "", #"$.activations: the key "nonzero_share" is missing"#),
  ]

  @Test(arguments: damages.indices)
  func `a request that is none is one error with its place`(_ index: Int) throws {
    let (piece, other, text) = Self.damages[index]
    let range = try #require(SampleRequests.network.range(of: piece))
    let damaged = SampleRequests.network.replacingCharacters(in: range, with: other)
    let error = try #require(throws: ConfigurationError.self) { try SampleRequests.network(damaged) }
    #expect("\(error)".contains(text), "\(error)")
    #expect(PluginError(error).kind == .badContent)
  }

  // MARK: Scores

  @Test func `an answer has scores of the prunable groups alone`() throws {
    let network = try SampleRequests.network()
    let scores = try UnitScores(of: network) { $0.columns.map(Double.init) }
    let text = scores.answer(in: .loss).text()
    let answer = try CriterionAnswer(
      parsing: Array(text.utf8), file: "answer.json",
      for: network.groups.map { CriterionAnswer.Group(units: $0.unitCount, isPrunable: $0.isPrunable) }, unit: .loss,
      allowsNegative: false)
    #expect(answer.groups == [[0, 0, 0], [3, 4], [5, 6]])
  }

  @Test func `a wrong number of scores, or one that is no number, is an error`() throws {
    let network = try SampleRequests.network()
    var error = try #require(throws: PluginError.self) { try UnitScores(of: network) { _ in [1] } }
    #expect("\(error)" == "expected 2 scores, one per unit of group 1, found 1")
    error = try #require(throws: PluginError.self) { try UnitScores(of: network) { [$0.index == 2 ? .nan : 0, 1] } }
    #expect("\(error)" == "the score of unit 0 of group 2 is nan")
  }

  // MARK: A problem

  @Test func `a cost is the sum of products and entries of tables`() throws {
    let problem = try SampleRequests.problem()
    let (flops, latency) = (problem.requirements[0], problem.requirements[1])
    // 2 · 4 · (−1 + 1.5 · 3 + 0.5 · 4) · 1
    #expect(flops.cost(of: problem.original) == 44)
    // 2 · 2 · (−1 + 1.5 · 2 + 0.5 · 2) · 0.25
    let plan = PruningPlan(kept: [2, 2], alternatives: [0])
    #expect(flops.cost(of: plan) == 3)
    // 4 is beyond the last width, 2 is raised to 3, 1 is there.
    #expect(latency.cost(of: problem.original) == 5)
    #expect(latency.cost(of: plan) == 5)
    #expect(latency.cost(of: PruningPlan(kept: [1, 2], alternatives: [0])) == 3)
    #expect(!problem.isMet(by: problem.original))
    #expect(problem.isMet(by: plan))
    #expect(problem.groups.map(\.isFixed) == [false, true])
  }

  @Test func `a plan is written as the search reads it`() throws {
    let plan = PruningPlan(kept: [1, 2], alternatives: [1])
    let read = try SolverAnswer(
      parsing: Array(plan.answer.text().utf8), file: "plan.json", ladders: [[4, 2, 1], [2]], alternatives: [2])
    #expect(read.plan == plan)
  }

  private static let wrongProblems: [(piece: String, other: String, text: String)] = [
    (#""version": 1"#, #""version": 3"#, "$.version: expected version 1, found the number 3"),
    (
      #""kept": 2, "loss": 0.5"#, #""kept": 5, "loss": 0.5"#,
      "$.groups[0].choices[1].kept: expected an integer from 0 to 4"
    ),
    (#"[{"kept": 2, "loss": 0.25}]"#, "[]", "$.groups[1].choices: expected at least one choice"),
    (
      #""removal_order": [2]"#, #""removal_order": [3]"#,
      "$.groups[1].removal_order[0]: expected the number of one unit"
    ),
    (#""original": 1"#, #""original": 2"#, "$.options[0].original: expected the number of one alternative, 0 to 1"),
    (#""losses": [0.75, 0]"#, #""losses": []"#, "$.options[0].original: there is no alternative"),
    (
      #"{"group": 1, "per_unit""#, #"{"group": 2, "per_unit""#,
      "terms[0].right.groups[0].group: expected the number of one group"
    ),
    (
      #""option": {"option": 0"#, #""option": {"option": 1"#,
      "terms[0].option.option: expected the number of one option"
    ),
    ("[0.25, 1]", "[0.25]", "terms[0].option.factors: expected 2 factors, one per alternative, found 1"),
    ("[[6, 8], [10, 20]]", "[[6, 8], [10]]", "terms[0].table.values: expected 2 rows of 2 numbers"),
    (#""lefts": [1, 3]"#, #""lefts": []"#, "terms[0].table.lefts: expected at least one width"),
  ]

  @Test(arguments: wrongProblems.indices)
  func `a problem that is none is one error with its place`(_ index: Int) throws {
    let (piece, other, text) = Self.wrongProblems[index]
    let range = try #require(SampleRequests.problem.range(of: piece))
    let damaged = SampleRequests.problem.replacingCharacters(in: range, with: other)
    let error = try #require(throws: ConfigurationError.self) { try SampleRequests.problem(damaged) }
    #expect("\(error)".contains(text), "\(error)")
  }

  // MARK: Errors

  @Test func `any error becomes one line`() {
    struct Odd: Error, CustomStringConvertible { let description = "two\nlines\u{2028}\u{1B}[31m" }
    #expect("\(PluginError(Odd()))" == #"two\nlines\u{2028}\u{1B}[31m"#)
    #expect(PluginError(Odd()).kind == .failed)
    #expect(PluginError(PluginError("why")) == PluginError("why"))
  }
}
