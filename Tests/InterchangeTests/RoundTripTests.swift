import Configuration
import Foundation
import Interchange
import Testing

struct RoundTripTests {
  /// Every number of channels up to 64 with every number that goes, and wide layers with those that divide badly.
  private static let layers: [SampleLayer] = {
    var layers: [SampleLayer] = []
    func add(_ channels: Int, _ pruned: Int) {
      layers.append(SampleLayer(name: "l\(channels).p\(pruned)", channels: channels, pruned: pruned))
    }
    for channels in 1...64 { for pruned in 0..<channels { add(channels, pruned) } }
    for channels in [100, 131, 256, 1000, 2048] {
      for pruned in stride(from: 0, to: channels, by: 89) { add(channels, pruned) }
    }
    return layers
  }()

  private static let result = Result { try Sample.demand(Sample.ratios(layers), .ratios) }

  @Test(arguments: [PruningFormat.amct, .nni, .aimet, .torchPruning, .ratios], LayerNaming.allCases)
  func `a result keeps the same channels through every format`(_ format: PruningFormat, _ naming: LayerNaming) throws {
    let written = try Self.result.get().text(in: format, naming: naming).text
    var demand = try Sample.demand(written, format)
    if format == .amct { demand.keepNamedOnly() }
    let shares = try Sample.shares(demand)
    #expect(shares.count == Self.layers.count)
    for layer in Self.layers {
      let share = try #require(shares[layer.name])
      #expect(Int((Double(layer.channels) * share).rounded(.toNearestOrEven)) == layer.pruned, "\(layer)")
    }
  }

  /// How each tool counts what it keeps of a layer.
  private static let arithmetics: [(PruningFormat, @Sendable (Int, Double) -> Int)] = [
    (.amct, { channels, share in channels - Int((Float(channels) * Float(share)).rounded(.toNearestOrEven)) }),
    (.nni, { channels, share in channels - Int(share * Double(channels)) }),
    (.torchPruning, { channels, share in channels - Int(Double(channels) * share) }),
  ]

  @Test(arguments: arithmetics.indices)
  func `the other tool keeps as many channels by its own arithmetic`(_ index: Int) throws {
    let (format, kept) = Self.arithmetics[index]
    let written = try Self.result.get().text(in: format).text
    var demand = try Sample.demand(written, format)
    demand.keepNamedOnly()
    let shares = try Sample.shares(demand)
    for layer in Self.layers {
      #expect(kept(layer.channels, shares[layer.name] ?? -1) == layer.channels - layer.pruned, "\(layer)")
    }
  }

  @Test func `AIMET keeps as many by the whole part of its ratio`() throws {
    let written = try Self.result.get().text(in: .aimet).text
    guard case .array(let pairs) = try JSONValue(parsing: Array(written.utf8), file: "aimet") else {
      Issue.record("no pairs")
      return
    }
    for (pair, layer) in zip(pairs, Self.layers) {
      guard case .array(let pair) = pair else { continue }
      switch pair[1] {
      case .null: #expect(layer.pruned == 0)
      case .number(let ratio):
        #expect(max(1, Int(Double(layer.channels) * ratio)) == layer.channels - layer.pruned, "\(layer)")
      default: Issue.record("\(pair)")
      }
    }
  }

