import COpenMPI

/// How ranks that fail together agree who tells the user: the lowest of them.
struct FailureNotices {
  let rank: Int
  let size: Int
  /// A group of its own, so that notices do not mix with the messages of the program.
  let control: pc_mpi_communicator

  private static let tag: Int32 = 0
  /// How long a rank other than 0 listens for a lower rank that has failed too.
  private static let listeningMilliseconds = 1500

  /// Tells the ranks above that this one has failed, and listens for a while whether one below has: rank 0 never waits.
  /// Failures of MPI do not matter here.
  func isLowestToFail() -> Bool {
    guard rank > 0 else { return true }
    for higher in rank + 1..<size {
      _ = pc_mpi_notify(control, Int32(higher), Self.tag)
    }
    for _ in 0..<Self.listeningMilliseconds {
      var isThere: Int32 = 0
      _ = MPI_Iprobe(pc_mpi_any_source(), Self.tag, control.handle, &isThere, pc_mpi_ignore_status())
      // Only lower ranks send to this one.
      if isThere != 0 { return false }
      MonotonicClock.sleep(nanoseconds: MonotonicClock.second / 1000)
    }
    return true
  }
}
