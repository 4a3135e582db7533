import Configuration
import Testing

private let layers = [
  LayerIdentity(name: "/conv1/Conv", opType: "Conv", weight: "onnx::Conv_101"),
  LayerIdentity(name: "/stage1/stage1.0/conv1/Conv", opType: "Conv", weight: "stage1.0.conv1.weight"),
  LayerIdentity(name: "/stage1/stage1.0/conv2/Conv", opType: "Conv", weight: "stage1.0.conv2.weight"),
  LayerIdentity(name: "/stage2/stage2.0/down/down.0/Conv_1", opType: "Conv", weight: "onnx::Conv_104"),
  LayerIdentity(name: "/head/Gemm", opType: "Gemm", weight: "head.weight"),
]

private let target = #""target": {"compression_ratio": 2}"#

private func selection(
  _ entries: String, target: String? = target, of layers: [LayerIdentity] = layers
) throws -> LayerSelection {
  let target = target.map { $0 + "," } ?? ""
  let text = """
    {"model": "m.onnx", "calibration": {"inputs": "x.npy"}, \(target) "config_list": [\(entries)]}
    """
  return try configuration(text).selection(of: layers)
}

@Suite struct LayerSelectionTests {
  @Test func `without entries every layer is searched`() throws {
    let selection = try selection("")
    #expect(selection.policies == Array(repeating: .searched(maxSparsity: nil), count: 5))
    #expect(selection.owners == [nil, nil, nil, nil, nil])
    #expect(selection.totals.isEmpty)
  }

