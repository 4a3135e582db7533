import Configuration
import Testing

/// The keys of expansions of order 2, of steps, of several targets and of chosen bits.
@Suite struct SecondOrderConfigurationTests {
  private func sensitivity(_ json: String) throws -> SearchConfiguration.Sensitivity {
    try configuration(minimal(#", "sensitivity": \#(json)"#)).sensitivity
  }

  @Test func `order 1 adds up units by default`() throws {
    let given = try sensitivity("{}")
    #expect(given.order == 1 && given.setLoss == .additive && given.reduction == .meanSquare && given.level == .batch)
    #expect(given.groupReduction == .sum && given.seed == 0 && given.bootstrap == 0)
    #expect(given.damping == 0 && !given.firstOrder)
  }

  @Test func `order 2 judges units together by the Fisher matrix, with eight times the diagonal, by default`() throws {
    let given = try sensitivity(#"{"order": 2}"#)
    #expect(given.setLoss == .joint && given.curvature == .fisher)
    #expect(given.damping == 8 && !given.firstOrder)
    let drawn = try sensitivity(#"{"order": 2, "curvature": "gauss_newton"}"#)
    #expect(drawn.curvatureLabels == .drawn && drawn.draws == 1 && drawn.damping == 8)
  }

  @Test func `losses that are added to those of widths are in loss units, undamped`() throws {
    #expect(try configuration(minimal(#", "bits": {"search": [4, 8]}"#)).sensitivity.reduction == .meanAbs)
    for loss in ["joint", "logits"] {
      let text = minimal(#", "sensitivity": {"order": 2, "set_loss": "\#(loss)"}, "bits": {"search": [4, 8]}"#)
      #expect(try configuration(text).sensitivity.damping == 0)
    }
    let zero = minimal(#", "sensitivity": {"order": 2, "damping": 0}, "bits": {"search": [4, 8]}"#)
    #expect(try configuration(zero).sensitivity.damping == 0)
  }

  @Test func `units that add up in order 2 have their first derivative with its sign`() throws {
    let given = try sensitivity(#"{"order": 2, "set_loss": "additive"}"#)
    #expect(given.firstOrder && given.damping == 0)
    #expect(given.curvature == .gaussNewton && given.curvatureLabels == .drawn && given.draws == 1)
  }

  @Test func `logits go by the most probable ten classes, undamped`() throws {
    let given = try sensitivity(#"{"order": 2, "set_loss": "logits"}"#)
    #expect(given.curvature == .gaussNewton && given.curvatureLabels == .ranked && given.classes == 10)
    #expect(given.damping == 0 && !given.firstOrder)
  }

  @Test func `every key is read`() throws {
    let drawn = try sensitivity(
      #"{"order": 2, "curvature": "gauss_newton", "curvature_labels": "drawn", "draws": 7, "damping": 0.5, "#
        + #""first_order": true, "seed": 4294967295, "bootstrap": 50}"#)
    #expect(drawn.draws == 7 && drawn.damping == 0.5 && drawn.firstOrder && drawn.seed == 4_294_967_295)
    #expect(drawn.bootstrap == 50)
    let ranked = try sensitivity(
      #"{"order": 2, "curvature": "gauss_newton", "curvature_labels": "ranked", "classes": 3}"#)
    #expect(ranked.curvatureLabels == .ranked && ranked.classes == 3)
    #expect(try sensitivity(#"{"order": 2, "curvature": "fisher"}"#).curvature == .fisher)
    #expect(try sensitivity(#"{"group_reduction": "sum_abs"}"#).groupReduction == .sumOfAbsolutes)
  }

  /// Every combination of values for the keys that depend on each other, some left out.
  private static var combinations: [String] {
    let keys: [(key: String, values: [String?])] = [
      ("order", [nil, "1", "2"]), ("set_loss", [nil, #""additive""#, #""joint""#, #""logits""#]),
      ("curvature", [nil, #""fisher""#, #""gauss_newton""#]),
      ("curvature_labels", [nil, #""drawn""#, #""ranked""#]), ("draws", [nil, "3"]), ("classes", [nil, "5"]),
      ("damping", [nil, "0", "-0.0", "2.5"]), ("first_order", [nil, "true", "false"]),
      ("reduction", [nil, #""abs_mean""#]), ("group_reduction", [nil, #""sum_abs""#]),
    ]
    return keys.reduce([""]) { texts, key in
      texts.flatMap { text in
        key.values.map { value in
          value.map { "\(text)\(text.isEmpty ? "" : ", ")\"\(key.key)\": \($0)" } ?? text
        }
      }
    }
  }

  @Test func `what is accepted reads back from its canonical form, whatever is combined`() throws {
    var accepted: [SearchConfiguration.SetLossKey: Int] = [:]
    for combination in Self.combinations {
      guard let found = try? configuration(minimal(#", "sensitivity": {\#(combination)}"#)) else { continue }
      let canonical = found.canonicalJSON.text()
      let again = try SearchConfiguration(parsing: Array(canonical.utf8), file: "config.json")
      #expect(again.sensitivity == found.sensitivity, "\(combination)")
      #expect(again.canonicalJSON.text() == canonical, "\(combination)")
      let key = SearchConfiguration.SetLossKey(order: found.sensitivity.order, setLoss: found.sensitivity.setLoss)
      accepted[key, default: 0] += 1
      // What is accepted is what the search can do.
      #expect(found.sensitivity.order == 2 || found.sensitivity.setLoss == .additive)
      #expect(
        found.sensitivity.setLoss != .logits
          || found.sensitivity.curvature == .gaussNewton && found.sensitivity.curvatureLabels == .ranked)
    }
    #expect(accepted.count == 4, "order 1, and order 2 in each way")
    #expect(accepted.values.allSatisfy { $0 > 3 }, "\(accepted)")
  }

  private static let accepted = [
    #""solver": {"method": "optimal"}"#,
    #""solver": {"method": "greedy", "iterations": 4, "robust": true, "channel_widths": [8, 16, 32]}"#,
    #""solver": {"method": "measured", "channel_multiple": 8}, "measured": {"candidates": 4, "monotonic_fit": true}"#,
    #""solver": {"method": "measured"}, "measured": {"saved_eval_scores": "a/b.json"}"#,
    #""bits": {"search": [16, 4, 8]}"#,
    #""bits": {"activation": 16, "weight": 4, "search": [4, 16], "layers": {"a": {"weight": 2}}}"#,
    #""latency": {"table": "t.json"}"#,
    #""sensitivity": {"order": 2, "damping": 0}, "solver": {"iterations": 2}"#,
    #""sensitivity": {"order": 2}, "bits": {"search": [4, 8]}"#,
    #""sensitivity": {"order": 2, "set_loss": "logits"}, "bits": {"search": [4, 8]}"#,
    #""sensitivity": {"reduction": "abs_mean"}, "bits": {"search": [4, 8]}"#,
  ]

  @Test(arguments: accepted)
  func `the canonical form of the solver's and the bits' keys reads back`(_ text: String) throws {
    let found = try configuration(minimal(", " + text))
    let canonical = found.canonicalJSON.text()
    let again = try SearchConfiguration(parsing: Array(canonical.utf8), file: "config.json")
    #expect(again == found)
    #expect(again.canonicalJSON.text() == canonical)
  }

  @Test(
    arguments: [
      (#"{"limit": 1e6, "metric": "params"}"#, [SearchConfiguration.Target(.limit(1e6), in: .params)]),
      (#"[{"compression_ratio": 2}]"#, [.init(.compressionRatio(2), in: .bitComplexity)]),
      (
        #"[{"compression_ratio": 2, "metric": "flops"}, {"limit": 0.5, "metric": "memory"}, {"limit": 3, "#
          + #""metric": "activation_memory"}]"#,
        [
          .init(.compressionRatio(2), in: .flops), .init(.limit(0.5), in: .memory),
          .init(.limit(3), in: .activationMemory),
        ]
      ),
    ] as [(String, [SearchConfiguration.Target])])
  func `targets are ratios or limits, one or several, and read back`(
    _ json: String, _ targets: [SearchConfiguration.Target]
  ) throws {
    let text = #"{"model": "m.onnx", "calibration": {"inputs": "x.npy"}, "target": \#(json)}"#
    let found = try configuration(text)
    #expect(found.targets == targets)
    #expect(found.target == targets[0])
    let again = try SearchConfiguration(parsing: Array(found.canonicalJSON.text().utf8), file: "config.json")
    #expect(again == found)
  }

  @Test func `a search of widths is ascending, and the solver has its defaults`() throws {
    #expect(try configuration(minimal(#", "bits": {"search": [16, 4, 8]}"#)).bits.search == [4, 8, 16])
    #expect(try configuration(minimal()).bits.search.isEmpty)
    let solver = try configuration(minimal()).solver
    #expect(solver == .standard)
    #expect(solver.method == .optimal && solver.iterations == 1 && !solver.robust && solver.channelWidths.isEmpty)
  }
}

extension SearchConfiguration {
  /// What an expansion is told apart by here.
  struct SetLossKey: Hashable {
    let order: Int
    let setLoss: Sensitivity.SetLoss
  }
}

extension WrongConfiguration {
  private static func sensitivity(_ json: String, _ error: String) -> WrongConfiguration {
    root(#""sensitivity": {\#(json)}"#, "$.sensitivity." + error)
  }

  private static func solver(_ json: String, _ error: String) -> WrongConfiguration {
    root(#""solver": {\#(json)}"#, "$.solver." + error)
  }

  private static func bits(_ json: String, _ error: String) -> WrongConfiguration {
    root(#""bits": {\#(json)}"#, "$.bits." + error)
  }

  static let ofSecondOrder: [WrongConfiguration] =
    [
      .sensitivity(#""set_loss": "joint""#, #"set_loss: "joint" needs "order": 2"#),
      .sensitivity(#""set_loss": "logits", "order": 1"#, #"set_loss: "logits" needs "order": 2"#),
      .sensitivity(
        #""set_loss": "both""#,
        #"set_loss: expected one of "additive", "joint" or "logits", found the string "both""#),
      .sensitivity(#""seed": -1"#, "seed: expected an integer from 0 to 4294967295, found the number -1"),
      .sensitivity(#""bootstrap": 4097"#, "bootstrap: expected an integer from 0 to 4096, found the number 4097"),
      .sensitivity(
        #""order": 2, "curvature": "gauss_newton", "draws": 0"#,
        "draws: expected an integer from 1 to 4096, found the number 0"),
      .sensitivity(#""order": 2, "damping": -1"#, "damping: expected a number from 0 to 1000000, found the number -1"),
      .sensitivity(#""order": 2, "first_order": 1"#, "first_order: expected true or false, found the number 1"),
    ]
    + [
      "damping": "1", "first_order": "true", "curvature": #""fisher""#, "curvature_labels": #""drawn""#, "draws": "2",
      "classes": "2",
    ].sorted { $0.key < $1.key }.map { key, value in
      .sensitivity(#""\#(key)": \#(value)"#, #"\#(key): it belongs to an expansion of "order": 2"#)
    }
    + ["reduction": #""mean_abs""#, "level": #""batch""#, "group_reduction": #""sum""#].sorted { $0.key < $1.key }.map {
      key, value in
      .sensitivity(
        #""order": 2, "\#(key)": \#(value)"#,
        #"\#(key): it belongs to an expansion of "order": 1, which adds up channels"#)
    }
    + ["curvature_labels": #""drawn""#, "draws": "2", "classes": "2"].sorted { $0.key < $1.key }.map { key, value in
      .sensitivity(
        #""order": 2, "curvature": "fisher", "\#(key)": \#(value)"#,
        #"\#(key): it belongs to "curvature": "gauss_newton""#)
    }
    + [
      .sensitivity(
        #""order": 2, "curvature": "gauss_newton", "curvature_labels": "ranked", "draws": 2"#,
        #"draws: it belongs to "curvature_labels": "drawn""#),
      .sensitivity(
        #""order": 2, "curvature": "gauss_newton", "classes": 2"#,
        #"classes: it belongs to "curvature_labels": "ranked""#),
      .sensitivity(
        #""order": 2, "set_loss": "additive", "damping": 2"#, #"damping: it belongs to "set_loss": "joint" or "logits""#
      ),
      .sensitivity(
        #""order": 2, "set_loss": "additive", "first_order": true"#,
        #"first_order: it belongs to "set_loss": "joint""#),
      .sensitivity(
        #""order": 2, "set_loss": "logits", "first_order": true"#,
        #"first_order: it belongs to "set_loss": "joint"; "logits" goes by the whole loss"#),
      .sensitivity(
        #""order": 2, "set_loss": "logits", "curvature": "fisher""#,
        #"curvature: "set_loss": "logits" goes by the most probable classes: expected "gauss_newton""#),
      .sensitivity(
        #""order": 2, "set_loss": "logits", "curvature_labels": "drawn""#,
        #"curvature_labels: "set_loss": "logits" goes by the most probable classes: expected "ranked""#),
    ]

  static let ofSolving: [WrongConfiguration] = [
    .root(
      #""sensitivity": {"order": 2, "damping": 1}, "bits": {"search": [4, 8]}"#,
      "$.sensitivity.damping: the losses of widths in $.bits.search are added to those of channels, which then must be "
        + "in loss units: expected 0"),
    .root(
      #""sensitivity": {"reduction": "mean_square"}, "bits": {"search": [4, 8]}"#,
      "$.sensitivity.reduction: the losses of widths in $.bits.search are added to those of channels, which then must be "
        + #"in loss units: "mean_abs" or "abs_mean", or "order": 2"#),
    .solver(#""iterations": 0"#, "iterations: expected an integer from 1 to 100, found the number 0"),
    .solver(#""robust": 1"#, "robust: expected true or false, found the number 1"),
    .solver(#""channel_widths": []"#, "channel_widths: expected at least one width, found an empty array"),
    .solver(#""channel_widths": [8, 8]"#, "channel_widths[1]: 8 stands behind 8, expected ascending widths"),
    .solver(#""channel_widths": [0]"#, "channel_widths[0]: expected an integer from 1 to 1048576, found the number 0"),
    .solver(
      #""channel_widths": [8], "channel_multiple": 8"#,
      #"channel_multiple: "channel_multiple" and "channel_widths" exclude each other"#),
    .solver(
      #""method": "measured", "iterations": 2"#,
      #"iterations: "measured" evaluates pruned layers and takes no iterations"#),
    .solver(
      #""method": "measured", "robust": true"#,
      #"robust: "measured" goes by evaluations, which have no error bars"#),
    .root(
      #""solver": {"robust": true}, "sensitivity": {"order": 2}"#,
      #"$.solver: "robust" needs sensitivities that add up: "set_loss": "additive" in $.sensitivity"#),
    .root(
      #""solver": {"method": "measured"}, "sensitivity": {"bootstrap": 3}"#,
      #"$.sensitivity: "bootstrap" solves resamples again, which the evaluations of "measured" do not allow"#),
    .root(
      #""measured": {"candidates": 4}"#,
      #"$.measured: it belongs to $.solver.method "measured", which is "optimal" here"#),
    .root(
      #""solver": {"method": "measured"}, "measured": {"score": "accuracy"}"#,
      #"$.measured: the score "accuracy" needs class labels"#),
    .root(
      #""solver": {"method": "measured"}, "measured": {"candidates": 1}"#,
      "$.measured.candidates: expected an integer from 2 to 1000, found the number 1"),
    .root(
      #""solver": {"method": "measured"}, "bits": {"search": [4, 8]}"#,
      #"$.bits: the solver "measured" chooses no bits"#),
    .bits(#""search": []"#, "search: expected at least one width, found an empty array"),
    .bits(#""search": [8, 1]"#, "search[1]: expected an integer from 2 to 32, found the number 1"),
    .bits(#""search": [8, 4, 8]"#, "search[2]: 8 stands twice"),
    .bits(
      #""search": [4, 16]"#,
      "search: the network's own 8 bits have to be among the widths, so that a layer can stay as it is"),
    .target("[]", "$.target: expected at least one target, found an empty array"),
    .target(
      #"[{"compression_ratio": 2}, {"limit": 3}]"#, #"$.target[1]: a second target in "bit_complexity""#),
    .target(
      #"[{"compression_ratio": 2}, {"metric": "macs"}]"#, #"$.target[1]: the key "compression_ratio" is missing"#),
    .target(
      #"{"compression_ratio": 2, "limit": 3}"#,
      #"$.target.compression_ratio: "compression_ratio" and "limit" exclude each other"#),
    .target(
      #"{"limit": 0}"#,
      "$.target.limit: expected a number greater than 0, what the pruned network may cost, found the number 0"),
    .target(
      #"{"limit": 2, "metric": "latency"}"#,
      "$: a target in \"latency\" needs $.latency.table, a table of measured latencies as `profile` writes it"),
    .root(#""latency": {}"#, #"$.latency: the key "table" is missing"#),
    .root(
      #""latency": {"table": 3}"#, "$.latency.table: expected the path of a table of latencies, found the number 3"),
    .root(#""iterations": 3"#, "$.iterations: unknown key; it belongs in $.solver"),
    .root(#""damping": 3"#, "$.damping: unknown key; it belongs in $.sensitivity"),
    .root(#""iterative_steps": 3"#, #"$.iterative_steps: unknown key; it is "iterations" in "solver" here"#),
    .root(
      #""num_comp_ratio_candidates": 3"#,
      #"$.num_comp_ratio_candidates: unknown key; it is "candidates" in "measured" here"#),
  ]
}

@Suite struct SecondOrderErrorTests {
  @Test(arguments: WrongConfiguration.ofSecondOrder + WrongConfiguration.ofSolving)
  func `a key that does not go with the others is named`(_ wrong: WrongConfiguration) {
    let error = #expect(throws: ConfigurationError.self) { try configuration(wrong.text, file: "d/c.json") }
    #expect(error?.description == "d/c.json: " + wrong.error)
  }
}
