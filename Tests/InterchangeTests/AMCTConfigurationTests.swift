import Configuration
import Interchange
import Testing

struct AMCTConfigurationTests {
  private static let search = """
    compress_ratio: 1.5
    ascend_optimized: true
    max_prune_ratio: 0.8
    test_iteration: 3
    """

  /// One `filter_pruner` of a ratio.
  private static func pruner(_ ratio: String, _ ascend: String = "true") -> String {
    "prune_config { filter_pruner { balanced_l2_norm_filter_prune { prune_ratio: \(ratio) ascend_optimized: \(ascend) } } }"
  }

  @Test func `a search config becomes target, limit and multiple`() throws {
    let demand = try Sample.demand(Self.search, .amct)
    let configuration = try Sample.search(demand)
    #expect(configuration.target == SearchConfiguration.Target(.compressionRatio(1.5), in: .bitComplexity))
    #expect(configuration.solver.channelMultiple == 16)
    #expect(configuration.solver.method == SearchConfiguration.Solver.standard.method)
    #expect(configuration.layerRules.map(\.action) == [.search(maxSparsity: 0.8)])
    #expect(demand.remarks.contains { $0.contains("3 × batch_size") })
  }

  @Test func `what a search config leaves out is as in AMCT`() throws {
    let demand = try Sample.demand("compress_ratio: 2", .amct)
    #expect(demand.channelMultiple == 16)
    #expect(demand.rules.isEmpty)
    #expect(demand.remarks.contains { $0.contains("1 × batch_size") })
    #expect(try Sample.demand("compress_ratio: 2 ascend_optimized: false", .amct).channelMultiple == nil)
  }

  @Test func `a search takes skips and overrides from the file it names`() throws {
    let override = "skip_layers: 'stem' override_layer_configs { layer_name: 'a' \(Self.pruner("0.25")) }"
    let demand = try Sample.demand(Self.search + "\noverride_prune_cfg: 'o.cfg'", .amct, override: override)
    let rules = try Sample.search(demand).layerRules
    #expect(rules.map(\.action) == [.search(maxSparsity: 0.8), .fix(sparsity: 0.25), .exclude])
    #expect(rules.map(\.opNames) == [[], ["a"], ["stem"]])
  }

  @Test func `an override file holds skips and overrides alone`() {
    let file = Self.search + "\noverride_prune_cfg: 'o.cfg'"
    #expect(Sample.problem(file, .amct, override: Self.pruner("0.3")).contains("prune_config"))
    #expect(Sample.problem(file, .amct, override: Self.search).contains("o.cfg"))
  }

  /// Every way to name the layers of a network in which `a` and `b` are Conv and `fc` is Gemm.
  private static let precedences: [(String, [Double?])] = [
    (pruner("0.1"), [0.1, 0.1, 0.1]),
    (pruner("0.1") + "override_layer_types { layer_type: 'Conv2d' \(pruner("0.2")) }", [0.2, 0.2, 0.1]),
    (
      "override_layer_configs { layer_name: 'a' \(pruner("0.3")) } override_layer_types { layer_type: 'Conv2d' \(pruner("0.2")) }"
        + pruner("0.1"), [0.3, 0.2, 0.1]
    ),
    (pruner("0.1") + "skip_layers: 'b'", [0.1, nil, 0.1]),
    (pruner("0.1") + "regular_prune_skip_layers: ['b', 'a']", [nil, nil, 0.1]),
    (pruner("0.1") + "skip_layer_types: 'Linear'", [0.1, 0.1, nil]),
    (pruner("0.1") + "regular_prune_skip_types: 'Conv2d' skip_layers: 'fc'", [nil, nil, nil]),
  ]

