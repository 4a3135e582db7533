import Allocation
import Channels
public import Configuration
public import Logging
import Sensitivity
import WorkSharing

import Glibc

/// Another plan from what a search has measured: nothing is run but the solver.
public struct SolveRun {
  /// What is asked for.
  public struct Request: Sendable {
    /// The directory that the search has written.
    public var directory: String
    /// What of its configuration is other now.
    public var changes: [ConfigurationChange] = []
    /// The model, where it is no longer where the search found it.
    public var model: String?
    /// Where the result goes; `nil` for the folder `solved` in the directory.
    public var output: String?
    /// How many points of the curve of loss over compression are wanted; 0 for none.
    public var frontierPoints = 0

    /// A request with the defaults.
    public init(directory: String) { self.directory = directory }
  }

  private let format: any ModelFormat
  private let logger: Logger

  /// A run in this process.
  public init(format: any ModelFormat, logger: Logger) {
    self.format = format
    self.logger = logger
  }

  /// Solves, and writes the result.
  /// - Throws: what is wrong with the directory, the model, the changes or the target.
  public func execute(_ request: Request) throws -> SolveOutcome {
    let record = try StoredRun(reading: request.directory, request.changes)
    let configuration = record.configuration
    let path = request.model ?? configuration.model.path
    let source = try format.read(path)
    guard let digest = source.digests.first, digest.sha256 == record.modelDigest else {
      throw SearchError(
        .badContent, file: path,
        "has the SHA-256 \(source.digests.first?.sha256.prefix(12) ?? "")…, but the search was for \(record.modelDigest.prefix(12))…"
      )
    }
    let network = try format.decode(source.message, sampleShapes: record.sampleShapes)
      .runnableNetwork(batchSize: record.runSize)
    let latency = try configuration.latencyTable.map { try LatencyTable(reading: $0.path) }
    if configuration.solver.iterations > 1 {
      logger.warning(
        "the search took \(configuration.solver.iterations) steps and measured before each; this is one step")
    }
    let analysis = try NetworkAnalysis(network, configuration, latency: latency)
    _ = try analysis.ranges()
    try PluginProgram.check(configuration)
    let output = ResultFiles(in: request.output ?? request.directory + "/solved")
    guard FileIdentity(output.directory) != FileIdentity(request.directory) else {
      throw SearchError(
        .cannotCreate, file: output.directory, "is the search's own directory, whose ratios.json would be lost")
    }
    try output.prepareDirectory(for: ["ratios.json", ResultFiles.ratiosForAMCT, StoredFrontier.fileName])
    let lock = try OutputLock(output.directory)
    defer { withExtendedLifetime(lock) {} }
    PluginFolder.removeLeftovers(in: output.directory)
    let stored = try StoredMeasurement(reading: request.directory, analysis, configuration)
    do {
      let input = try analysis.input(stored.losses, stored.quantization)
      let solver = ExternalSolver(
        configuration, outputDirectory: output.directory, stop: .ofProcess, isShared: true, logger: logger)
      // The program is not in this process's group: what ends this one has to end it too.
      if solver != nil { StopRequest.listenToSignals() }
      let plan = try analysis.solving.plan(input, setLoss: stored.setLoss, solver)
      let damping = stored.setLoss.map { $0.damping(of: plan, configuration.sensitivity, stored.slopes) } ?? 0
      let original = analysis.solving.costs.bits
      let ratios = try RatioConfig(
        analysis.solving,
        Solution(
          plan: plan, bits: input.bits?.bits(plan.options, original) ?? original,
          predictedLossChange: plan.predictedLossChange - damping, objective: plan.predictedLossChange,
          lowerBound: plan.lowerBound),
        name: analysis.name, sha256: digest.sha256, latency: try analysis.latency(plan.kept))
      var frontier: StoredFrontier?
      if request.frontierPoints > 0 {
        guard !configuration.targets.isEmpty else {
          throw SearchError(
            .configuration, file: configuration.file, "$.target: a curve needs a target, whose metric it is in")
        }
        frontier = try StoredFrontier(analysis, input, stored, configuration, count: request.frontierPoints)
        try frontier?.write(to: output.directory + "/" + StoredFrontier.fileName)
      } else {
        unlink(output.directory + "/" + StoredFrontier.fileName)
      }
      try output.write(ratios)
      return SolveOutcome(
        ratios: ratios, frontier: frontier, isLoss: configuration.sensitivity.isLoss,
        files: ["ratios.json", ResultFiles.ratiosForAMCT] + (frontier == nil ? [] : [StoredFrontier.fileName]),
        directory: output.directory)
    } catch let error as AllocationError {
      throw SearchError(error, in: configuration)
    }
  }
}

