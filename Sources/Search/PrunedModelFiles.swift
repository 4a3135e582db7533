import ArrayFiles
import Channels
public import Configuration
import Networks

import Glibc

/// The files that a pruning leaves: the model, and beside it certificate, index map and evaluation.
struct PrunedModelFiles {
  let stage: PruningStage
  let outcome: PruningOutcome
  let changes: [TensorChange]

  /// Checks before anything is computed that the model can be written, and over none of the files that are read.
  static func checkOutput(_ path: String, besides inputs: [String] = []) throws {
    let (directory, name) = split(path)
    guard !beside.contains(name) else {
      throw SearchError(.cannotCreate, file: path, "is the name of a file that is written beside the model")
    }
    guard !name.isEmpty else {
      throw SearchError(.cannotCreate, file: path, "is the name of a directory, expected that of a file")
    }
    for file in [name, name + ".data"] + beside {
      guard let own = FileIdentity("\(directory)/\(file)"),
        let input = inputs.first(where: { FileIdentity($0) == own })
      else { continue }
      throw SearchError(
        .cannotCreate, file: path, "\(file) would be written over \(input), which is read; expected another output")
    }
    try ResultFiles(in: directory).prepareDirectory(
      for: [name] + beside)
  }

  private static let beside = ["certificate.json", "channels.json", "evaluation.json"]

  /// What a search calls the pruned model.
  static let modelName = "pruned.onnx"

  /// The files that a search with `apply` leaves.
  static let names = [modelName] + beside

  /// Removes what an earlier run has left: nothing of it may stand beside new results.
  static func removeEarlier(_ path: String) {
    let (directory, name) = split(path)
    for file in [name] + beside { unlink("\(directory)/\(file)") }
  }

  /// What is written beside the model.
  static func companions(of outcome: PruningOutcome) -> [String] {
    ["certificate.json", "channels.json"] + (outcome.evaluations.isEmpty ? [] : ["evaluation.json"])
  }

  /// Writes the model last: who finds it finds all.
  /// - Returns: the names of the files, the model's first.
  func write(_ message: [UInt8]) throws -> [String] {
    let (directory, name) = PrunedModelFiles.split(outcome.path)
    let files = try stage.format.files(of: message, named: name)
    let digests = files.map { FileDigest(path: $0.name, bytes: $0.bytes) }
    try write(ChannelMap(changes: changes).json, to: "\(directory)/channels.json")
    try write(certificate(digests), to: "\(directory)/certificate.json")
    if outcome.evaluations.isEmpty {
      unlink("\(directory)/evaluation.json")
    } else {
      try write(evaluation, to: "\(directory)/evaluation.json")
    }
    for file in files.reversed() { try AtomicFile.write(file.bytes, to: "\(directory)/\(file.name)") }
    return files.map(\.name) + PrunedModelFiles.companions(of: outcome)
  }

  private func write(_ document: JSONValue, to path: String) throws {
    try AtomicFile.write(Array(document.text().utf8), to: path)
  }

  private func certificate(_ digests: [FileDigest]) -> JSONValue {
    var costs = JSONObject()
    for cost in outcome.costs.costs {
      costs[cost.metric.rawValue] = ["before": .integer(cost.before), "after": .integer(cost.after)]
    }
    var document = JSONObject()
    document["format_version"] = 1
    document["model"] = .array(stage.digests.map(\.json))
    document["pruned_model"] = .array(digests.map(\.json))
    document["is_repaired"] = .boolean(outcome.repairs.contains(where: \.isKept))
    document["cost"] = .object(costs)
    document["certificate"] = outcome.certificate.json
    document["gathers"] = .array(
      outcome.gathers.map {
        [
          "layer": .string($0.layer), "inputs_left_out": .integer($0.leftOut), "saved_flops": .integer($0.savedFlops),
          "copied_elements": .integer($0.copiedElements),
        ]
      })
    return .object(document)
  }

  /// Nothing in it changes from run to run: no times.
  private var evaluation: JSONValue {
    var document = JSONObject()
    document["format_version"] = 1
    document["repairs"] = .array(
      outcome.repairs.map { step in
        [
          "kind": .string(step.kind.rawValue), "layers": .integer(step.layerCount),
          "judged_on": .string(step.isHeldOut ? "held_out_samples" : "fitted_samples"),
          "loss_before": .number(step.lossBefore), "loss_after": .number(step.lossAfter),
          "is_kept": .boolean(step.isKept),
        ]
      })
    document["networks"] = .array(outcome.evaluations.map { $0.json(withTime: false) })
    document["calibration_losses"] = .array(outcome.calibrationLosses.map { .number($0) })
    return .object(document)
  }

  static func split(_ path: String) -> (directory: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path) }
    let directory = path[..<slash]
    return (directory.isEmpty ? "/" : String(directory), String(path[path.index(after: slash)...]))
  }
}

/// Which file a path leads to.
struct FileIdentity: Equatable {
  private let device: UInt64
  private let number: UInt64

  /// `nil` where there is none.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    number = UInt64(status.st_ino)
  }
}

extension FileDigest {
  /// As result files name a file.
  var json: JSONValue { ["path": .string(path), "sha256": .string(sha256)] }
}

extension ModelEvaluation {
  /// The figures for a script.
  public func json(withTime: Bool = true) -> JSONValue {
    var document = JSONObject()
    document["name"] = .string(name)
    document["samples"] = .integer(sampleCount)
    document["mean_loss"] = .number(meanLoss)
    document["top_1"] = accuracy.map { .number($0) } ?? .null
    document["top_5"] = topFiveAccuracy.map { .number($0) } ?? .null
    document["agreement"] = agreement.map { .number($0) } ?? .null
    var costs = JSONObject()
    for (metric, cost) in self.costs { costs[metric.rawValue] = .integer(cost) }
    document["cost"] = .object(costs)
    document["file_size"] = .integer(fileSize)
    if withTime { document["seconds_per_sample"] = .number(secondsPerSample) }
    return .object(document)
  }
}
