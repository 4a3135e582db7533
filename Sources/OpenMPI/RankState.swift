import MessagePassing

/// What the copies of one rank's communicator share, and what has to be seen to whatever the rank is doing.
final class RankState {
  /// The messages that this rank has posted and that are still on their way.
  var posts = PostedMessages()
  /// Who looks at waits that take too long; `nil` where they may take for ever.
  var watch: StallWatch?

  private static let sweepInterval: UInt64 = 20_000_000
  private var lastSweep = MonotonicClock.now()

  /// What every call does first: answers other ranks, and refuses to go on after a stall.
  ///
  /// - Parameter wait: what the call may wait for; `nil` in a call that does not wait.
  func enter(_ wait: Wait? = nil) throws(CommunicationError) {
    guard watch != nil || !posts.isEmpty else { return }
    try attend(to: WaitReport(wait: wait, waited: 0), at: MonotonicClock.now())
  }

  /// What every wait does between its pauses, too.
  func attend(to own: WaitReport, at time: UInt64) throws(CommunicationError) {
    try watch?.attend(to: own, at: time)
    // A copy of what is gone is not kept until there is a next post.
    if !posts.isEmpty && time >= lastSweep + Self.sweepInterval {
      lastSweep = time
      try posts.sweep()
    }
  }
}
