import COpenMPI
import MessagePassing

extension MPICommunicator {
  /// Makes a collective call of MPI and waits for its end.
  ///
  /// - Parameters:
  ///   - byteCount: how many bytes move, the same on every rank.
  ///   - start: the call that starts it.
  func collect(
    _ call: WaitingCall, byteCount: Int, _ start: (inout pc_mpi_request) -> Int32
  ) throws(CommunicationError) {
    let wait = Wait(call: call)
    // Many bytes need many steps, which ranks that sleep between them would take slowly: first all wait until all are
    // there, as long as that takes, and then stay awake.
    if byteCount > Pace.smallByteCount {
      try complete(wait, pace: .forArrival) { MPI_Ibarrier(group.handle, &$0.handle) }
    }
    try complete(wait, pace: .forTransfer(of: byteCount), start)
  }

  /// Starts a call of MPI and waits for its end.
  func complete(
    _ wait: Wait, pace: Pace, limit: UInt64? = nil, _ start: (inout pc_mpi_request) -> Int32
  ) throws(CommunicationError) {
    try state.enter(wait)
    var request = pc_mpi_request()
    try check(start(&request), wait.call.name)
    try self.wait(wait, pace: pace, limit: limit) { () throws(CommunicationError) -> Void? in
      var isDone: Int32 = 0
      try check(MPI_Test(&request.handle, &isDone, pc_mpi_ignore_status()), wait.call.name)
      return isDone != 0 ? () : nil
    }
  }

  /// Asks `result` until it gives something: MPI's own waiting calls would use a whole core, and never come back from a
  /// rank that is stopped or cut off.
  ///
  /// - Parameter limit: nanoseconds after which the wait is a stall whatever the job allows; `nil` for what it allows.
  func wait<Value>(
    _ wait: Wait, pace: Pace, limit: UInt64? = nil, for result: () throws(CommunicationError) -> Value?
  ) throws(CommunicationError) -> Value {
    if let value = try result() { return value }
    var pace = pace
    while true {
      pace.pause()
      if let value = try result() {
        try state.watch?.noteEndOfWait()
        return value
      }
      try state.attend(to: WaitReport(wait: wait, waited: pace.waited), at: pace.now)
      if let limit, pace.waited > limit {
        throw CommunicationError(
          .stalled, operation: wait.call.name, text: "not all ranks came within \(limit / MonotonicClock.second) s")
      }
    }
  }
}
