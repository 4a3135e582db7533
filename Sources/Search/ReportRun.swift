import ArrayFiles
import Channels
import Configuration
import Sensitivity

/// Makes the report of a finished search again, from the files that it has left and its model.
public struct ReportRun {
  /// What is asked for.
  public struct Request: Sendable {
    /// The directory that the search has written.
    public var directory: String
    /// The model, where it is no longer where the search found it.
    public var model: String?
    /// Where the page goes; `nil` for the search's own, which `run.json` then names.
    public var output: String?
    /// Whether a curve that the search has left out is drawn.
    public var drawsCurve = false

    /// A request with the defaults.
    public init(directory: String) { self.directory = directory }
  }

  private let format: any ModelFormat
  private let report: any ReportFormat

  /// A run in this process.
  public init(format: any ModelFormat, report: any ReportFormat) {
    self.format = format
    self.report = report
  }

  /// Makes the page and writes it.
  /// - Returns: the files written.
  /// - Throws: what is wrong with the directory, its files, or the model, and an output in whose place another file is.
  public func execute(_ request: Request) throws -> [String] {
    let directory = request.directory
    let lock = try request.output == nil ? OutputLock(directory) : nil
    defer { withExtendedLifetime(lock) {} }
    let made = try make(request)
    if let output = request.output {
      try AtomicFile.write(made.page, to: output)
      return [output]
    }
    var written: [String] = []
    if let frontier = made.drawn {
      try frontier.write(to: directory + "/" + StoredFrontier.fileName)
      written.append(StoredFrontier.fileName)
    }
    try AtomicFile.write(made.page, to: directory + "/" + ResultFiles.report)
    written.append(ResultFiles.report)
    try note(written, in: made.finished, made.outputs, directory)
    return written.map { directory + "/" + $0 }
  }

  /// Makes the page, as UTF-8, and writes nothing.
  /// - Throws: what is wrong with the directory, its files, or the model.
  public func page(_ request: Request) throws -> [UInt8] { try make(request).page }

  /// A page, and what it was made of.
  private struct Made {
    let page: [UInt8]
    /// A curve that the search has left out.
    let drawn: StoredFrontier?
    let finished: FinishedRecord
    let outputs: [RunOutput]
  }

  private func make(_ request: Request) throws -> Made {
    let directory = request.directory
    let finished = try ReportRun.record(in: directory)
    guard finished.root["comparison"] == nil else {
      throw SearchError(
        .badContent, file: finished.path,
        "$.comparison: this is the record of a comparison, which has tables and no page; a page is made of a search")
    }
    let stored = try StoredRun(finished)
    let outputs = try finished.outputs()
    /// A file of the result, if it has one of this name, as the search has written it.
    func checked(_ name: String) throws -> String? {
      guard let output = outputs.first(where: { $0.name == name }) else { return nil }
      try VerifyRun.check(directory + "/" + name, output)
      return directory + "/" + name
    }
    func required(_ name: String) throws -> String {
      guard let path = try checked(name) else {
        throw SearchError(
          .badContent, file: finished.path, "$.outputs: \(name) is missing: this is no record of a search")
      }
      return path
    }
    let configuration = stored.configuration
    try ReportRun.checkOutput(request, finished, outputs, configuration)
    let network = try stored.network(format, model: request.model)
    let latency = try configuration.latencyTable.map { try LatencyTable(reading: $0.path) }
    let analysis = try NetworkAnalysis(network, configuration, latency: latency)
    let structure = analysis.solving.structure
    let sensitivities = try StoredSensitivities(
      reading: try required(StoredSensitivities.fileName), for: structure)
    var drawn: StoredFrontier?
    let curve: ReportContent.Curve
    if let path = try checked(StoredFrontier.fileName) {
      curve = .drawn(try StoredFrontier(reading: path, structure.layers))
    } else if let absence = CurveAbsence(configuration) {
      guard !request.drawsCurve else {
        throw SearchError(
          .configuration, file: finished.path, "--frontier: there is no curve of this search: \(absence.reason)")
      }
      curve = .absent(absence)
    } else if request.drawsCurve {
      let measurement = try StoredMeasurement(reading: directory, analysis, configuration)
      curve = try SearchReport.curve(analysis, configuration, measurement)
      if case .drawn(let frontier) = curve { drawn = frontier }
    } else {
      curve = .absent(.laborious)
    }
    let content = try ReportContent(
      ReportContent.Sources(
        analysis: analysis, configuration: configuration,
        losses: configuration.solver.robust ? sensitivities.upperGroups : sensitivities.scores.groups,
        record: LocatedJSON(root: finished.root, file: finished.path),
        ratios: try LocatedJSON(reading: try required("ratios.json")),
        evaluation: try checked(StoredEvaluation.fileName).map { try LocatedJSON(reading: $0) }, curve: curve))
    return Made(page: report.page(of: content), drawn: drawn, finished: finished, outputs: outputs)
  }

  /// Lets the record name the files as they now are.
  private func note(
    _ written: [String], in finished: FinishedRecord, _ outputs: [RunOutput], _ directory: String
  ) throws {
    var changed = outputs
    for name in written {
      let output = try RunOutput(name, in: directory)
      if let index = changed.firstIndex(where: { $0.name == name }) {
        changed[index] = output
      } else {
        changed.append(output)
      }
    }
    guard changed != outputs else { return }
    var record = finished.root
    record["outputs"] = .array(changed.map(\.json))
    try RunJournal.write(record, in: directory)
  }
}
