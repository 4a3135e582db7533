import Channels
import Glibc
import Networks
import ONNX

/// ONNX files: import, analysis of channels, and what surgery makes of them.
extension FuzzReader {
  /// - Parameter found: further sound models.
  static func models(_ found: [[UInt8]]) -> [FuzzReader] {
    let models = [linearModel] + grammarSeeds + found
    return [
      FuzzReader(
        name: "onnx", seeds: models, damaged: { damagedModel(&$0, $1) },
        accepts: { bytes, _ in reads(ModelFiles(model: bytes, path: "input.onnx")) }),
      FuzzReader(
        name: "onnx-external", seeds: [externalModel],
        damaged: { random, seeds in
          WireMutation.changed(random.oneIn(3) ? damagedLocation(&random) : seeds[0], &random, others: seeds)
        },
        accepts: { bytes, folder in
          let path = folder + "/model.onnx"
          guard prepareExternal(folder), FuzzFile.write(bytes, to: path), let files = try? ModelFiles.read(path) else {
            return false
          }
          return reads(files)
        }),
      FuzzReader(
        name: "model-message",
        seeds: [ModelFiles(model: externalModel, external: ["w.bin": [1, 2, 3]], path: "m.onnx").serialized],
        damaged: { ByteMutation.changed($1[0], &$0, others: $1) },
        accepts: { bytes, _ in (try? ModelFiles(serialized: bytes)) != nil }),
      execution(models),
    ]
  }

  private static let grammarSeeds: [[UInt8]] = {
    var random = SplitMix64(20_261_121)
    return (0..<64).map { _ in ModelGrammar.model(&random) }
  }()

  static func damagedModel(_ random: inout SplitMix64, _ seeds: [[UInt8]]) -> [UInt8] {
    switch random.below(8) {
    case 0...2: return ModelGrammar.model(&random)
    case 3, 4: return WireMutation.changed(ModelGrammar.model(&random), &random, others: seeds)
    case 5: return ByteMutation.changed(random.pick(seeds), &random, others: seeds)
    default: return WireMutation.changed(random.pick(seeds), &random, others: seeds)
    }
  }

  /// The whole way of a model through the program, but for running it.
  private static func reads(_ files: ModelFiles) -> Bool {
    do {
      let model = try ONNXModel(files: files)
      let network = try model.network(batchSize: model.fixedBatch ?? 2)
      let folded = network.foldingNormalizations().bringingSamplesForward()
      let structure = ChannelStructure(of: network)
      let bits = structure.layers.map { _ in LayerBits(activation: 8, weight: 4) }
      if let costs = try? CostModel(structure, bits: bits) {
        for metric in CostMetric.allCases { _ = costs.total(metric, kept: costs.unitCounts) }
      }
      try prune(model, files)
      return folded.nodes.count > 0
    } catch {
      _ = "\(error)"
      return false
    }
  }

  /// Removes every other unit that may go.
  private static func prune(_ model: ONNXModel, _ files: ModelFiles) throws {
    guard let surgery = try? ModelSurgery(model, files: files) else { return }
    let structure = ChannelStructure(of: surgery.network)
    let removed = structure.groups.map { $0.isPrunable ? Set(stride(from: 0, to: $0.unitCount - 1, by: 2)) : [] }
    guard let removal = try? ChannelRemoval(removed, from: structure) else { return }
    let pruned = try surgery.pruned(removal.parts)
    let outputs = try pruned.files.outputs(named: "pruned.onnx")
    // What surgery writes can be read again.
    if let first = outputs.first {
      _ = try? ONNXModel(files: ModelFiles(model: Array(first.bytes), path: "pruned.onnx"))
    }
    let names = surgery.network.nodes.prefix(8).map(\.name)
    _ = try? files.obstacles(toReplacing: names)
  }

  // MARK: External data

  private static let externalModel = external(location: "w.bin", offset: "0", length: "96")

  /// A layer whose weight is in another file.
  private static func external(location: String, offset: String, length: String) -> [UInt8] {
    guard var model = WireMessage(.model, parsing: linearModel[...]) else { return linearModel }
    for place in model.fields.indices {
      guard case .message(var graph) = model.fields[place].value, graph.kind == .graph else { continue }
      for inner in graph.fields.indices {
        guard case .message(var tensor) = graph.fields[inner].value, tensor.kind == .tensor else { continue }
        tensor.fields.removeAll { $0.number == 9 }
        for (key, value) in [("location", location), ("offset", offset), ("length", length)] {
          var entry = WireMessage(.leaf)
          entry.append(1, key)
          entry.append(2, value)
          tensor.append(13, entry)
        }
        tensor.append(14, 1)
        graph.fields[inner].value = .message(tensor)
      }
      model.fields[place].value = .message(graph)
    }
    return model.encoded
  }

  private static let linearModel: [UInt8] = ModelGrammar.single("MatMul", ["x", "w"], weight: [6, 4], input: [2, 6])

  private static func damagedLocation(_ random: inout SplitMix64) -> [UInt8] {
    let places = [
      "../secret", "/etc/passwd", "./w.bin", "sub/../w.bin", "sub/w.bin", "link", "sub/link", "dirlink/w.bin", "pipe",
      "hard", "sub",
      "", ".", "w.bin/", "//w.bin", "w.bin\0x", "sub//w.bin", "device", "gone", "folder/../../secret", "\u{1B}[2J",
    ]
    let numbers = [
      "0", "96", "-1", "9223372036854775807", "18446744073709551616", "95", "4096", "0x10", "+5", " 8", "",
    ]
    return external(location: random.pick(places), offset: random.pick(numbers), length: random.pick(numbers))
  }

  /// Everything that a location can be made to lead to.
  private static func prepareExternal(_ folder: String) -> Bool {
    guard access(folder + "/w.bin", F_OK) != 0 else { return true }
    let secret = folder + "-secret"
    guard FuzzFile.write([UInt8](repeating: 7, count: 96), to: folder + "/w.bin"), FuzzFile.write([1], to: secret)
    else { return false }
    mkdir(folder + "/sub", 0o755)
    link(secret, folder + "/hard")
    symlink(secret, folder + "/link")
    symlink("/dev/zero", folder + "/device")
    symlink("/", folder + "/dirlink")
    mkfifo(folder + "/pipe", 0o600)
    return true
  }
}
