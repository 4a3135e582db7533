public import WorkSharing

/// A phase of a run on one line.
public struct ProgressLine {
  private let progress: PhaseProgress

  /// The line of a phase.
  public init(_ progress: PhaseProgress) { self.progress = progress }

  /// While it goes on: what is done of how much, how fast, and what time is left; or the time that it has taken so far.
  /// - Parameter width: columns that the line may take, `nil` for any; what matters least gives way.
  public func running(width: Int? = nil) -> String {
    guard let total = progress.total else {
      return ProgressLine.fitting([title(": \(seconds(progress.seconds))"), progress.phase.title], width)
    }
    let percent = "\(progress.done * 100 / total) %"
    let count = "\(percent) (\(progress.done) of \(units(total)))"
    let rate = rate.map { ", \($0)" } ?? ""
    let left = progress.secondsLeft.map { ", \(seconds($0.rounded(.up))) left" } ?? ""
    return ProgressLine.fitting(
      [
        title(": \(count)\(rate)\(left)"), title(": \(count)\(left)"), title(": \(percent)\(left)"),
        "\(progress.phase.title): \(percent)\(left)", "\(progress.phase.title): \(percent)",
      ], width)
  }

  /// When it is done: how much there was, and what time it took.
  /// - Parameter width: columns that the line may take, `nil` for any; what matters least gives way.
  public func finished(width: Int? = nil) -> String {
    let time = Quantity.duration(progress.seconds)
    guard let total = progress.total else {
      return ProgressLine.fitting([title(": \(time)"), "\(progress.phase.title): \(time)"], width)
    }
    let count = "\(units(total)) in \(time)"
    let rate = rate.map { ", \($0)" } ?? ""
    let found = progress.found > 0 ? ", \(progress.found) of them from the checkpoint" : ""
    return ProgressLine.fitting(
      [
        title(": \(count)\(rate)\(found)"), title(": \(count)\(rate)"), title(": \(count)"), title(": \(time)"),
        "\(progress.phase.title): \(time)",
      ], width)
  }

  private func title(_ rest: String) -> String {
    progress.phase.title + (progress.subject.map { ", \($0)" } ?? "") + rest
  }

  private func units(_ count: Int) -> String { Quantity.number(count, progress.unit) }

  /// Whole seconds: what changes ten times a second cannot be read.
  private func seconds(_ seconds: Double) -> String {
    seconds < 99.5 ? "\(Int(seconds)) s" : Quantity.duration(seconds)
  }

  /// Units per second; where less than one, seconds per unit.
  private var rate: String? {
    guard let rate = progress.rate, rate.isFinite else { return nil }
    return rate < 1
      ? "\(Quantity.duration(1 / rate)) per \(progress.unit)"
      : "\(Quantity.decimal(rate, rate < 99.95 ? 1 : 0)) \(progress.unit)s/s"
  }

  /// The first that fits, or the last one cut.
  private static func fitting(_ candidates: [String], _ width: Int?) -> String {
    guard let width, let last = candidates.last else { return candidates[0] }
    return candidates.first { $0.columns <= width } ?? last.shortened(to: width)
  }
}
