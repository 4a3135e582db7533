import COpenMPI
import MessagePassing

extension MPICommunicator {
  /// For how long messages are looked after that are on their way when all ranks have ended their work.
  private static let lastPostsNanoseconds = MonotonicClock.second

  /// Makes calls that wait for longer than `timeout` fail, from now on; collective, as every rank tells its host.
  func watchStalls(after timeout: Duration?, notices: FailureNotices) throws(CommunicationError) {
    guard let timeout else { return }
    let watch = StallWatch(timeout: timeout, notices: notices)
    state.watch = watch
    let hostNames = try gather(location.hostName, at: 0)
    var first = Array(location.hostName.utf8)
    try broadcast(&first, from: 0)
    watch.hostNames = [0: String(decoding: first, as: UTF8.self)]
    for (rank, name) in (hostNames ?? []).enumerated() { watch.hostNames[rank] = name }
  }

  /// Waits until every rank has ended its work, so that none is left alone inside `MPI_Finalize`, which has no limit.
  ///
  /// - Parameters:
  ///   - control: a group of all ranks in which none can be inside a call of the program.
  ///   - limit: nanoseconds after which the wait fails whatever the job allows.
  func meetAtEnd(_ control: pc_mpi_communicator, limit: UInt64?) throws(CommunicationError) {
    try complete(Wait(call: .finalize), pace: .forArrival, limit: limit) { MPI_Ibarrier(control.handle, &$0.handle) }
    // No rank receives any more. What was received may need a moment until its sender knows; the rest stays where it is.
    var pace = Pace.forArrival
    try state.posts.sweep()
    while !state.posts.isEmpty && pace.waited < Self.lastPostsNanoseconds {
      pace.pause()
      try state.posts.sweep()
    }
  }
}
