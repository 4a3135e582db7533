public import Configuration

/// What a comparison gave: the content of `compare.json`, and what it took.
public struct ComparisonOutcome: Sendable {
  /// A criterion.
  public struct Criterion: Sendable {
    /// What it is called beside the others.
    public let label: String
    /// What it took to measure; 0 where it came to nothing.
    public let seconds: Double
  }

  /// One combination.
  public struct Row: Sendable {
    /// Its number, from 1 on.
    public let number: Int
    /// Index into `criteria`.
    public let criterion: Int
    /// Index into `solvers`.
    public let solver: Int
    /// Index into `targets`.
    public let target: Int
    /// The plan and what it does to the network; `nil` where there is none.
    public let plan: Plan?
    /// Why there is no plan.
    public let failure: String?
    /// Whether no other plan for its target leaves a smaller loss; the first of several.
    public fileprivate(set) var isBest = false
  }

  /// A plan and what it does to the network.
  public struct Plan: Sendable {
    /// What goes, as a search would write it.
    public let ratios: RatioConfig
    /// What the loss is predicted to grow by; `nil` where the criterion predicts no loss.
    public let predictedLossChange: Double?
    /// Mean loss of the samples without what goes, nothing repaired.
    public let loss: Double
    /// Share of them classified as they should be; `nil` where there are no classes.
    public let accuracy: Double?
    /// Mean loss of the samples once repaired; `nil` where no repair was asked for.
    public let repairedLoss: Double?
    /// Share of them classified as they should be once repaired.
    public let repairedAccuracy: Double?
    /// What solving took, evaluations and further measurements for it included; evaluating, which is an equal share of
    /// what all networks took; and repairing, where that was asked for.
    public let seconds: (solving: Double, evaluating: Double, repairing: Double?)

    /// The loss of the network that this plan would give in the end.
    public var finalLoss: Double { repairedLoss ?? loss }
  }

  /// What was asked.
  public let configuration: SearchConfiguration
  /// The criteria.
  public let criteria: [Criterion]
  /// What the solvers are called.
  public let solvers: [String]
  /// What the targets are called.
  public let targets: [String]
  /// Target after target, the smallest loss first (that of the repaired network where it is repaired), what has failed last.
  public let rows: [Row]
  /// Mean loss of the samples in the network as it is.
  public let originalLoss: Double
  /// Share of them that it classifies as they should be; `nil` where there are no classes.
  public let originalAccuracy: Double?
  /// Samples evaluated.
  public let sampleCount: Int
  /// The files written.
  public let files: [String]
  /// Where they are.
  public let directory: String
  private let model: (name: String, sha256: String)

  init(
    _ candidates: ComparisonCandidates, _ plans: [ComparisonRun.Plan?], _ evaluated: ComparisonRun.Evaluated,
    repaired: [ComparisonRun.Repaired?]?, criteria: [Criterion], _ base: Preparation, model: [FileDigest]
  ) {
    let configuration = candidates.configuration
    self.configuration = configuration
    self.criteria = criteria
    solvers = configuration.comparedSolvers.map(configuration.label)
    targets = configuration.comparedTargets.map(SearchConfiguration.label)
    originalLoss = evaluated.original.loss
    originalAccuracy = evaluated.original.accuracy
    sampleCount = evaluated.sampleCount
    self.model = (base.analysis.name, model.first?.sha256 ?? "")
    var rows = candidates.all.enumerated().map { index, candidate in
      var plan: Plan?
      if let ratios = plans[index]?.ratios, let score = evaluated.plans[index] {
        plan = Plan(
          ratios: ratios,
          predictedLossChange: candidate.configuration?.predictionUnit == .loss ? ratios.predictedLossChange : nil,
          loss: score.loss, accuracy: score.accuracy, repairedLoss: repaired?[index]?.score.loss,
          repairedAccuracy: repaired?[index]?.score.accuracy,
          seconds: (plans[index]?.seconds ?? 0, evaluated.seconds, repaired?[index]?.seconds))
      }
      return Row(
        number: index + 1, criterion: candidate.combination.criterion, solver: candidate.combination.solver,
        target: candidate.combination.target, plan: plan, failure: candidates.reason(index))
    }
    rows.sort {
      ($0.target, $0.plan?.finalLoss ?? .infinity, $0.number) < ($1.target, $1.plan?.finalLoss ?? .infinity, $1.number)
    }
    for index in rows.indices where rows[index].plan != nil {
      rows[index].isBest = index == 0 || rows[index - 1].target != rows[index].target
    }
    self.rows = rows
    directory = ComparisonFiles.directory(of: configuration)
    files =
      ComparisonFiles.names
      + rows.filter { $0.plan != nil }.map(\.number).sorted().map(ComparisonFiles.ratios) + [RunJournal.fileName]
  }
}

