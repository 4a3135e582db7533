import Configuration
public import Search

/// What the layers of a model take, as a table.
public struct ProfileSummary {
  private let outcome: ProfileOutcome

  /// A summary of a run.
  public init(_ outcome: ProfileOutcome) { self.outcome = outcome }

  /// The summary as lines.
  /// - Parameter width: characters per line; `nil` for no limit. Where it is too narrow, the less important columns give way.
  public func text(width: Int?) -> String {
    let (sum, half) = (outcome.milliseconds, outcome.halfMilliseconds)
    var text =
      "all layers: \(ProfileSummary.time(sum)) per sample on 1 thread, \(ProfileSummary.time(half)) at half widths\n"
    text += "times taken: \(outcome.measured)"
    text += outcome.measured > 0 ? " in \(ProfileSummary.duration(outcome.seconds))\n" : ", all were known\n"
    let machine = outcome.machine
    text += "machine: \(machine.processor)\n"
    text += "executor: \(machine.executor), \(Quantity.number(machine.batchSize, "sample")) per run\n"
    text += "table: \(outcome.file)\n"
    return table.text(width: width) + text.wrapped(to: width)
  }

  private var table: TextTable {
    var table = TextTable([
      .init("layer", .leading, shrinking: .middle), .init("type", .leading, leaves: 4), .init("in", leaves: 2),
      .init("out", leaves: 1), .init("time"), .init("half widths"), .init("times taken", leaves: 3),
    ])
    for layer in outcome.layers {
      table.append(
        [
          layer.name, layer.opType, "\(layer.inputs)", "\(layer.outputs)", ProfileSummary.time(layer.milliseconds),
          ProfileSummary.time(layer.halfMilliseconds), "\(layer.count)",
        ], short: LayerIdentity(name: layer.name, opType: layer.opType, weight: "").modulePath)
    }
    return table
  }

  private static func time(_ milliseconds: Double) -> String { Quantity.time(milliseconds / 1e3) }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds)
    return whole < 100 ? Quantity.time(seconds) : "\(whole / 60) min \(whole % 60) s"
  }
}
