import Configuration
import Testing

private func ratioFile(_ text: String) throws -> RatioFile { try RatioFile(parsing: Array(text.utf8), file: "r.json") }

private let layers = [
  LayerIdentity(name: "/stem/Conv", opType: "Conv", weight: "onnx::Conv_1"),
  LayerIdentity(name: "/body/Conv", opType: "Conv", weight: "body.weight"),
  LayerIdentity(name: "/other/Conv", opType: "Conv", weight: "shared.weight"),
  LayerIdentity(name: "/head/Gemm", opType: "Gemm", weight: "shared.weight"),
]

/// A `ratios.json` as a search writes it.
let exampleRatios = """
  {
    "format_version": 1,
    "model": {"name": "net", "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF"},
    "target": null,
    "achieved": {"compression_ratio": 1.5, "cost": {"macs": {"before": 3, "after": 2}}},
    "solution": {"method": "greedy", "predicted_loss_change": 0.5, "measured_loss_change": 0.25},
    "layers": [
      {"name": "/stem/Conv", "op_type": "Conv", "weight": "onnx::Conv_1", "group": 0, "channels": 8,
       "prune_ratio": 0.25, "pruned_channels": [1, 6]},
      {"name": "/body/Conv", "op_type": "Conv", "weight": "body.weight", "group": [1, 2], "channels": 3,
       "prune_ratio": 0.333333, "pruned_channels": [2]},
      {"name": "/head/Gemm", "op_type": "Gemm", "weight": "head.weight", "group": null, "channels": 10,
       "prune_ratio": 0, "pruned_channels": [], "reason": "it is the output"}
    ]
  }
  """

@Suite struct RatioFileTests {
  @Test func `a ratios.json lists channels and knows its model`() throws {
    let file = try ratioFile(exampleRatios)
    #expect(file.model?.name == "net")
    #expect(file.model?.sha256 == "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
    guard case .result(let entries) = file.content else {
      Issue.record("\(file.content)")
      return
    }
    #expect(entries.map(\.name) == ["/stem/Conv", "/body/Conv", "/head/Gemm"])
    #expect(entries.map(\.opType) == ["Conv", "Conv", "Gemm"])
    #expect(entries.map(\.channels) == [8, 3, 10])
    #expect(entries.map(\.share) == [[1, 6], [2], []])
    #expect(entries.map(\.path) == ["$.layers[0]", "$.layers[1]", "$.layers[2]"])
  }

