public import WorkSharing

/// What of a run's progress goes into a log: a line for every phase that is done, and for long ones at most one for every
/// tenth before.
public struct ProgressLog: Sendable {
  private var tenths = 0
  private var lastLine: Double?

  /// Lines are so many seconds apart, those of finished phases left out.
  private static let interval = 1.0
  /// A phase that has gone on for so many seconds without a line says that it does.
  private static let patience = 5.0

  /// A log in which nothing stands yet.
  public init() {}

  /// The line for what happens; `nil` where there is none.
  public mutating func line(for event: ProgressEvent) -> String? {
    switch event {
    case .started:
      (tenths, lastLine) = (0, nil)
      return nil
    case .advanced(let progress):
      let now = progress.total.map { progress.done * 10 / $0 } ?? 0
      let isFurther = now > tenths && now < 10 && progress.seconds - (lastLine ?? 0) >= ProgressLog.interval
      guard isFurther || lastLine == nil && progress.seconds >= ProgressLog.patience else { return nil }
      (tenths, lastLine) = (now, progress.seconds)
      return ProgressLine(progress).running()
    case .finished(let progress): return ProgressLine(progress).finished()
    }
  }
}