extension ComparisonOutcome {
  /// The content of `compare.json`: nothing in it changes from run to run.
  public var json: JSONValue {
    let base = rows.lazy.compactMap(\.plan).first?.ratios
    var costs = JSONObject()
    for cost in base?.costs ?? [] { costs[cost.metric.rawValue] = cost.metric.json(cost.before) }
    var original: JSONObject = ["loss": .number(originalLoss)]
    original["accuracy"] = originalAccuracy.map(JSONValue.number) ?? .null
    original["cost"] = .object(costs)
    return [
      "format_version": 1,
      "model": ["name": .string(model.name), "sha256": .string(model.sha256)],
      "evaluated_on": .string(configuration.evaluation == nil ? "calibration" : "evaluation"),
      "samples": .integer(sampleCount),
      "original": .object(original),
      "criteria": .array(criteria.map { .string($0.label) }),
      "solvers": .array(solvers.map(JSONValue.string)),
      "targets": .array(targets.map(JSONValue.string)),
      "rows": .array(rows.map(json)),
    ]
  }

  private func json(_ row: Row) -> JSONValue {
    var object: JSONObject = [
      "row": .integer(row.number), "criterion": .string(criteria[row.criterion].label),
      "solver": .string(solvers[row.solver]), "target": .string(targets[row.target]),
    ]
    guard let plan = row.plan else {
      object["failure"] = .string(row.failure ?? "")
      return .object(object)
    }
    let ratios = plan.ratios
    object["is_best"] = .boolean(row.isBest)
    object["loss"] = .number(plan.loss)
    object["loss_change"] = .number(plan.loss - originalLoss)
    object["accuracy"] = plan.accuracy.map(JSONValue.number) ?? .null
    if configuration.comparison?.repairs == true {
      object["repaired_loss"] = plan.repairedLoss.map(JSONValue.number) ?? .null
      object["repaired_accuracy"] = plan.repairedAccuracy.map(JSONValue.number) ?? .null
    }
    object["predicted_loss_change"] = plan.predictedLossChange.map(JSONValue.number) ?? .null
    object["objective"] = .number(ratios.objective)
    object["lower_bound"] = ratios.lowerBound.map(JSONValue.number) ?? .null
    object["gap"] = ratios.gap.map(JSONValue.number) ?? .null
    object["compression_ratio"] = .number(ratios.achieved.ratio)
    var costs = JSONObject()
    for cost in ratios.costs { costs[cost.metric.rawValue] = cost.metric.json(cost.after) }
    object["cost"] = .object(costs)
    object["ratios"] = .string(ComparisonFiles.ratios(row.number))
    return .object(object)
  }

  /// What a row took: measuring by its criterion, solving, evaluating and repairing; `nil` where it has no plan.
  ///
  /// What was found finished in the checkpoint has taken no time.
  public func seconds(of row: Row) -> Double? {
    row.plan.map { plan in
      criteria[row.criterion].seconds + plan.seconds.solving + plan.seconds.evaluating + (plan.seconds.repairing ?? 0)
    }
  }

  /// What criteria and plans took, for the record of the run.
  var times: JSONValue {
    [
      "criteria": .array(
        criteria.map { ["criterion": .string($0.label), "seconds": .number(RunRecord.milliseconds($0.seconds))] }),
      "rows": .array(
        rows.sorted { $0.number < $1.number }.compactMap { row in
          row.plan.map { plan in
            var object: JSONObject = ["row": .integer(row.number)]
            object["solve_seconds"] = .number(RunRecord.milliseconds(plan.seconds.solving))
            object["evaluate_seconds"] = .number(RunRecord.milliseconds(plan.seconds.evaluating))
            object["repair_seconds"] = plan.seconds.repairing.map { .number(RunRecord.milliseconds($0)) }
            return .object(object)
          }
        }),
    ]
  }

  /// The content of `compare.csv`: a line per row, numbers as in `compare.json`; what is not known is empty.
  var csv: String {
    let metrics = rows.lazy.compactMap(\.plan).first?.ratios.costs.map(\.metric.rawValue) ?? []
    let columns =
      ["row", "target", "criterion", "solver", "is_best", "loss", "loss_change", "accuracy"]
      + (configuration.comparison?.repairs == true ? ["repaired_loss", "repaired_accuracy"] : [])
      + ["predicted_loss_change"]
      + ["objective", "lower_bound", "gap", "compression_ratio"] + metrics + ["ratios", "failure"]
    var text = columns.joined(separator: ",") + "\r\n"
    for row in rows {
      let values = json(row)
      let cells = columns.map { column in
        ComparisonOutcome.cell(metrics.contains(column) ? values["cost"]?[column] : values[column])
      }
      text += cells.joined(separator: ",") + "\r\n"
    }
    return text
  }

  /// A cell, in quotes where it has to be (RFC 4180).
  private static func cell(_ value: JSONValue?) -> String {
    switch value {
    case .boolean(let value): return value ? "true" : "false"
    case .integer(let value): return String(value)
    case .number(let value): return value.description
    case .string(let text):
      guard text.contains(where: { [",", "\"", "\n", "\r", "\r\n"].contains($0) }) else { return text }
      return "\"" + text.replacing("\"", with: "\"\"") + "\""
    default: return ""
    }
  }
}
