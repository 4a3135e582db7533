import Configuration
import Testing

func configuration(_ text: String, file: String = "config.json") throws -> SearchConfiguration {
  try SearchConfiguration(parsing: Array(text.utf8), file: file)
}

/// The example of the design, every key that it has.
let exampleText = """
  {
    "model": "resnet20.onnx",
    "calibration": { "inputs": "calib_images.npy", "labels": "calib_labels.npy", "batch_size": 32, "samples": 512 },
    "loss": { "kind": "cross_entropy" },
    "sensitivity": { "method": "taylor", "order": 1, "reduction": "mean_abs" },
    "bits": { "activation": 8, "weight": 8, "layers": { "conv1": { "weight": 16 } } },
    "target": { "compression_ratio": 2.0, "metric": "bit_complexity" },
    "config_list": [
      { "op_types": ["Conv"], "max_sparsity_per_layer": 0.9 },
      { "op_names": ["head"], "exclude": true },
      { "op_partial_names": ["stage1"], "sparsity_per_layer": 0.25 }
    ],
    "solver": { "method": "greedy", "channel_multiple": 1, "min_channels": 1 },
    "output": { "directory": "out" }
  }
  """

/// The least that a configuration must say, with room for more.
func minimal(_ more: String = "", calibration: String = "") -> String {
  """
  {"model": "m.onnx", "calibration": {"inputs": "x.npy"\(calibration)}, "target": {"compression_ratio": 2}\(more)}
  """
}