  @Test(
    arguments: [
      (
        #"{"layers": [{"name": "a", "prune_ratio": 0.5, "channels": 4}, {"name": "b", "prune_ratio": 0}]}"#,
        ["a", "b"], [0.5, 0], [4, nil]
      ),
      (
        #"{"format_version": 1, "layers": [{"name": "a", "prune_ratio": 0.125, "reason": null}]}"#, ["a"], [0.125],
        [nil]
      ),
      (#"{"a": 0.5, "b.weight": 0, "c": -0.0}"#, ["a", "b.weight", "c"], [0.5, 0, 0], [nil, nil, nil]),
      (#"{"layers": 0.25}"#, ["layers"], [0.25], [nil]),
    ] as [(String, [String], [Double], [Int?])])
  func `ratios alone are a ratios.json without channels, or ratios by name`(
    text: String, names: [String], ratios: [Double], channels: [Int?]
  ) throws {
    guard case .ratios(let entries) = try ratioFile(text).content else {
      Issue.record("no ratios")
      return
    }
    #expect(entries.map(\.name) == names)
    #expect(entries.map(\.share) == ratios)
    #expect(entries.map(\.channels) == channels)
    #expect(entries.allSatisfy { $0.share.sign == .plus })
  }

  @Test func `channels by hand may name an axis of the weight`() throws {
    guard case .channels(let entries) = try ratioFile(#"{"a b": [3, 0], "w": {"1": [2]}, "layers": [5]}"#).content
    else {
      Issue.record("no channels")
      return
    }
    #expect(entries.map(\.name) == ["a b", "w", "layers"])
    #expect(entries.map(\.share.indices) == [[3, 0], [2], [5]])
    #expect(entries.map(\.share.axis) == [nil, 1, nil])
    #expect(entries.map(\.path) == [#"$["a b"]"#, "$.w", "$.layers"])
  }

  @Test func `a list of entries means what config_list means`() throws {
    let text = #"[{"op_types": ["Conv"], "sparsity": 0.5}, {"op_names": ["/stem/Conv"], "exclude": true}]"#
    guard case .rules(let list) = try ratioFile(text).content else {
      Issue.record("no rules")
      return
    }
    #expect(list.rules.map(\.action) == [.fix(sparsity: 0.5), .exclude])
    let selection = try list.selection(of: layers, isTargetGiven: false)
    #expect(selection.policies == [.excluded, .fixed(sparsity: 0.5), .fixed(sparsity: 0.5), .excluded])
    let wrong = try ratioFile(#"[{"op_names": ["/stem/Conf"], "sparsity": 0.5}]"#)
    guard case .rules(let wrong) = wrong.content else { return }
    let error = #expect(throws: ConfigurationError.self) { try wrong.selection(of: layers, isTargetGiven: false) }
    #expect(
      error?.description == #"r.json: $[0].op_names[0]: no layer is called "/stem/Conf"; did you mean "/stem/Conv"?"#)
  }

  @Test func `entries are matched to the layers by any of their names`() throws {
    let file = try ratioFile(#"{"body": 0.5, "/stem/Conv": 0.25, "shared.weight": 0.125}"#)
    guard case .ratios(let entries) = file.content else { return }
    let matched = try file.matched(entries, to: layers)
    #expect(matched.map(\.layer) == [1, 0, 2, 3])
    #expect(matched.map(\.entry.share) == [0.5, 0.25, 0.125, 0.125])
  }

  @Test(arguments: [
    (#"{"bodi": 0.5}"#, #"$.bodi: no layer is called "bodi"; did you mean "body"?"#),
    (
      #"{"/nothing/like/it": [1]}"#,
      #"$["/nothing/like/it"]: no layer is called "/nothing/like/it"; the network's layers are "stem", "body", "other" and 1 more"#
    ),
    (
      #"{"body": 0.5, "body.weight": 0.5}"#,
      #"$["body.weight"]: "body.weight" names the same layer as "body" at $.body"#
    ),
    (
      #"{"layers": [{"name": "/head/Gemm", "op_type": "MatMul", "prune_ratio": 0}]}"#,
      #"$.layers[0]: "/head/Gemm" is of type "MatMul" here, but Gemm in the network"#
    ),
  ])
  func `an entry that fits no layer is named`(text: String, message: String) throws {
    let file = try ratioFile(text)
    let error = #expect(throws: ConfigurationError.self) {
      switch file.content {
      case .ratios(let entries): _ = try file.matched(entries, to: layers)
      case .channels(let entries): _ = try file.matched(entries, to: layers)
      default: break
      }
    }
    #expect(error?.description == "r.json: " + message)
  }

  /// A `ratios.json` of these layers.
  private static func document(_ layers: String...) -> String { #"{"layers": [\#(layers.joined(separator: ", "))]}"# }

  private static let good = #"{"name": "a", "channels": 4, "prune_ratio": 0.5, "pruned_channels": [0, 3]}"#

  private static let wrong: [(String, String)] = [
    (
      "3",
      "$: expected a ratios.json, an object from names of layers to ratios or to channels, or an array of entries "
        + #"like those of "config_list", found the number 3"#
    ),
    ("{}", "$: expected at least one layer, found an empty object"),
    ("[]", #"$: nothing says how much to prune: expected an entry with "sparsity_per_layer" or "total_sparsity""#),
    (#"{"a": 0.5"#, "line 1, column 10: not JSON: expected ',' or '}', found the end of the file"),
    (#"{"a": 0.5, "a": 0.5}"#, #"line 1, column 12: the key "a" occurs twice in one object"#),
    (#"{"": 0.5}"#, #"$[""]: the name of a layer cannot be empty"#),
    (#"{"a": 1}"#, "$.a: expected a number from 0 to less than 1 (channels that go ÷ channels), found the number 1"),
    (
      #"{"a": -0.5}"#,
      "$.a: expected a number from 0 to less than 1 (channels that go ÷ channels), found the number -0.5"
    ),
    (
      #"{"a": 0.5, "b": [1]}"#,
      "$.b: expected a number from 0 to less than 1 (channels that go ÷ channels), found an array of 1"
    ),
    (
      #"{"a": [1], "b": 0.5}"#,
      "$.b: expected an array of channels, or an object from the axis of a weight to them, found the number 0.5"
    ),
    (
      #"{"a": "all"}"#,
      #"$.a: expected an array of channels, or an object from the axis of a weight to them, found the string "all""#
    ),
    (#"{"a": [0.5]}"#, "$.a[0]: expected a channel, an integer of at least 0, found the number 0.5"),
    (#"{"a": [-1]}"#, "$.a[0]: expected a channel, an integer of at least 0, found the number -1"),
    (#"{"a": [3, 1, 3]}"#, "$.a[2]: lists channel 3 for a second time"),
    (#"{"a": {"x": [1]}}"#, #"$.a.x: expected an axis of the weight, "0" to "7""#),
    (
      #"{"a": {"0": [1], "1": [1]}}"#,
      "$.a.1: expected one axis, that of the output channels; inputs go with what makes them"
    ),
    (#"{"a": {}}"#, "$.a: expected an axis of the weight with its channels, found an empty object"),
    (
      #"{"format_version": 2, "layers": []}"#,
      "$.format_version: expected 1, the only version that is read, found the number 2"
    ),
    (#"{"format_version": 1}"#, #"$: the key "layers" is missing"#),
    (#"{"layers": []}"#, "$.layers: expected an array of at least one layer, found an empty array"),
    (#"{"layers": [{}], "leyers": 1}"#, #"$.leyers: unknown key; did you mean "layers"?"#),
    (
      #"{"format_version": 1, "layers": [3]}"#,
      #"$.layers[0]: expected an object with the keys "name", "op_type", "weight", "group", "channels", "prune_ratio", "#
        + #""prune_ratio_interval", "pruned_channels", "bits" and "reason", found the number 3"#
    ),
    (document(#"{"prune_ratio": 0}"#), #"$.layers[0]: the key "name" is missing"#),
    (document(#"{"name": "a"}"#), #"$.layers[0]: the key "prune_ratio" is missing"#),
    (
      document(#"{"name": "a", "prune_raito": 0}"#),
      #"$.layers[0].prune_raito: unknown key; did you mean "prune_ratio"?"#
    ),
    (
      document(#"{"name": "a", "prune_ratio": 0, "pruned_channels": []}"#),
      #"$.layers[0]: the key "channels" is missing"#
    ),
    (
      document(good, #"{"name": "b", "prune_ratio": 0.5}"#),
      #"$.layers[1]: the key "pruned_channels" is missing, which $.layers[0] has; all layers have it or none"#
    ),
    (
      document(#"{"name": "b", "prune_ratio": 0.5}"#, good),
      #"$.layers[1]: has "pruned_channels", which $.layers[0] does not have; all layers have it or none"#
    ),
    (
      document(#"{"name": "a", "channels": 4, "prune_ratio": 0.5, "pruned_channels": [3, 0]}"#),
      "$.layers[0].pruned_channels[1]: expected a channel above 3, as they ascend, found the number 0"
    ),
    (
      document(#"{"name": "a", "channels": 4, "prune_ratio": 0.5, "pruned_channels": [3, 3]}"#),
      "$.layers[0].pruned_channels[1]: expected a channel above 3, as they ascend, found the number 3"
    ),
    (
      document(#"{"name": "a", "channels": 4, "prune_ratio": 0.5, "pruned_channels": [0, 4]}"#),
      "$.layers[0].pruned_channels[1]: expected a channel, an integer from 0 to 3, found the number 4"
    ),
    (
      document(#"{"name": "a", "channels": 4, "prune_ratio": 0.25, "pruned_channels": [0, 3]}"#),
      "$.layers[0].prune_ratio: expected 0.5, as 2 of 4 channels are listed, found the number 0.25"
    ),
    (
      document(#"{"name": "a", "channels": 2, "prune_ratio": 0.5, "pruned_channels": [0, 1]}"#),
      "$.layers[0].pruned_channels: takes all 2 channels; one at least must stay"
    ),
    (
      document(#"{"name": "a", "channels": 0, "prune_ratio": 0, "pruned_channels": []}"#),
      "$.layers[0].channels: expected an integer from 1 to 2147483647, found the number 0"
    ),
    (
      #"{"format_version": 1, "model": {"sha256": "12"}, "layers": [{}]}"#,
      #"$.model.sha256: expected a SHA-256, 64 hexadecimal digits, found the string "12""#
    ),
    (
      #"[{"op_names": ["a"], "sparsity": 0.5}, {"op_types": ["Conv"], "max_sparsity_per_layer": 0.5}]"#,
      #"$[1]: "max_sparsity_per_layer" limits a search; here an entry has "sparsity_per_layer", "total_sparsity" or "exclude""#
    ),
    (
      #"[{"op_names": ["a"], "exclude": true}]"#,
      #"$: nothing says how much to prune: expected an entry with "sparsity_per_layer" or "total_sparsity""#
    ),
    (
      #"[{"op_names": ["a"], "sparsity": 1}]"#,
      "$[0].sparsity: expected a number from 0 to less than 1, found the number 1"
    ),
  ]

  @Test(arguments: wrong)
  func `a wrong file is named`(text: String, message: String) {
    let error = #expect(throws: ConfigurationError.self) { try ratioFile(text) }
    #expect(error?.description == "r.json: " + message)
  }
}