  @Test func `layers are called by their modules, and by their nodes where asked`() throws {
    let file = """
      {"layers": [
        {"name": "/layer1/layer1.0/conv1/Conv", "op_type": "Conv", "weight": "onnx::Conv_7", "channels": 4, "prune_ratio": 0.5, "pruned_channels": [0, 1]},
        {"name": "/fc/Gemm", "op_type": "Gemm", "weight": "head.fc.weight", "channels": 4, "prune_ratio": 0, "pruned_channels": []},
        {"name": "Conv_3", "op_type": "Conv", "weight": "w3", "channels": 4, "prune_ratio": 0.25, "pruned_channels": [3]}]}
      """
    let demand = try Sample.demand(file, .ratios)
    #expect(
      try demand.text(in: .torchPruning).text
        == "{\n  \"layer1.0.conv1\": 0.5,\n  \"head.fc\": 0.0,\n  \"Conv_3\": 0.25\n}\n")
    #expect(try demand.text(in: .torchPruning, naming: .node).text.contains("/layer1/layer1.0/conv1/Conv"))
    #expect(demand.remarks.contains { $0.contains("which channels go") })
  }

  @Test func `a module that two layers share is written once where their ratios are the same`() throws {
    func file(_ second: String) -> String {
      """
      {"layers": [
        {"name": "a", "op_type": "Conv", "weight": "m.weight", "channels": 4, "prune_ratio": 0.5},
        {"name": "b", "op_type": "Conv", "weight": "m.weight", "channels": 4, "prune_ratio": \(second)}]}
      """
    }
    #expect(try Sample.demand(file("0.5"), .ratios).text(in: .torchPruning).text == "{\n  \"m\": 0.5\n}\n")
    let (text, remarks) = try Sample.demand(file("0.25"), .ratios).text(in: .torchPruning)
    #expect(text == "{\n  \"a\": 0.5,\n  \"b\": 0.25\n}\n")
    #expect(remarks.count == 2)
  }

  @Test(arguments: [PruningFormat.amct, .nni, .aimet, .torchPruning])
  func `what only a configuration holds is told`(_ format: PruningFormat) throws {
    let search = "compress_ratio: 2 override_prune_cfg: 'o'"
    let override =
      "override_layer_configs { layer_name: 'a' prune_config { filter_pruner { balanced_l2_norm_filter_prune { prune_ratio: 0.5 } } } }"
    let (_, remarks) = try Sample.demand(search, .amct, override: override).text(in: format)
    #expect(remarks.contains { $0.contains("the target, 2.0 times less bit_complexity, is left out") })
    #expect(remarks.contains { $0.contains("multiples of 16") } == (format != .amct))
  }

  @Test func `a list by types is a ratio file too, and a search is none`() throws {
    let demand = try Sample.demand(#"[{"op_types":["Conv2d"],"sparsity":0.5}]"#, .nni)
    let text = try demand.text(in: .ratios).text
    guard case .rules(let rules) = try RatioFile(parsing: Array(text.utf8), file: "r").content else {
      Issue.record("\(text)")
      return
    }
    #expect(rules.rules == demand.rules)
    #expect { try Sample.demand("compress_ratio: 2", .amct).text(in: .ratios) } throws: {
      "\($0)".contains("holds no ratios")
    }
  }

  @Test func `channels by hand and names for two layers are refused`() {
    #expect(Sample.problem(#"{"a":[0,1]}"#, .ratios).contains("channels by hand"))
    let twice = [SampleLayer(name: "a", channels: 4, pruned: 1), SampleLayer(name: "a", channels: 4, pruned: 2)]
    #expect(Sample.problem(Sample.ratios(twice), .ratios).contains("stands for two layers"))
  }

  @Test(arguments: [
    ("compress_ratio: 2", PruningFormat.amct), ("# x\nskip_layers: 'a'", .amct),
    (#"[{"op_names":["a"],"sparsity":0.5}]"#, .nni),
    (#"{"config_list":[]}"#, .nni), (#" [["a", 0.5]]"#, .aimet), (#"[{"module":"a","comp_ratio":0.5}]"#, .aimet),
    (#"{"a":null}"#, .aimet),
    (#"{"compression":{}}"#, .nncf), (#"{"algorithm":"filter_pruning"}"#, .nncf),
    (#"{"pruning_ratio_dict":{}}"#, .torchPruning),
    (#"{"a,b":0.5}"#, .torchPruning), (#"{"format_version":1}"#, .ratios), (#"{"layers":[]}"#, .ratios), ("[]", .nni),
  ])
  func `the format is known by the content`(_ text: String, _ format: PruningFormat) throws {
    #expect(try PruningFormat.guess(Array(text.utf8), file: "f") == format)
  }

  @Test(arguments: [#"{"a":0.5}"#, "{}", #"{"a":[1]}"#])
  func `what may be of several formats has to be told`(_ text: String) {
    #expect { try PruningFormat.guess(Array(text.utf8), file: "f") } throws: { "\($0)".contains("--from") }
  }

  @Test(arguments: PruningFormat.readable.filter { $0 != .amct })
  func `damaged and hostile JSON is told and does not trap`(_ format: PruningFormat) {
    for text in [
      "", "{", "[", "null", "1", "\"x\"", "{}", "[]", "[1]", "[[]]", "[{}]", "{\"a\": \"b\"}", "{\"a\": 1e999}",
      "{\"\": 0.5}",
    ] {
      #expect(!Sample.problem(text, format).isEmpty, "\(text)")
    }
    #expect(Sample.problem(String(repeating: "[", count: 100_000), format).contains("levels deep"))
  }
}