@Suite struct SearchConfigurationTests {
  @Test func `reads the example`() throws {
    let configuration = try configuration(exampleText, file: "runs/config.json")
    #expect(configuration.model.text == "resnet20.onnx")
    #expect(configuration.model.path == "runs/resnet20.onnx")
    #expect(configuration.calibration?.inputs.map(\.name) == [nil])
    #expect(configuration.calibration?.inputs[0].array.file.path == "runs/calib_images.npy")
    #expect(configuration.calibration?.labels?.file.path == "runs/calib_labels.npy")
    #expect(configuration.calibration?.batchSize == 32)
    #expect(configuration.calibration?.samples == 512)
    #expect(configuration.loss == .crossEntropy)
    #expect(configuration.sensitivity.method == .taylor)
    #expect(configuration.sensitivity.order == 1)
    #expect(configuration.sensitivity.reduction == .meanAbs)
    #expect(configuration.sensitivity.level == .batch)
    #expect(configuration.bits.network.activation == 8)
    #expect(configuration.bits.layers.map(\.name) == ["conv1"])
    #expect(configuration.bits.layers.map(\.weight) == [16])
    #expect(configuration.bits.layers.map(\.activation) == [nil])
    #expect(configuration.target?.compressionRatio == 2)
    #expect(configuration.target?.metric == .bitComplexity)
    #expect(
      configuration.layerRules.map(\.action) == [.search(maxSparsity: 0.9), .exclude, .fix(sparsity: 0.25)])
    #expect(configuration.solver.channelMultiple == 1)
    #expect(configuration.outputDirectory.path == "runs/out")
  }

  @Test func `fills in the defaults`() throws {
    let text = try configuration(minimal()).canonicalJSON.text()
    #expect(
      text == """
        {
          "model": "m.onnx",
          "calibration": {
            "inputs": {
              "file": "x.npy"
            },
            "batch_size": 32,
            "samples": "all"
          },
          "loss": {
            "kind": "agreement"
          },
          "sensitivity": {
            "method": "taylor",
            "order": 1,
            "reduction": "mean_square",
            "level": "batch",
            "group_reduction": "sum",
            "site": "producer",
            "seed": 0,
            "bootstrap": 0
          },
          "bits": {
            "activation": 8,
            "weight": 8,
            "layers": {}
          },
          "target": {
            "compression_ratio": 2.0,
            "metric": "bit_complexity"
          },
          "config_list": [],
          "solver": {
            "method": "optimal",
            "channel_multiple": 1,
            "min_channels": 1,
            "iterations": 1,
            "robust": false
          },
          "repair": {
            "bias_correction": true,
            "reconstruction": "sequential",
            "batch_norm_adaptation": true,
            "held_out": 0.25,
            "ridge": 0.1,
            "rows": 20000
          },
          "apply": {
            "tolerance": 0.0001,
            "probes": 64,
            "gather_inputs": false
          },
          "output": {
            "directory": "out"
          }
        }

        """)
  }

  @Test func `the loss without a word is cross entropy where there are labels`() throws {
    #expect(try configuration(minimal(calibration: #", "labels": "y.npy""#)).loss == .crossEntropy)
    #expect(try configuration(minimal()).loss == .agreement)
    let asked = minimal(#", "loss": {"kind": "agreement"}"#, calibration: #", "labels": "y.npy""#)
    #expect(try configuration(asked).loss == .agreement)
  }

  @Test(arguments: [
    ("config.json", "m.onnx", "m.onnx"), ("runs/a/config.json", "m.onnx", "runs/a/m.onnx"),
    ("runs/config.json", "../m.onnx", "runs/../m.onnx"), ("runs/config.json", "/data/m.onnx", "/data/m.onnx"),
    ("/config.json", "m.onnx", "/m.onnx"), ("./config.json", "m.onnx", "./m.onnx"),
    ("config.json", "/m.onnx", "/m.onnx"),
    ("/a/b/config.json", "c/m.onnx", "/a/b/c/m.onnx"), ("runs/config.json", "./~", "runs/./~"),
  ])
  func `relative paths start at the configuration's directory`(file: String, text: String, path: String) throws {
    let whole = minimal(#", "output": {"directory": "\#(text)"}"#)
    let directory = try configuration(whole, file: file).outputDirectory
    #expect(directory.text == text)
    #expect(directory.path == path)
  }

  @Test(
    arguments: [
      (#""x.npy""#, "x.npy", nil), (#""d/x.npz:images""#, "d/x.npz", "images"), (#""X.NPZ:a:b""#, "X.NPZ", "a:b"),
      (#""host:x.npy""#, "host:x.npy", nil), (#""train-images-idx3-ubyte""#, "train-images-idx3-ubyte", nil),
      (#"{"file": "x.npz", "array": "images"}"#, "x.npz", "images"), (#"{"file": "x.npz:1"}"#, "x.npz:1", nil),
    ] as [(String, String, String?)])
  func `an array is a file, or a member of an archive`(json: String, file: String, array: String?) throws {
    let text = #"{"model": "m.onnx", "calibration": {"inputs": \#(json)}, "target": {"compression_ratio": 2}}"#
    let inputs = try #require(try configuration(text).calibration?.inputs)
    #expect(inputs.map(\.name) == [nil])
    #expect(inputs.map(\.array.file.text) == [file])
    #expect(inputs.map(\.array.array) == [array])
  }

  @Test func `several inputs are arrays by name, each with its preprocessing`() throws {
    let text = """
      {"model": "m.onnx", "target": {"compression_ratio": 2}, "calibration": {
        "inputs": {"right": "d.npz:r", "file": {"file": "l.npy"}},
        "preprocessing": {"right": {"scale": 0.5, "mean": [1, 2], "std": 3}}}}
      """
    let inputs = try #require(try configuration(text).calibration?.inputs)
    #expect(inputs.map(\.name) == ["file", "right"])
    #expect(inputs.map(\.array.file.text) == ["l.npy", "d.npz"])
    #expect(inputs.map(\.preprocessing?.mean) == [nil, [1, 2]])
    #expect(inputs.map(\.preprocessing?.std) == [nil, [3]])
  }

  @Test func `preprocessing fills in what it leaves out`() throws {
    let whole = minimal(calibration: #", "preprocessing": {"scale": 0.5}"#)
    let preprocessing = try configuration(whole).calibration?.inputs[0].preprocessing
    #expect(preprocessing?.scale == 0.5)
    #expect(preprocessing?.mean == [0])
    #expect(preprocessing?.std == [1])
  }

  @Test func `whole numbers may be written with a fraction of zero`() throws {
    #expect(try configuration(minimal(calibration: #", "batch_size": 6.4e1"#)).calibration?.batchSize == 64)
    #expect(try configuration(minimal(calibration: #", "samples": "all""#)).calibration?.samples == nil)
  }

  @Test func `a sparsity in config_list stands in for the target`() throws {
    for key in ["sparsity", "sparsity_per_layer", "total_sparsity"] {
      let text = """
        {"model": "m.onnx", "calibration": {"inputs": "x.npy"},
         "config_list": [{"op_types": ["Conv"], "\(key)": 0.5}]}
        """
      #expect(try configuration(text).target == nil)
    }
  }

  @Test func `a repair is whole by default, and none turns all of it off`() throws {
    #expect(try configuration(minimal()).repair == .standard)
    #expect(try configuration(minimal(#", "repair": {}"#)).repair == .standard)
    #expect(!SearchConfiguration.Repair.standard.isNone)
    let none = try configuration(minimal(#", "repair": "none""#)).repair
    #expect(none == .none)
    #expect(none.isNone)
    let off = #", "repair": {"bias_correction": false, "reconstruction": "none", "batch_norm_adaptation": false}"#
    #expect(try configuration(minimal(off)).repair == none)
    for part in ["bias_correction", "batch_norm_adaptation"] {
      let one = off.replacing("\"\(part)\": false", with: "\"\(part)\": true")
      #expect(try !configuration(minimal(one)).repair.isNone)
    }
    let given = try configuration(
      minimal(#", "repair": {"reconstruction": "one_pass", "held_out": 0, "ridge": 0.5, "rows": 7}"#)
    ).repair
    #expect(given.reconstruction == .onePass)
    #expect(given.heldOut == 0)
    #expect(given.ridge == 0.5)
    #expect(given.rows == 7)
  }

  @Test func `what goes by weights needs no samples, and then nothing is repaired`() throws {
    let found = try configuration(
      #"{"model": "m.onnx", "sensitivity": {"method": "l1"}, "target": {"compression_ratio": 2}}"#)
    #expect(found.calibration == nil)
    #expect(found.loss == .agreement)
    #expect(found.repair == .none)
    #expect(found.batchSize == 1)
  }

  @Test(arguments: [
    (
      #""sensitivity": {"method": "apoz"}"#,
      #"the criterion "apoz" needs samples; criteria of weights, like "l1", need none"#
    ),
    (
      #""sensitivity": {"method": "external", "command": ["a"], "inputs": ["gradients"]}"#,
      #"the criterion "external" needs samples; criteria of weights, like "l1", need none"#
    ),
    (
      #""sensitivity": {"method": "external", "command": ["a"], "unit": "loss"}, "bits": {"search": [4, 8]}"#,
      "$.bits.search needs samples"
    ),
    (
      #""sensitivity": {"method": "l1"}, "solver": {"method": "measured"}"#,
      #"$.solver.method "measured" needs samples"#
    ),
    (#""sensitivity": {"method": "l1"}, "compare": {"solver": ["greedy"]}"#, "$.compare needs samples"),
    (
      #""sensitivity": {"method": "l1"}, "evaluation": {"inputs": "x.npy"}"#,
      #"$.evaluation is run in batches of its "batch_size""#
    ),
  ])
  func `what needs samples says so where there are none`(_ members: String, _ need: String) throws {
    let text = #"{"model": "m.onnx", "target": {"compression_ratio": 2}, \#(members)}"#
    let error = #expect(throws: ConfigurationError.self) { try configuration(text) }
    #expect(error?.path == "$")
    #expect(error?.problem == "the key \"calibration\" is missing: \(need)")
  }

  @Test func `a repair needs samples`() throws {
    let text =
      #"{"model": "m.onnx", "sensitivity": {"method": "l1"}, "target": {"compression_ratio": 2}, "repair": {}}"#
    let error = #expect(throws: ConfigurationError.self) { try configuration(text) }
    #expect(error?.path == "$.repair")
  }

  @Test func `apply has its defaults and takes others`() throws {
    #expect(try configuration(minimal()).apply == .standard)
    let given = try configuration(
      minimal(#", "apply": {"tolerance": 0.01, "probes": 0, "gather_inputs": true}"#)
    ).apply
    #expect(given.tolerance == 0.01)
    #expect(given.probes == 0)
    #expect(given.gatherInputs)
  }

  @Test func `an evaluation has data of its own, or those of the calibration`() throws {
    #expect(try configuration(minimal()).evaluation == nil)
    let text = minimal(
      #", "evaluation": {"inputs": {"b": "e.npz:b", "a": "a.npy"}, "labels": "l.npy", "samples": 9, "#
        + #""preprocessing": {"b": {"scale": 2}}}"#)
    let evaluation = try #require(try configuration(text, file: "d/c.json").evaluation)
    #expect(evaluation.inputs.map(\.name) == ["a", "b"])
    #expect(evaluation.inputs.map(\.array.file.path) == ["d/a.npy", "d/e.npz"])
    #expect(evaluation.inputs.map(\.preprocessing?.scale) == [nil, 2])
    #expect(evaluation.labels?.file.text == "l.npy")
    #expect(evaluation.samples == 9)
  }

  static let accepted = [
    minimal(
      #", "evaluation": {"inputs": "e.npy", "labels": "l.npz:y", "samples": 5, "preprocessing": {"std": 2}}, "#
        + #""repair": "none", "apply": {"probes": 3}"#),
    minimal(
      #", "sensitivity": {"method": "external", "command": ["a", "b c"], "inputs": ["gradients", "activations"], "#
        + #""unit": "loss"}, "bits": {"search": [4, 8]}, "solver": {"method": "external", "command": ["./x"], "#
        + #""time_limit": 2.5}"#),
    minimal(#", "sensitivity": {"method": "external", "command": ["a"], "time_limit": 7, "normalization": "lamp"}"#),
    minimal(#", "sensitivity": {"method": "ablation", "units": 12}"#),
    #"{"model": "m.onnx", "sensitivity": {"method": "nisp"}, "target": {"compression_ratio": 2}}"#,
    #"{"model": "m.onnx", "sensitivity": {"method": "external", "command": ["a"]}, "target": {"compression_ratio": 2}, "#
      + #""repair": "none"}"#,
    exampleText, minimal(), minimal(#", "$schema": "schema.json""#, calibration: #", "labels": "y.npz:y""#),
    minimal(
      """
      , "config_list": [
        {"op_types": ["default", "Linear"], "total_sparsity": 0.5, "max_sparsity_per_layer": 0.75},
        {"op_names": ["a"], "sparsity": 0, "max_sparsity_per_layer": 1},
        {"op_names": ["b"], "op_partial_names": ["c"], "op_types": ["Conv2d"], "exclude": true}],
      "bits": {"weight": 4, "layers": {"z": {"activation": 16}, "a b": {"weight": 2, "activation": 3}}},
      "sensitivity": {"reduction": "mean_square", "level": "sample"}
      """, calibration: #", "preprocessing": {"scale": 0.1, "mean": [0.1, 0.2], "std": [1, 2]}, "samples": 7"#),
    """
    {"model": "m.onnx", "target": {"compression_ratio": 1.5, "metric": "params"}, "calibration": {"labels": "y",
      "inputs": {"b": "d.npz:r", "a": {"file": "l.npy"}}, "preprocessing": {"a": {"std": [2, 3]}}}}
    """,
  ]

  @Test(arguments: accepted)
  func `the canonical form reads back as the same configuration`(text: String) throws {
    let configuration = try configuration(text, file: "a/config.json")
    let canonical = configuration.canonicalJSON.text()
    let again = try SearchConfiguration(parsing: Array(canonical.utf8), file: "a/config.json")
    #expect(again == configuration)
    #expect(again.canonicalJSON.text() == canonical)
  }

  @Test func `a configuration inside another file keeps its place and directory`() throws {
    let run: JSONValue = ["version": "1", "config": try configuration(minimal()).canonicalJSON]
    let place = try LocatedJSON(root: run, file: "run.json").members(["version", "config"]).required("config")
    let configuration = try SearchConfiguration(place, relativeTo: "/data")
    #expect(configuration.model.path == "/data/m.onnx")
    var wrong = run
    wrong["config"]?["target"]?["compression_ratio"] = 0
    let wrongPlace = try LocatedJSON(root: wrong, file: "run.json").members(["version", "config"]).required("config")
    let error = #expect(throws: ConfigurationError.self) { try SearchConfiguration(wrongPlace, relativeTo: "") }
    #expect(error?.file == "run.json")
    #expect(error?.path == "$.config.target.compression_ratio")
  }
}
