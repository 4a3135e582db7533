/// What a piece of work calls as it gets on: between its calls a run can be seen to be alive, and can be stopped.
public struct WorkPulse: Sendable {
  private let queue: WorkQueue
  private let stop: StopRequest

  /// A batch that ends so soon after a stop was asked for is finished. Longer ones are given up: a launcher that ends its
  /// ranks leaves them two seconds.
  static let grace = Duration.seconds(1)

  init(_ queue: WorkQueue, _ stop: StopRequest) {
    self.queue = queue
    self.stop = stop
  }

  /// Says that the work is getting on, inside a batch.
  /// - Throws: `Abandoned` when a stop was asked for a while ago, or the run ends with an error.
  public func beat() throws {
    queue.beat()
    if queue.hasGivenUp || stop.isMade && stop.age > WorkPulse.grace { throw Abandoned() }
  }

  /// Says that a unit of progress is done, and that another one of the same piece would begin.
  /// - Throws: `Abandoned` when a stop was asked for, or the run ends with an error.
  public func advance(isLast: Bool) throws {
    queue.advance()
    if queue.hasGivenUp || !isLast && stop.isMade { throw Abandoned() }
  }

  /// A piece of work that was given up because the run stops.
  struct Abandoned: Error {}
}
