/// The calls of MPI in which a rank may wait for others; the numbers travel between ranks.
enum WaitingCall: Int64, CaseIterable {
  case barrier = 1
  case broadcast
  case gather
  case reduce
  case allReduce
  case send
  case receive
  case probe
  case finalize

  /// MPI's name.
  var name: String {
    switch self {
    case .barrier: "MPI_Ibarrier"
    case .broadcast: "MPI_Ibcast"
    case .gather: "MPI_Igatherv"
    case .reduce: "MPI_Ireduce"
    case .allReduce: "MPI_Iallreduce"
    case .send: "MPI_Isend"
    case .receive: "MPI_Irecv"
    case .probe: "MPI_Iprobe"
    case .finalize: "MPI_Finalize"
    }
  }
}

/// What a rank waits for: the end of a call, and the one rank that the call is about, if there is one.
struct Wait: Hashable, CustomStringConvertible {
  let call: WaitingCall
  var peer: Int?

  var description: String {
    guard let peer else { return call.name }
    return call == .send ? "\(call.name) to rank \(peer)" : "\(call.name) from rank \(peer)"
  }
}

/// What a rank says of itself: what it waits for, if anything, and for how many nanoseconds it has.
struct WaitReport {
  let wait: Wait?
  let waited: UInt64
}