  @Test func `the example leaves unnamed layers alone, as one entry says what to prune`() throws {
    let selection = try configuration(exampleText).selection(of: layers)
    #expect(
      selection.policies == [
        .searched(maxSparsity: 0.9), .fixed(sparsity: 0.25), .fixed(sparsity: 0.25), .searched(maxSparsity: 0.9),
        .excluded,
      ])
    #expect(selection.owners == [0, 2, 2, 0, 1])
  }

  @Test func `only excludes and ratios by hand leave all other layers in the search`() throws {
    let selection = try selection(
      #"{"op_names": ["head"], "exclude": true}, {"op_names": ["conv1"], "sparsity": 0.5}"#)
    #expect(
      selection.policies == [
        .fixed(sparsity: 0.5), .searched(maxSparsity: nil), .searched(maxSparsity: nil), .searched(maxSparsity: nil),
        .excluded,
      ])
  }

  @Test func `an entry that searches takes unnamed layers out`() throws {
    let selection = try selection(#"{"op_partial_names": ["stage1"], "max_sparsity_per_layer": 1}"#)
    #expect(
      selection.policies == [
        .excluded, .searched(maxSparsity: 1), .searched(maxSparsity: 1), .excluded, .excluded,
      ])
    #expect(selection.owners == [nil, 0, 0, nil, nil])
  }

  @Test func `without a target only what the entries say is pruned`() throws {
    let selection = try selection(#"{"op_names": ["conv1"], "sparsity_per_layer": 0.5}"#, target: nil)
    #expect(selection.policies == [.fixed(sparsity: 0.5), .excluded, .excluded, .excluded, .excluded])
  }

  @Test(
    arguments: [
      (#"{"op_types": ["Conv"], "sparsity": 0.5}, {"op_names": ["conv1"], "exclude": true}"#, .excluded),
      (
        #"{"op_types": ["Conv"], "sparsity": 0.5}, {"op_names": ["conv1"], "exclude": true}, {"op_types": ["Conv"], "sparsity": 0.25}"#,
        .fixed(sparsity: 0.25)
      ),
      (#"{"op_names": ["conv1"], "exclude": true}, {"op_types": ["Conv"], "sparsity": 0.5}"#, .fixed(sparsity: 0.5)),
      (
        #"{"op_types": ["Conv"], "max_sparsity_per_layer": 0.5}, {"op_names": ["conv1"], "max_sparsity_per_layer": 0.9}"#,
        .searched(maxSparsity: 0.9)
      ),
      (
        #"{"op_types": ["Conv"], "total_sparsity": 0.5, "max_sparsity_per_layer": 0.6}, {"op_names": ["conv1"], "sparsity": 0.9}"#,
        .fixed(sparsity: 0.9)
      ),
    ] as [(String, LayerPolicy)])
  func `the last entry that selects a layer decides alone`(entries: String, policy: LayerPolicy) throws {
    #expect(try selection(entries).policies[0] == policy)
  }

  @Test func `an entry with total_sparsity owns what later entries leave it`() throws {
    let selection = try selection(
      """
      {"op_types": ["Conv"], "total_sparsity": 0.8, "max_sparsity_per_layer": 0.9},
      {"op_partial_names": ["stage2"], "total_sparsity": 0.5},
      {"op_names": ["stage1.0.conv1"], "exclude": true}
      """, target: nil)
    #expect(selection.totals.map(\.entry) == [0, 1])
    #expect(selection.totals.map(\.sparsity) == [0.8, 0.5])
    #expect(selection.totals.map(\.maxSparsity) == [0.9, nil])
    #expect(selection.totals.map(\.layers) == [[0, 2], [3]])
    #expect(
      selection.policies == [.total(position: 0), .excluded, .total(position: 0), .total(position: 1), .excluded])
  }

  @Test func `an entry that owns nothing any more is no total`() throws {
    let selection = try selection(
      #"{"op_types": ["Gemm"], "total_sparsity": 0.8}, {"op_types": ["default"], "total_sparsity": 0.5}"#, target: nil)
    #expect(selection.totals.map(\.entry) == [1])
    #expect(selection.totals.map(\.layers) == [[0, 1, 2, 3, 4]])
    #expect(selection.policies == Array(repeating: .total(position: 0), count: 5))
  }

  @Test(arguments: [
    ("/conv1/Conv", [0]), ("conv1/Conv", [0]), ("conv1", [0]), ("onnx::Conv_101", [0]),
    ("stage1.0.conv1.weight", [1]), ("stage1.0.conv1", [1]), ("stage2.0.down.0", [3]), ("head", [4]),
  ])
  func `a layer has the names of its node, weight and module`(name: String, selected: [Int]) throws {
    let selection = try selection(#"{"op_names": ["\#(name)"], "sparsity": 0.5}"#, target: nil)
    #expect(selection.owners.indices.filter { selection.owners[$0] == 0 } == selected)
  }

  @Test func `a node's name goes before a weight's, that before the others`() throws {
    let layers = [
      LayerIdentity(name: "a", opType: "Conv", weight: "b"), LayerIdentity(name: "b", opType: "Conv", weight: "c"),
      LayerIdentity(name: "/c/Conv", opType: "Conv", weight: "d"),
      LayerIdentity(name: "e", opType: "Conv", weight: "d"),
    ]
    func selected(_ name: String) throws -> [Int] {
      let selection = try selection(#"{"op_names": ["\#(name)"], "sparsity": 0.5}"#, target: nil, of: layers)
      return layers.indices.filter { selection.owners[$0] == 0 }
    }
    #expect(try selected("b") == [1])
    #expect(try selected("c") == [1])
    #expect(try selected("d") == [2, 3])
  }

  @Test(arguments: [
    ("stage1", [1, 2]), ("conv1", [0, 1]), ("1.0.conv", [1, 2]), ("Conv_1", [3]), ("stage2.0.down", [3]),
  ])
  func `a partial name selects every layer with a name that contains it`(part: String, selected: [Int]) throws {
    let selection = try selection(#"{"op_partial_names": ["\#(part)"], "sparsity": 0.5}"#, target: nil)
    #expect(layers.indices.filter { selection.owners[$0] == 0 } == selected)
  }

  @Test(arguments: [
    ("Conv", [0, 1, 2, 3]), ("Conv2d", [0, 1, 2, 3]), ("Linear", [4]), ("Gemm", [4]), ("default", [0, 1, 2, 3, 4]),
  ])
  func `types are those of ONNX, of PyTorch, or all`(type: String, selected: [Int]) throws {
    let selection = try selection(#"{"op_types": ["\#(type)"], "sparsity": 0.5}"#, target: nil)
    #expect(layers.indices.filter { selection.owners[$0] == 0 } == selected)
  }

  @Test func `types and names together select their intersection, partial names add to names`() throws {
    let selection = try selection(
      #"{"op_types": ["Conv"], "op_names": ["conv1", "head"], "op_partial_names": ["conv2"], "sparsity": 0.5}"#,
      target: nil)
    #expect(selection.owners == [0, nil, 0, nil, nil])
  }

  @Test(arguments: [
    (
      #"{"op_names": ["conv1", "haed"], "sparsity": 0.5}"#,
      #"$.config_list[0].op_names[1]: no layer is called "haed"; did you mean "head"?"#
    ),
    (
      #"{"op_types": ["Conv"], "exclude": true}, {"op_names": ["stage1.0.conv3"], "sparsity": 0.5}"#,
      #"$.config_list[1].op_names[0]: no layer is called "stage1.0.conv3"; did you mean "stage1.0.conv1"?"#
    ),
    (
      #"{"op_names": ["conv2"], "sparsity": 0.5}"#,
      #"$.config_list[0].op_names[0]: no layer is called "conv2"; did you mean "conv1"?"#
    ),
    (
      #"{"op_names": ["down.0"], "sparsity": 0.5}"#,
      #"$.config_list[0].op_names[0]: no layer is called "down.0"; did you mean "stage2.0.down.0"?"#
    ),
    (
      #"{"op_names": ["classifier"], "sparsity": 0.5}"#,
      #"$.config_list[0].op_names[0]: no layer is called "classifier"; the network's layers are "conv1", "stage1.0.conv1", "stage1.0.conv2" and 2 more"#
    ),
    (
      #"{"op_partial_names": ["stgae2"], "sparsity": 0.5}"#,
      #"$.config_list[0].op_partial_names[0]: no layer's name contains "stgae2"; the nearest name is "stage2.0.down.0""#
    ),
    (
      #"{"op_types": ["Conv", "MatMul"], "sparsity": 0.5}"#,
      #"$.config_list[0].op_types[1]: no layer is of type "MatMul"; the network has Conv and Gemm"#
    ),
    (
      #"{"op_types": ["Conv"], "op_names": ["head"], "sparsity": 0.5}"#,
      #"$.config_list[0]: selects no layer: those of the names are of type Gemm, which "op_types" leaves out"#
    ),
    (
      #"{"op_types": ["default"], "exclude": true}"#,
      "$.config_list: leaves nothing to search for $.target: every layer is excluded, given a sparsity or not selected"
    ),
  ])
  func `an entry that selects nothing is an error`(entries: String, description: String) {
    let error = #expect(throws: ConfigurationError.self) { try selection(entries) }
    #expect(error?.description == "config.json: " + description)
  }

  @Test func `a network without layers leaves nothing to search`() {
    let error = #expect(throws: ConfigurationError.self) { try selection("", of: []) }
    #expect(error?.description == "config.json: $.model: the network has no layer with weights")
  }

  @Test func `names of any length and content are only compared`() {
    let long = String(repeating: "x", count: 100_000)
    let layers = [
      LayerIdentity(name: long, opType: "Conv", weight: ""), LayerIdentity(name: "", opType: "/", weight: "w"),
    ]
    let error = #expect(throws: ConfigurationError.self) {
      try selection(#"{"op_names": ["\#(long)y"], "sparsity": 0.5}"#, of: layers)
    }
    #expect((error?.description.count ?? .max) < 500)
  }
}

@Suite struct BitWidthTests {
  private func widths(_ bits: String) throws -> [SearchConfiguration.BitWidths] {
    try configuration(minimal(#", "bits": \#(bits)"#)).bitWidths(of: layers)
  }

  @Test func `a layer's widths go before the network's`() throws {
    let widths = try widths(
      #"{"activation": 4, "layers": {"conv1": {"weight": 16}, "head.weight": {"activation": 32}}}"#)
    #expect(widths.map(\.activation) == [4, 4, 4, 4, 32])
    #expect(widths.map(\.weight) == [16, 8, 8, 8, 8])
  }

  @Test(arguments: [
    (
      #"{"layers": {"conv9": {"weight": 16}}}"#,
      #"$.bits.layers.conv9: no layer has this name; did you mean "conv1"?"#
    ),
    (
      #"{"layers": {"head": {"weight": 16}, "head.weight": {"weight": 16}}}"#,
      #"$.bits.layers["head.weight"]: names the same layer as "head""#
    ),
  ])
  func `names in bits are checked against the network`(bits: String, description: String) {
    let error = #expect(throws: ConfigurationError.self) { try widths(bits) }
    #expect(error?.description == "config.json: " + description)
  }
}
