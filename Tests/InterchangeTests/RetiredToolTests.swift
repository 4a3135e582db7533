import Configuration
import Foundation
import Testing

@testable import Interchange

/// AIMET, Torch-Pruning and NNCF.
struct RetiredToolTests {
  // MARK: AIMET

  @Test(arguments: [
    #"[["a", 0.75], ["b", null], ["c", 1.0]]"#,
    #"[{"module":"a","comp_ratio":0.75},{"module":"b","comp_ratio":null},{"module":"c","comp_ratio":1}]"#,
    #"{"a":0.75,"b":null,"c":"1.0"}"#, #"{"a":"0.75","b":null,"c":1}"#,
  ])
  func `AIMET's ratios are shares that stay, in every form`(_ text: String) throws {
    let demand = try Sample.demand(text, .aimet)
    #expect(try Sample.shares(demand) == ["a": 0.25, "b": 0, "c": 0])
    #expect(demand.remarks.contains { $0.contains("inputs") })
  }

  /// Candidates of a search with ten of them; 1 − 0.9 in doubles is not 0.1.
  @Test(arguments: 1...9)
  func `a candidate of AIMET leaves the decimal that it is meant to`(_ tenth: Int) throws {
    let demand = try Sample.demand("{\"a\": \(Double(tenth) / 10)}", .aimet)
    #expect(try Sample.shares(demand) == ["a": Double(10 - tenth) / 10])
  }

