public import Search

/// What the layers of a model take, as a table.
public struct ProfileSummary {
  private let outcome: ProfileOutcome

  /// A summary of a run.
  public init(_ outcome: ProfileOutcome) { self.outcome = outcome }

  /// The summary as lines.
  /// - Parameter width: characters per line; `nil` for no limit. Where it is too narrow, the op types give way.
  public func text(width: Int?) -> String {
    func fits(_ table: String) -> Bool { table.split(separator: "\n").allSatisfy { $0.count <= width ?? .max } }
    let whole = table(hasTypes: true, width: width)
    var text = fits(whole) ? whole : table(hasTypes: false, width: width)
    let (sum, half) = (outcome.milliseconds, outcome.halfMilliseconds)
    text +=
      "all layers: \(ProfileSummary.time(sum)) per sample on 1 thread, \(ProfileSummary.time(half)) at half widths\n"
    text += "times taken: \(outcome.measured)"
    text += outcome.measured > 0 ? " in \(ProfileSummary.duration(outcome.seconds))\n" : ", all were known\n"
    let machine = outcome.machine
    text += "machine: \(machine.processor)\n"
    text += "executor: \(machine.executor), \(Quantity.number(machine.batchSize, "sample")) per run\n"
    text += "table: \(outcome.file)\n"
    return text
  }

  private func table(hasTypes: Bool, width: Int?) -> String {
    var columns = [TextTable.Column("layer", .leading, shrinking: .beginning)]
    if hasTypes { columns.append(.init("type", .leading)) }
    var table = TextTable(
      columns + [.init("in"), .init("out"), .init("time"), .init("half widths"), .init("times taken")])
    for layer in outcome.layers {
      let cells = [
        "\(layer.inputs)", "\(layer.outputs)", ProfileSummary.time(layer.milliseconds),
        ProfileSummary.time(layer.halfMilliseconds), "\(layer.count)",
      ]
      table.append([layer.name] + (hasTypes ? [layer.opType] : []) + cells)
    }
    return table.text(width: width)
  }

  private static func time(_ milliseconds: Double) -> String { Quantity.time(milliseconds / 1e3) }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds)
    return whole < 100 ? Quantity.time(seconds) : "\(whole / 60) min \(whole % 60) s"
  }
}