  @Test(arguments: precedences)
  func `layer comes before type before network`(_ text: String, _ expected: [Double?]) throws {
    let rules = try Sample.search(Sample.demand(text, .amct)).ruleList
    let layers = [("a", "Conv"), ("b", "Conv"), ("fc", "Gemm")].map {
      LayerIdentity(name: $0.0, opType: $0.1, weight: $0.0 + ".weight")
    }
    let policies = try rules.selection(of: layers, isTargetGiven: false).policies
    #expect(policies == expected.map { $0.map { .fixed(sparsity: $0) } ?? .excluded })
  }

  @Test(arguments: [
    ("", "found none"), ("compress_ratio: 1", "greater than 1"), ("compress_ratio: 0.5", "did you mean 1/0.5 = 2.0?"),
    ("max_prune_ratio: 0.5", "\"compress_ratio\" is missing"), ("compress_ratio: 2 max_prune_ratio: 0", "at most 1"),
    ("compress_ratio: 2 max_prune_ratio: 1.5", "found the number 1.5"),
    ("compress_ratio: 2 test_iteration: 0", "at least 1"),
    ("compress_ratio: 2 test_iteration: 1.5", "at least 1"),
    ("compress_ratio: 2 test_iteration: 99999999999999999999", "at least 1"),
    ("compress_ratio: '2'", "found the string"), ("compress_ratio: inf", "found the word inf"),
    ("compress_ratio { }", "found a message"),
    ("compress_ratio: 2 ascend_optimized: maybe", "true or false"),
    ("compress_ratio: 2 compress_ratio: 3", "occurs twice"),
    ("compres_ratio: 2", "did you mean \"compress_ratio\"?"),
    ("compress_ratio: 2 skip_layers: 'a'", "unknown field \"skip_layers\""),
    ("skip_layer: 'a'", "did you mean \"skip_layers\"?"), ("compress_ratio: 2 override_prune_cfg: ''", "path"),
    ("nonsense: 1", "known here"),
    ("prune_config { }", "filter_pruner"),
    ("prune_config { filter_pruner { } }", "\"balanced_l2_norm_filter_prune\" is missing"),
    (pruner("1"), "less than 1"), (pruner("-0.1"), "less than 1"), (pruner("0.3", "2"), "true or false"),
    ("override_layer_configs { layer_name: 'a' }", "\"prune_config\" is missing"),
    ("override_layer_configs: 1", "a message"),
    ("override_layer_configs { \(pruner("0.3")) }", "\"layer_name\" is missing"),
    ("override_layer_types { layer_type: 'Conv2D' \(pruner("0.3")) }", "did you mean \"Conv2d\"?"),
    ("override_layer_types { layer_type: 'BatchNorm2d' \(pruner("0.3")) }", "no type of layers"),
    ("skip_layer_types: 'Conv2dd'", "did you mean \"Conv2d\"?"),
    ("override_layer_configs { layer_name: 'a' \(pruner("0.3")) } skip_layers: 'a'", "skipped"),
    ("skip_layers: 1", "the name of a layer"),
    (String(repeating: "override_layer_configs { layer_name: 'a' \(pruner("0.3")) }", count: 2), "second override"),
  ])
  func `a wrong file is told with its place`(_ text: String, _ expected: String) {
    let problem = Sample.problem(text, .amct)
    #expect(problem.contains(expected), "\(problem)")
    #expect(problem.hasPrefix("file: line 1, column"), "\(problem)")
  }

  @Test func `what removes no channels is told and left out`() throws {
    let text =
      "prune_config { n_out_of_m_pruner { l1_selective_prune { n_out_of_m_type: M4N2 update_freq: 0 } } } skip_layer_types: 'BatchNorm2d'"
    let demand = try Sample.demand(text, .amct)
    #expect(demand.rules.isEmpty)
    #expect(demand.remarks.count == 2)
  }