  @Test(arguments: [
    (#"[["a", 0]]"#, "greater than 0"), (#"[["a", 1.5]]"#, "at most 1"), (#"[["a"]]"#, "[module, ratio]"),
    (#"[["a", 0.5, 1]]"#, "[module, ratio]"),
    (#"[[1, 0.5]]"#, "the name of a module"), (#"[["a", 0.5], ["a", 0.6]]"#, "$[1][1]: \"a\" has a second ratio"),
    (#"{"a":"x"}"#, "$.a"), (#"{"a":"nan"}"#, "$.a"),
    (#"[{"module":"a","ratio":0.5}]"#, "unknown key"), (#"[{"module":"a"}]"#, "\"comp_ratio\" is missing"),
    ("[0.5]", "[module, ratio]"), (#"{"":0.5}"#, "empty"),
  ])
  func `wrong ratios of AIMET are told with their place`(_ text: String, _ expected: String) {
    let problem = Sample.problem(text, .aimet)
    #expect(problem.contains(expected), "\(problem)")
  }

  // MARK: Torch-Pruning

  @Test func `Torch-Pruning's ratios are shares that go, and a tuple shares one`() throws {
    let demand = try Sample.demand(#"{"a":0.5,"b, c":0.25,"d":0}"#, .torchPruning)
    #expect(demand.rules.map(\.action) == [.fix(sparsity: 0.5), .total(sparsity: 0.25, maxSparsity: nil), .exclude])
    #expect(demand.rules.map(\.opNames) == [["a"], ["b", "c"], ["d"]])
    #expect(demand.remarks.count == 1)
    #expect { try demand.layerRatios() } throws: { "\($0)".contains("only a search tells") }
  }

  @Test func `the arguments of a pruner are taken over`() throws {
    let text =
      #"{"pruning_ratio":0.5,"pruning_ratio_dict":{"a":0.25},"ignored_layers":["fc"],"round_to":8,"iterative_steps":5}"#
    let demand = try Sample.demand(text, .torchPruning)
    #expect(demand.rules.map(\.action) == [.fix(sparsity: 0.5), .fix(sparsity: 0.25), .exclude])
    #expect(demand.channelMultiple == 8)
    #expect(demand.remarks.count == 1)
  }

  @Test(arguments: [
    (#"{"a":1}"#, "less than 1"), (#"{"a":-0.5}"#, "from 0"), (#"{"a":null}"#, "$.a"), (#"{"a,":0.5}"#, "empty"),
    (#"{"a":0.5,"b,a":0.5}"#, "second ratio"),
    ("[]", "expected at least one module"), (#"{"pruning_ratio_dict":{},"x":1}"#, "unknown key"),
    (#"{"pruning_ratio_dict":{"a":0.5},"round_to":0}"#, "$.round_to"),
  ])
  func `a wrong dictionary is told with its place`(_ text: String, _ expected: String) {
    let problem = Sample.problem(text, .torchPruning)
    #expect(problem.contains(expected), "\(problem)")
  }

  @Test func `a name with a comma cannot be a key of Torch-Pruning`() throws {
    let demand = try Sample.demand(#"{"a,b":0.5}"#, .ratios)
    #expect { try demand.text(in: .torchPruning) } throws: { "\($0)".contains("comma") }
  }

  // MARK: NNCF

  private static func nncf(_ params: String, _ rest: String = "") -> String {
    "{\"compression\":{\"algorithm\":\"filter_pruning\",\"params\":{\(params)}\(rest)}}"
  }

  @Test func `NNCF's target of filters is a share of every convolution`() throws {
    let demand = try Sample.demand(Self.nncf(#""pruning_target":0.4"#), .nncf)
    #expect(demand.rules.map(\.action) == [.fix(sparsity: 0.4)])
    #expect(demand.rules.map(\.opTypes) == [["Conv", "ConvTranspose"]])
    #expect(demand.channelMultiple == 8)
    #expect(try Sample.demand(Self.nncf(""), .nncf).rules.map(\.action) == [.fix(sparsity: 0.5)])
  }

  @Test func `NNCF's target of FLOPs is one of a search`() throws {
    let configuration = try Sample.search(Sample.demand(Self.nncf(#""pruning_flops_target":0.5"#), .nncf))
    #expect(configuration.target == SearchConfiguration.Target(.compressionRatio(2), in: .flops))
    #expect(configuration.layerRules.isEmpty)
    let global = try Sample.demand(Self.nncf(#""pruning_flops_target":0.75,"all_weights":true"#), .nncf)
    #expect(global.target?.compressionRatio == 4)
    #expect(global.rules.map(\.action) == [.search(maxSparsity: 0.9)])
  }

  @Test func `scopes become modules`() throws {
    let scopes =
      #","ignored_scopes":["ResNet/Sequential[layer1]/BasicBlock[0]/NNCFConv2d[conv1]/conv2d_0","ResNet/Sequential[layer1]","plain"]"#
    let demand = try Sample.demand(Self.nncf("", scopes), .nncf)
    #expect(demand.rules.dropFirst().map(\.opNames) == [["layer1.0.conv1", "plain"], []])
    #expect(demand.rules.last?.opPartialNames == ["layer1."])
    let target = try Sample.demand(Self.nncf("", #","target_scopes":"Net/NNCFLinear[fc]/linear_0""#), .nncf)
    #expect(target.rules.map(\.opNames) == [["fc"]])
    #expect(target.rules.map(\.opTypes) == [[]])
  }

  @Test(arguments: ["conv1", "layer1.0.conv1", "a_b.12.c"])
  func `the expression for a module meets its node in NNCF and is read back`(_ path: String) throws {
    let pattern = try #require(NNCFScope.pattern(of: path))
    let expression = try NSRegularExpression(pattern: String(pattern.dropFirst("{re}".count)))
    func meets(_ scope: String) -> Bool {
      let range = NSRange(scope.startIndex..., in: scope)
      return expression.firstMatch(in: scope, range: range)?.range == range
    }
    let steps = path.split(separator: ".").dropLast().map { "/Sequential[\($0)]" }.joined()
    let last = path.split(separator: ".").last ?? ""
    #expect(meets("Net\(steps)/NNCFConv2d[\(last)]/conv2d_0"))
    #expect(!meets("Net\(steps)/NNCFConv2d[\(last)1]/conv2d_0"))
    #expect(!meets("Net/Other[x]\(steps)/NNCFConv2d[\(last)]/conv2d_0"))
    let text = "{\"algorithm\":\"filter_pruning\",\"ignored_scopes\":[\(JSONValue.string(pattern).text())]}"
    #expect(try Sample.demand(text, .nncf).rules.last?.opNames == [path])
  }

  @Test func `a uniform result is written for NNCF and keeps its counts`() throws {
    let layers = [
      SampleLayer(name: "a", channels: 16, pruned: 8), SampleLayer(name: "b", channels: 64, pruned: 32),
      SampleLayer(name: "fc", channels: 10, pruned: 0),
    ]
    let (text, remarks) = try Sample.demand(Sample.ratios(layers), .ratios).text(in: .nncf)
    #expect(remarks.isEmpty)
    let demand = try Sample.demand(text, .nncf)
    #expect(demand.rules.map(\.action) == [.fix(sparsity: 0.5), .exclude])
    #expect(demand.rules.last?.opNames == ["fc"])
    #expect(!demand.remarks.contains { $0.contains("first convolution") })
  }

  @Test func `20 filters at 0.5 keep 16 in NNCF, which is told`() throws {
    #expect(NNCFConfiguration.keptFilters(of: 20, pruning: 0.5) == 16)
    #expect(NNCFConfiguration.keptFilters(of: 6, pruning: 0.5) == 6)
    #expect(NNCFConfiguration.keptFilters(of: 64, pruning: 0.5) == 32)
    let layers = [SampleLayer(name: "a", channels: 20, pruned: 10)]
    let (_, remarks) = try Sample.demand(Sample.ratios(layers), .ratios).text(in: .nncf)
    #expect(remarks.contains { $0.contains("multiples of 8") && $0.contains("a") })
  }

  @Test func `different ratios are refused for NNCF`() throws {
    let layers = [SampleLayer(name: "a", channels: 16, pruned: 8), SampleLayer(name: "b", channels: 16, pruned: 4)]
    let demand = try Sample.demand(Sample.ratios(layers), .ratios)
    #expect { try demand.text(in: .nncf) } throws: { "\($0)".contains("a loses 0.5 and b 0.25") }
  }

  @Test func `what has no counterpart in NNCF is told`() throws {
    let text =
      #"{"input_info":{},"compression":[{"algorithm":"quantization"},{"algorithm":"filter_pruning","pruning_init":0.1,"params":{"schedule":"exponential","pruning_steps":10}}]}"#
    let remarks = try Sample.demand(text, .nncf).remarks.joined(separator: "\n")
    for part in [
      "\"input_info\"", "$.compression[0]", "\"pruning_init\"", "\"pruning_steps\" and \"schedule\"",
      "first convolution", "0.5",
    ] {
      #expect(remarks.contains(part), "\(part)")
    }
  }

  @Test(arguments: [
    (nncf(#""pruning_target":1"#), "less than 1"), (nncf(#""pruning_flops_target":0"#), "above 0"),
    (nncf(#""pruning_flops_target":1"#), "below 1"),
    (nncf(#""pruning_target":0.5,"pruning_flops_target":0.5"#), "exclude each other"),
    (nncf(#""prunning_target":0.5"#), "did you mean \"pruning_target\"?"),
    (nncf("", #","ignored_scope":[]"#), "did you mean \"ignored_scopes\"?"),
    (nncf("", #","ignored_scopes":["{re}.*conv.*"]"#), "regular expressions are not supported"),
    (nncf("", #","ignored_scopes":[1]"#), "$.compression.ignored_scopes[0]"),
    (nncf(#""all_weights":1"#), "true or false"),
    (#"{"compression":{"algorithm":"quantization"}}"#, "filter_pruning"), (#"{"compression":[]}"#, "filter_pruning"),
    (#"{"compression":1}"#, "an object with the keys"),
    (#"{"compression":[{"algorithm":"filter_pruning"},{"algorithm":"filter_pruning"}]}"#, "second time"),
    (#"{"algorithm":1}"#, "$.algorithm"),
  ])
  func `a wrong configuration of NNCF is told with its place`(_ text: String, _ expected: String) {
    let problem = Sample.problem(text, .nncf)
    #expect(problem.contains(expected), "\(problem)")
  }
}
