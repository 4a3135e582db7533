import ArrayFiles
import Channels
import Configuration
import Glibc
import Networks
import ONNX
import PruneClusterPlugins
import Search
import WorkSharing

/// Files that searches leave and read again.
extension FuzzReader {
  static let stored: [FuzzReader] = [
    text("eval-scores", [evaluationScores]) { bytes, _ in
      _ = try EvaluationScores.Stored(parsing: bytes, file: "input.json")
    },
    text("latency", [latencies]) { bytes, _ in
      let table = try LatencyTable(parsing: bytes, file: "input.json")
      _ = table.json
      for shape in table.shapes { _ = table.count(of: shape) }
    },
    text("run-record", [runRecord]) { bytes, folder in
      guard FuzzFile.write(bytes, to: folder + "/run.json") else { return }
      _ = try? VerifyRun(folder)
      _ = try StoredRun(reading: folder, [])
    },
    text("plugin-answer", [criterionAnswer]) { bytes, _ in
      _ = try CriterionAnswer(
        parsing: bytes, file: "answer.json",
        for: [
          .init(units: 3, isPrunable: true), .init(units: 2, isPrunable: false), .init(units: 1, isPrunable: true),
        ],
        unit: .score, allowsNegative: false)
    },
    text("plugin-plan", [solverAnswer]) { bytes, _ in
      _ = try SolverAnswer(
        parsing: bytes, file: "plan.json", ladders: [[4, 3, 2], [8, 4], [1]], alternatives: [2, 3])
    },
    text("plugin-request", [criterionRequest]) { bytes, folder in
      let network = try PrunableNetwork(located(bytes), in: folder)
      _ = network.request
      for group in network.groups {
        _ = group.reduce(network.layers.map { .init(repeating: 1, count: $0.outputs) }, by: .mean)
      }
    },
    text("plugin-problem", [solverRequest]) { bytes, _ in
      let problem = try PruningProblem(located(bytes))
      _ = (problem.request, problem.isMet(by: problem.original))
    },
    archive("set-loss", setLoss) { _ = try StoredSetLoss(reading: $0, for: structure) },
    archive("sensitivities", sensitivities) { _ = try StoredSensitivities(reading: $0, for: structure) },
    archive("quantization", quantization) { _ = try QuantizationTable(reading: $0, structure.layers) },
    checkpoint,
  ]

  private static func located(_ bytes: [UInt8]) throws -> LocatedJSON {
    LocatedJSON(root: try JSONValue(parsing: bytes, file: "input.json"), file: "input.json")
  }

  private static func text(
    _ name: String, _ seeds: [String], read: @escaping @Sendable ([UInt8], String) throws -> Void
  ) -> FuzzReader {
    FuzzReader(
      name: name, seeds: seeds.map { Array($0.utf8) },
      damaged: { random, seeds in
        let seed = random.pick(seeds)
        return random.oneIn(5)
          ? ByteMutation.changed(seed, &random, others: seeds) : TextMutation.changed(seed, &random, others: seeds)
      },
      accepts: { bytes, folder in
        do {
          try read(bytes, folder)
          return true
        } catch {
          _ = "\(error)"
          return false
        }
      })
  }

  private static func archive(
    _ name: String, _ arrays: [(name: String, array: NumPyArray)], read: @escaping @Sendable (String) throws -> Void
  ) -> FuzzReader {
    let members = arrays.map { name, array in
      ZipMutation.Member(name: name + ".npy", content: bytes { try array.write(to: $0) })
    }
    return FuzzReader(
      name: name, seeds: [bytes { try NumPyArchive.write(arrays, to: $0) }, ZipMutation.archive(members)],
      damaged: { random, seeds in
        guard random.below(3) > 0 else { return ZipMutation.changed(random.pick(seeds), &random, others: seeds) }
        // A sound archive with a member more, less or other.
        var members = members
        let place = random.below(members.count)
        switch random.below(5) {
        case 0: members.remove(at: place)
        case 1: members[place].name = members[random.below(members.count)].name
        case 2: members.append(members[place])
        default:
          members[place].content = ByteMutation.changed(members[place].content, &random, others: members.map(\.content))
        }
        for place in members.indices where random.oneIn(3) { members[place].isDeflated = true }
        return ZipMutation.archive(members)
      },
      accepts: { bytes, folder in
        let path = folder + "/input"
        guard FuzzFile.write(bytes, to: path) else { return false }
        do {
          try read(path)
          return true
        } catch {
          _ = "\(error)"
          return false
        }
      })
  }

