import Channels
public import Configuration
public import Search
import Surgery

/// A pruning's outcome as text for a terminal: what it cost and saved, the certificate, the repairs, the networks.
public struct PruningSummary {
  private let outcome: PruningOutcome

  /// The summary of an outcome.
  public init(_ outcome: PruningOutcome) { self.outcome = outcome }

  /// Costs, certificate, repairs and networks.
  /// - Parameters:
  ///   - width: columns of the terminal; `nil` for no limit.
  ///   - hasCosts: whether the costs come first; a search has shown them.
  public func text(width: Int?, hasCosts: Bool = true) -> String {
    var text = outcome.removesNothing ? "nothing is removed\n" : ""
    if hasCosts { text += costs.text(width: width) + "\n" }
    text += lines.wrapped(to: width)
    if !outcome.evaluations.isEmpty { text += "\n" + EvaluationTable(outcome.evaluations).text(width: width) }
    if outcome.isEvaluatedOnFittedSamples {
      text += "these samples served the repair too: name others in $.evaluation\n".wrapped(to: width)
    }
    let files = "written: \(outcome.path), with \(outcome.companions.joined(separator: ", ")) beside it\n"
    return text + files.wrapped(to: width)
  }

  /// What was put in front of layers, the certificate and the repairs.
  private var lines: String {
    var text = ""
    for gather in outcome.gathers {
      text += "\(gather.layer.printable()): a Gather in front leaves out \(Quantity.number(gather.leftOut, "input")), "
      text += "saves \(Quantity.count(gather.savedFlops)) FLOPs and copies \(Quantity.count(gather.copiedElements)) "
      text += "elements per sample\n"
    }
    text += certificate
    for step in outcome.repairs {
      text += "repair \(step.kind.rawValue) of \(Quantity.number(step.layerCount, "layer")): loss "
      text += "\(Quantity.significant(step.lossBefore)) -> \(Quantity.significant(step.lossAfter)), "
      text += "on \(step.isHeldOut ? "held-out" : "the fitted") samples, \(step.isKept ? "kept" : "not kept")\n"
    }
    return text
  }

  private var costs: TextTable {
    var table = TextTable([
      .init("cost", .leading, shrinking: .middle), .init("full", leaves: 1), .init("current"), .init("level"),
    ])
    for cost in outcome.costs.costs {
      let metric = SearchConfiguration.Metric(cost.metric)
      table.append([
        metric.rawValue, Quantity.cost(Double(cost.before), metric), Quantity.cost(Double(cost.after), metric),
        Quantity.decimal(cost.before > 0 ? 1 - Double(cost.after) / Double(cost.before) : 0, 3),
      ])
    }
    return table
  }

  private var certificate: String {
    let certificate = outcome.certificate
    var samples: [String] = []
    if let data = certificate.data { samples.append(Quantity.number(data.samples, "calibration sample")) }
    if let probes = certificate.probes { samples.append(Quantity.number(probes.samples, "random sample")) }
    return "certificate: differs from the masked original by at most "
      + "\(Quantity.significant(certificate.relativeDifference)) relative on \(samples.joined(separator: " and "))\n"
  }

  /// The outcome for a script.
  public var json: JSONValue {
    var costs = JSONObject()
    for cost in outcome.costs.costs {
      costs[cost.metric.rawValue] = ["before": .integer(cost.before), "after": .integer(cost.after)]
    }
    return [
      "output": .string(outcome.path), "cost": .object(costs),
      "largest_relative_difference": .number(outcome.certificate.relativeDifference),
      "repairs": .array(
        outcome.repairs.map { step in
          [
            "kind": .string(step.kind.rawValue), "layers": .integer(step.layerCount),
            "loss_before": .number(step.lossBefore), "loss_after": .number(step.lossAfter),
            "is_kept": .boolean(step.isKept),
          ]
        }),
      "networks": .array(outcome.evaluations.map { $0.json() }),
    ]
  }
}
