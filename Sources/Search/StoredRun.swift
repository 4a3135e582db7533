package import Configuration
import Networks

/// The record of a search, as far as another plan needs it.
package struct StoredRun {
  let configuration: SearchConfiguration
  /// The model file's SHA-256.
  let modelDigest: String
  let runSize: Int
  let sampleShapes: [String: [Int]]

  /// The keys that a plan can be made anew by.
  private static let changeable: Set = ["target", "config_list", "solver", "bits", "latency", "measured"]

  /// Reads `run.json`, and the configuration in it with changes made.
  /// - Parameter keepsMetric: whether a target among the changes is in the metric of the search's target, where the search
  ///   had one target.
  /// - Throws: also when the search has not finished.
  package init(reading directory: String, _ changes: [ConfigurationChange], keepsMetric: Bool = false) throws {
    try self.init(FinishedRecord(reading: directory), changes, keepsMetric: keepsMetric)
    guard configuration.solver.method != .measured else {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.solver.method: \"measured\" goes by evaluations; run the search again with \"saved_eval_scores\"")
    }
  }

  /// What a record says, with changes made to its configuration.
  init(_ record: FinishedRecord, _ changes: [ConfigurationChange] = [], keepsMetric: Bool = false) throws {
    let (path, root) = (record.path, record.root)
    var changes = changes
    func place(_ value: JSONValue?, _ name: String) throws -> LocatedJSON {
      guard let value else {
        throw SearchError(.badContent, file: path, "$.\(name) is missing: this is no record of a search")
      }
      return LocatedJSON(root: value, file: path)
    }
    let folder = try place(root["configuration_directory"], "configuration_directory").string()
    let asked = try place(root["configuration"], "configuration").value
    if keepsMetric, let target = changes.firstIndex(where: { $0.path == ["target"] }),
      let metric = Self.metric(ofTargetIn: asked)
    {
      changes.insert(ConfigurationChange(["target", "metric"], to: metric), at: target + 1)
    }
    let fixed = changes.first { !Self.changeable.contains($0.path[0]) || $0.path == ["solver", "iterations"] }
    if let change = fixed {
      let measured = ["model", "calibration", "loss", "sensitivity", "solver"].contains(change.path[0])
      throw SearchError(
        .configuration, file: path,
        "$.\(change.path.joined(separator: ".")) cannot be changed: "
          + (measured ? "that would have to be measured anew, by a search" : "solving does not go by it"))
    }
    let changed = changes.reduce(asked) { $1.applied(to: $0) }
    configuration = try SearchConfiguration(LocatedJSON(root: changed, file: path), relativeTo: folder)
    try configuration.checkTarget()
    try configuration.checkErrorBars()
    guard case .array(let models) = root["model"], let model = models.first, case .string(let digest) = model["sha256"]
    else { throw SearchError(.badContent, file: path, "$.model is missing: this is no record of a search") }
    modelDigest = digest
    let calibration = try place(root["calibration"], "calibration").value
    runSize = try place(calibration["batch_size_run"], "calibration.batch_size_run")
      .integer(in: 1...1 << 30)
    var shapes: [String: [Int]] = [:]
    for (name, extents) in try place(calibration["sample_shapes"], "calibration.sample_shapes")
      .namedMembers(expected: "an object from inputs to extents")
    {
      shapes[name] = try extents.elements().map { try $0.integer(in: 1...1 << 30) }
    }
    sampleShapes = shapes
  }
}

extension StoredRun {
  /// The metric of a configuration's only target; `nil` where it names none, and where there are several targets or none.
  private static func metric(ofTargetIn configuration: JSONValue) -> JSONValue? {
    switch configuration["target"] {
    case .array(let targets)?: targets.count == 1 ? targets[0]["metric"] : nil
    case let target?: target["metric"]
    case nil: nil
    }
  }

  /// The network that was searched.
  /// - Parameter model: where the model is now; `nil` for where the search found it.
  /// - Throws: when it cannot be read, or is another one.
  func network(_ format: any ModelFormat, model: String?) throws -> Network {
    let path = model ?? configuration.model.path
    let source = try format.read(path)
    guard let digest = source.digests.first, digest.sha256 == modelDigest else {
      throw SearchError(
        .badContent, file: path,
        "has the SHA-256 \(source.digests.first?.sha256.prefix(12) ?? "")…, but the search was for \(modelDigest.prefix(12))…"
      )
    }
    return try format.decode(source.message, sampleShapes: sampleShapes).runnableNetwork(batchSize: runSize)
  }
}