  /// What is written to a file of its own.
  private static func bytes(_ write: (String) throws -> Void) -> [UInt8] {
    let path = "/tmp/prune-cluster-fuzz-seed-\(getpid())"
    defer { unlink(path) }
    do { try write(path) } catch { return [] }
    return FuzzFile.read(path)
  }

  // MARK: Checkpoints

  private static let key = PieceKey(["fuzz"])
  private static let values = [0.5, -1, .infinity, .nan, 1e-300]

  private static let checkpoint = FuzzReader(
    name: "checkpoint",
    seeds: {
      let folder = "/tmp/prune-cluster-fuzz-piece-\(getpid())"
      let path = "\(folder)/\(key).piece"
      defer {
        unlink(path)
        rmdir(folder)
      }
      try? PieceStore(directory: folder).save(values, as: key)
      return [FuzzFile.read(path)]
    }(),
    damaged: { ByteMutation.changed($1[0], &$0, others: $1) },
    accepts: { bytes, folder in
      let store = PieceStore(directory: folder)
      guard FuzzFile.write(bytes, to: "\(folder)/\(key).piece"),
        case .values(let found) = store.load(key, count: values.count)
      else {
        return false
      }
      // What is accepted is what was stored, bit by bit.
      precondition(found.map(\.bitPattern) == values.map(\.bitPattern), "a damaged piece was taken for a sound one")
      return true
    })

  // MARK: Sound files

  /// The channels of a network of one layer.
  private static let structure: ChannelStructure = {
    let bytes = ModelGrammar.single("MatMul", ["x", "w"], weight: [6, 4], input: [2, 6])
    guard let model = try? ONNXModel(files: ModelFiles(model: bytes, path: "m.onnx")),
      let network = try? model.network(batchSize: 2)
    else {
      preconditionFailure("the model of one layer does not import")
    }
    return ChannelStructure(of: network)
  }()

  private static var units: Int { structure.groups.reduce(0) { $0 + $1.unitCount } }

  private static var setLoss: [(name: String, array: NumPyArray)] {
    [
      ("rows", NumPyArray(shape: [6, units], .floats([Float](repeating: 0.5, count: 6 * units)))),
      ("losses", NumPyArray(.doubles([Double](repeating: 1, count: 6)))),
      ("slopes", NumPyArray(.doubles([Double](repeating: 0.25, count: units)))),
      ("counts", NumPyArray(.int64s([3, 2, 0]))),
    ]
  }

  private static var sensitivities: [(name: String, array: NumPyArray)] {
    structure.layers.map { ($0.weight, NumPyArray(.doubles([Double](repeating: 1, count: $0.outputs)))) }
      + structure.groups.flatMap { group in
        ["group", "error"].map {
          ("\($0)/\(group.id)", NumPyArray(.doubles([Double](repeating: 2, count: group.unitCount))))
        }
      }
  }

  private static var quantization: [(name: String, array: NumPyArray)] {
    [("widths", NumPyArray(.int64s([2, 4, 8])))]
      + structure.layers.flatMap { layer in
        ["weight", "activation"].map { ("\($0)/\(layer.name)", NumPyArray(.doubles([0.5, 0.25, 0]))) }
      }
  }

