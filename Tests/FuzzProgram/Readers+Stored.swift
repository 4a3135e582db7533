import ArrayFiles
import Channels
import Configuration
import Glibc
import Networks
import ONNX
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
    archive("set-loss", setLoss) { _ = try StoredSetLoss(reading: $0, for: structure) },
    archive("sensitivities", sensitivities) { _ = try StoredSensitivities(reading: $0, for: structure) },
    archive("quantization", quantization) { _ = try QuantizationTable(reading: $0, structure.layers) },
    checkpoint,
  ]

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
