import Allocation
import ArrayFiles
import Configuration
import Sensitivity

/// The report of a search that is about to end, at rank 0.
struct SearchReport {
  private let format: any ReportFormat
  private let analysis: NetworkAnalysis
  private let configuration: SearchConfiguration
  private let ratios: JSONValue
  private let losses: [[Double]]
  private let curve: ReportContent.Curve
  private let directory: String

  init(
    _ format: any ReportFormat, _ analysis: NetworkAnalysis, _ configuration: SearchConfiguration,
    _ ratios: RatioConfig, _ measurement: SensitivityMeasurement, _ curve: ReportContent.Curve, _ directory: String
  ) {
    self.format = format
    self.analysis = analysis
    self.configuration = configuration
    self.ratios = ratios.json
    losses = configuration.solver.robust ? measurement.table.upperGroups : measurement.table.groups
    self.curve = curve
    self.directory = directory
  }

  /// Makes the page.
  /// - Parameter record: the content of `run.json`, but for the list of outputs.
  func write(_ record: JSONValue) throws {
    let content = try ReportContent(
      ReportContent.Sources(
        analysis: analysis, configuration: configuration, losses: losses,
        record: LocatedJSON(root: record, file: directory + "/" + RunJournal.fileName),
        ratios: LocatedJSON(root: ratios, file: directory + "/ratios.json"),
        evaluation: try StoredEvaluation.read(directory), curve: curve))
    try AtomicFile.write(format.page(of: content), to: directory + "/" + ResultFiles.report)
  }
}

extension SearchReport {
  /// The curve of what a search has measured, where it has one.
  static func curve(
    _ preparation: Preparation, _ result: SearchResult, _ quantization: QuantizationTable?
  ) throws -> ReportContent.Curve {
    if let absence = CurveAbsence(preparation) { return .absent(absence) }
    let configuration = preparation.configuration
    let stored = try StoredMeasurement(result.first, quantization, preparation.structure, configuration)
    return try curve(preparation.analysis, configuration, stored)
  }

  /// The curve of stored measurements.
  static func curve(
    _ analysis: NetworkAnalysis, _ configuration: SearchConfiguration, _ stored: StoredMeasurement
  ) throws -> ReportContent.Curve {
    do {
      let input = try analysis.input(stored.losses, stored.quantization)
      return .drawn(try StoredFrontier(analysis, input, stored, configuration, count: points))
    } catch let error as AllocationError {
      throw SearchError(error, in: configuration)
    }
  }

  /// Points of the curve: enough for a smooth line and a slider, few enough to take a second.
  private static let points = 24
}

extension CurveAbsence {
  /// Why a search draws no curve by itself; `nil` where it does.
  init?(_ preparation: Preparation) {
    if let absence = CurveAbsence(preparation.configuration) {
      self = absence
      return
    }
    guard preparation.setLossCount > Self.mostNumbers else { return nil }
    self = .laborious
  }

  /// Why there can be no curve; `nil` where there can.
  init?(_ configuration: SearchConfiguration) {
    if configuration.targets.isEmpty {
      self = .noTarget
    } else if configuration.solver.method == .measured {
      self = .measured
    } else if configuration.solver.iterations > 1 {
      self = .steps
    } else {
      return nil
    }
  }

  /// Numbers of a set loss above which a curve takes seconds.
  private static let mostNumbers = 1 << 21
}

extension Preparation {
  /// How many numbers the loss of sets is made of; 0 where units add up.
  fileprivate var setLossCount: Int {
    guard keepsRows, let rows else { return 0 }
    return rows.rowCount * layout.unitCount * (rows.isSketch ? 1 : plan.shards.count)
  }
}

/// The `evaluation.json` that stands beside a result.
enum StoredEvaluation {
  static let fileName = "evaluation.json"

  /// Its content; `nil` where there is none.
  static func read(_ directory: String) throws -> LocatedJSON? {
    let path = directory + "/" + fileName
    guard FileIdentity(path) != nil else { return nil }
    return try LocatedJSON(reading: path)
  }
}

extension LocatedJSON {
  /// The content of a result file.
  /// - Throws: when it cannot be read, or is no JSON.
  init(reading path: String) throws {
    let text = try FileHandleReader.contents(of: path, limit: 256 << 20)
    do throws(ConfigurationError) {
      self.init(root: try JSONValue(parsing: text, file: path), file: path)
    } catch {
      throw SearchError(.badContent, file: path, "\(error.path): \(error.problem)")
    }
  }
}