/// What solving gave, as far as a person is shown it.
public struct SolveOutcome: Sendable {
  /// The result.
  public let ratios: RatioConfig
  /// The curve of loss over compression; `nil` unless asked for.
  public let frontier: StoredFrontier?
  /// Whether what the plan minimises predicts the loss; scores of weights do not.
  public let isLoss: Bool
  /// The files written.
  public let files: [String]
  /// Where they are.
  public let directory: String
}

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
  /// - Throws: also when the search has not finished.
  package init(reading directory: String, _ changes: [ConfigurationChange]) throws {
    let record = try FinishedRecord(reading: directory)
    let (path, root) = (record.path, record.root)
    func place(_ value: JSONValue?, _ name: String) throws -> LocatedJSON {
      guard let value else {
        throw SearchError(.badContent, file: path, "$.\(name) is missing: this is no record of a search")
      }
      return LocatedJSON(root: value, file: path)
    }
    let folder = try place(root["configuration_directory"], "configuration_directory").string()
    let asked = try place(root["configuration"], "configuration").value
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
    guard configuration.solver.method != .measured else {
      throw SearchError(
        .configuration, file: path,
        "$.solver.method: \"measured\" goes by evaluations; run the search again with \"saved_eval_scores\"")
    }
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

/// What a search has measured, as it has left it.
struct StoredMeasurement {
  /// By group the loss of each unit.
  let losses: [[Double]]
  let setLoss: SetLoss?
  /// Per unit −mean t; empty without a set loss.
  let slopes: [Double]
  let quantization: QuantizationTable?

  init(reading directory: String, _ analysis: NetworkAnalysis, _ configuration: SearchConfiguration) throws {
    let structure = analysis.solving.structure
    let stored = try StoredSensitivities(
      reading: directory + "/" + StoredSensitivities.fileName, for: structure)
    losses = configuration.solver.robust ? stored.upperGroups : stored.scores.groups
    if configuration.sensitivity.setLoss == .additive {
      (setLoss, slopes) = (nil, [])
    } else {
      let stored = try StoredSetLoss(reading: directory + "/" + StoredSetLoss.fileName, for: structure)
      (setLoss, slopes) = (try stored.setLoss(structure, configuration.sensitivity), stored.slopes)
    }
    let widths = configuration.bits.search.filter { $0 <= QuantizationTable.largestWidth }
    guard !widths.isEmpty else {
      quantization = nil
      return
    }
    let path = directory + "/" + QuantizationTable.fileName
    guard access(path, F_OK) == 0 else {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.bits.search: the search has measured no widths (\(path) is not there); run it with \"bits.search\"")
    }
    let table = try QuantizationTable(reading: path, structure.layers)
    if let missing = widths.first(where: { !table.widths.contains($0) }) {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.bits.search: \(missing) bits were not measured, only \(table.widths.map(String.init).joined(separator: ", "))"
      )
    }
    if let missing = analysis.layersOfChosenBits.first(where: { table.weight[$0].isEmpty }) {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.bits: what layer '\(structure.layers[missing].name)' loses in fewer bits was not measured; its widths were given "
          + "when the search ran")
    }
    quantization = table
  }
}