  @Test(arguments: [(true, 16), (false, 15)])
  func `20 channels at 0.25 keep 15, or 16 where kept numbers are multiples of 16`(_ ascends: Bool, _ kept: Int) throws
  {
    let configuration = try Sample.search(Sample.demand(Self.pruner("0.25", "\(ascends)"), .amct))
    guard case .fix(let sparsity) = configuration.layerRules[0].action else {
      Issue.record("no ratio")
      return
    }
    let multiple = configuration.solver.channelMultiple
    let left = 20 - Int((20 * sparsity).rounded())
    #expect((left + multiple - 1) / multiple * multiple == kept)
  }

  @Test func `a result is written as AMCT's search writes it`() {
    let layers = [
      LayerRatio(name: "/conv1/Conv", opType: "Conv", weight: "onnx::Conv_9", channels: 20, pruned: 5),
      LayerRatio(name: "/fc/Gemm", opType: "Gemm", weight: "fc.weight", channels: 10, pruned: 0),
    ]
    #expect(
      AMCTConfiguration.text(layers: layers) == """
        prune_config {
          filter_pruner {
            balanced_l2_norm_filter_prune {
              prune_ratio: 0.3
              ascend_optimized: false
            }
          }
        }
        regular_prune_skip_layers: "fc"
        override_layer_configs {
          layer_name: "conv1"
          prune_config {
            filter_pruner {
              balanced_l2_norm_filter_prune {
                prune_ratio: 0.25
                ascend_optimized: false
              }
            }
          }
        }

        """)
    #expect(AMCTConfiguration.text(layers: layers, naming: .node).contains("layer_name: \"/conv1/Conv\""))
  }

  @Test func `layers that a file does not name get no ratio`() throws {
    let text = try Sample.demand(#"{"a": 0.5, "b": 0}"#, .ratios).text(in: .amct).text
    #expect(!text.hasPrefix("prune_config"))
    #expect(text.hasPrefix("regular_prune_skip_layers: \"b\"\noverride_layer_configs {\n  layer_name: \"a\"\n"))
    #expect(try Sample.shares(Sample.demand(text, .amct)) == ["a": 0.5, "b": 0])
  }

  @Test func `a result that prunes nothing is one`() throws {
    let demand = try Sample.demand(Sample.ratios([SampleLayer(name: "a", channels: 4, pruned: 0)]), .ratios)
    #expect(try demand.text(in: .amct).text.hasSuffix("regular_prune_skip_layers: \"a\"\n"))
    #expect(try demand.text(in: .ratios).text == "{\n  \"a\": 0.0\n}\n")
  }

  @Test func `entries by type become overrides by type, and the file says the same again`() throws {
    let list =
      #"[{"op_types":["default"],"sparsity":0.5},{"op_types":["Conv2d"],"sparsity":0.25},{"op_names":["a"],"exclude":true}]"#
    let text = try Sample.demand(list, .nni).text(in: .amct).text
    let rules = try Sample.demand(text, .amct).rules
    #expect(rules.map(\.action) == [.fix(sparsity: 0.5), .fix(sparsity: 0.25), .exclude])
    #expect(rules.map(\.opTypes) == [["default"], ["Conv2d"], []])
  }

  @Test(arguments: [
    (#"[{"op_names":["a"],"sparsity":0.5},{"op_types":["Conv2d"],"sparsity":0.25}]"#, "a layer's own ratio"),
    (#"[{"op_partial_names":["a"],"sparsity":0.5}]"#, "parts of names"),
    (#"[{"op_types":["Conv2d"],"total_sparsity":0.5}]"#, "for several layers"),
    (#"[{"op_types":["Conv2d"],"op_names":["a"],"sparsity":0.5}]"#, "both together"),
    (#"[{"op_types":["Conv2d"],"max_sparsity_per_layer":0.5}]"#, "holds no ratios"),
  ])
  func `what AMCT cannot say is refused`(_ list: String, _ expected: String) throws {
    let demand = try Sample.demand(list, .nni)
    #expect { try demand.text(in: .amct) } throws: { "\($0)".contains(expected) }
  }
}