  private static let evaluationScores = #"""
    {"format_version": 1, "basis": {"model_sha256": ["0a"], "data_sha256": ["1b", "2c"], "samples": 8, "samples_per_run": 4, "loss":
    "cross_entropy", "inputs": [{"name": "x", "array": "images", "preprocessing": {"scale": 1.0, "mean": [0.5], "std": [1, 2.5]}}]},
    "original": {"loss": 0.5, "accuracy": 0.75}, "groups": [{"group": 0, "layer": "c", "units": 4, "order": [3, 0, 1], "scores":
    [{"kept": 3, "loss": 0.625, "accuracy": 0.5}, {"kept": 1, "loss": 2.5, "accuracy": null}]}]}
    """#

  private static let criterionAnswer = #"""
    {"protocol": "prune-cluster-criterion", "version": 1, "unit": "score", "groups": [{"group": 0, "scores": [0.5, 1, 2e-3]},
    {"group": 2, "scores": [4]}]}
    """#

  private static let solverAnswer = #"""
    {"protocol": "prune-cluster-solver", "version": 1, "groups": [{"group": 0, "kept": 3}, {"group": 1, "kept": 8}, {"group": 2,
    "kept": 1}], "options": [{"option": 0, "alternative": 1}, {"option": 1, "alternative": 2}]}
    """#

  private static let criterionRequest = #"""
    {"protocol": "prune-cluster-criterion", "version": 1, "unit": "loss", "network": {"name": "n", "model": "/m.onnx", "sha256": "0a"},
    "layers": [{"layer": 0, "name": "a", "op_type": "Conv", "outputs": 4, "inputs": 3, "kernel": [3, 3], "convolution_groups": 1,
    "depthwise": false, "output_shape": [4, 2, 2], "first_channel": 0, "weight": {"name": "w", "file": "weights/0.npy", "shape":
    [4, 3, 3, 3]}, "scale": "weights/0.scale.npy", "costs": {"bit_complexity": 9, "flops": 8, "macs": 4, "params": 3, "memory": 2,
    "activation_memory": 1}}], "groups": [{"group": 0, "name": "i", "units": 3, "first_unit": 0, "prunable": false, "reason": "r",
    "made_by": [], "passed_by": [], "read_by": [{"layer": 0, "channels": [[0], [1], [2]]}], "partitions": []}, {"group": 1, "name": "a",
    "units": 2, "first_unit": 3, "prunable": true, "reason": null, "made_by": [{"layer": 0, "channels": [[0, 2], [1, 3]]}],
    "passed_by": [], "read_by": [], "partitions": [[[0], [1]]]}], "rows": {"samples": [3, 1], "channels": 4, "units": 5},
    "activations": {"mean_magnitude": "a/m.npy", "nonzero_share": "a/n.npy"}}
    """#

  private static let solverRequest = #"""
    {"protocol": "prune-cluster-solver", "version": 1, "groups": [{"group": 0, "name": "a", "units": 4, "fixed": false,
    "removal_order": [3, 1, 0, 2], "choices": [{"kept": 4, "loss": 0}, {"kept": 2, "loss": 0.5}]}], "options": [{"option": 0, "name":
    "a", "original": 1, "losses": [0.75, 0]}], "requirements": [{"name": "flops", "limit": 30.5, "original": 96.0, "terms":
    [{"coefficient": 2, "left": {"constant": 0, "groups": [{"group": 0, "per_unit": 1}]}, "right": {"constant": -1, "groups": []},
    "option": {"option": 0, "factors": [0.25, 1]}, "table": null}, {"coefficient": 0.5, "left": {"constant": 1, "groups": []}, "right":
    {"constant": 1, "groups": [{"group": 0, "per_unit": 1.5}]}, "option": null, "table": {"lefts": [1, 3], "rights": [1, 2], "values":
    [[6, 8], [10, 20]]}}]}]}
    """#

  private static let latencies = #"""
    {"format_version": 1, "machine": {"processor": "p", "executor": "e", "threads": 1, "batch_size": 8}, "entries": [{"kind": "Conv",
    "kernel": [3, 3], "strides": [1, 1], "dilations": [1, 1], "pads": [1, 1, 1, 1], "groups": 1, "input_extents": [8, 8],
    "output_extents": [8, 8], "repetitions": 1, "inputs": 4, "outputs": 8, "bias": true, "rows": [{"inputs": 2, "outputs": [4, 8],
    "nanoseconds": [100, 200]}, {"inputs": 4, "outputs": [8], "nanoseconds": [300]}]}, {"kind": "Linear", "kernel": [], "strides": [],
    "dilations": [], "pads": [], "groups": 1, "input_extents": [], "output_extents": [], "repetitions": 2, "inputs": 3, "outputs": 5,
    "bias": false, "rows": []}]}
    """#

  private static let runRecord = #"""
    {"format_version": 1, "state": "complete", "configuration_directory": ".", "configuration": {"model": "m.onnx", "calibration":
    {"inputs": "x.npy", "batch_size": 8}, "target": {"compression_ratio": 2.0, "metric": "macs"}}, "model": [{"path": "m.onnx",
    "sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}], "calibration": {"batch_size_run": 8,
    "sample_shapes": {"x": [3, 8, 8]}}, "outputs": [{"path": "ratios.json", "sha256":
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "bytes": 100}]}
    """#
}
