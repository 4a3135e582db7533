import COpenMPI
import Glibc
import MessagePassing

/// Ends a job of several ranks when one of them cannot go on: one line, then `MPI_Abort`.
///
/// The other ranks may be inside a collective call that will never complete, and MPI has no way to call them back.
struct Abort {
  /// The program's name, which begins the line.
  let program: String
  let world: MPICommunicator
  /// A group of its own, so that notices do not mix with the messages of the program.
  let control: pc_mpi_communicator

  private static let noticeTag: Int32 = 0
  /// How long a rank other than 0 listens for a lower rank that has failed too.
  private static let listeningMilliseconds = 1500
  /// How long a rank that leaves the word to another waits to be ended by it.
  private static let silentSeconds: UInt32 = 10

  /// Ends the job with this rank's failure.
  ///
  /// Ranks often fail together and for one reason, and the user should read it once: the lowest rank that has failed
  /// speaks. Rank 0 does so at once; the others tell those above them, and listen for those below.
  func end(_ failure: JobFailure) -> Never {
    if world.rank > 0 && hasLowerRankFailed() {
      // That rank's abort ends this process; if it does not come, the job still has to end.
      sleep(Self.silentSeconds)
    } else {
      write(failure.message)
    }
    MPI_Abort(world.group.handle, failure.exitCode)
    _exit(failure.exitCode)
  }

  /// Tells the ranks above, and listens for a while whether one below has failed. Failures of MPI do not matter here.
  private func hasLowerRankFailed() -> Bool {
    for higher in world.rank + 1..<world.size {
      _ = pc_mpi_notify(control, Int32(higher), Self.noticeTag)
    }
    for _ in 0..<Self.listeningMilliseconds {
      var isThere: Int32 = 0
      _ = MPI_Iprobe(
        pc_mpi_any_source(), Self.noticeTag, control.handle, &isThere, pc_mpi_ignore_status())
      // Only lower ranks send to this one.
      if isThere != 0 { return true }
      usleep(1000)
    }
    return false
  }

  private func write(_ message: String) {
    let place = world.rank == 0 ? "" : "rank \(world.rank) (\(world.location.hostName)): "
    let line = Array("\(program): error: \(place)\(onOneLine(message))\n".utf8)
    // One write, so that the line stays whole among those of other ranks.
    _ = Glibc.write(STDERR_FILENO, line, line.count)
    // mpirun forwards it on one path and its own words about the abort on another: ours should come first.
    usleep(100_000)
  }
}
