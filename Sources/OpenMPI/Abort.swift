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
  let notices: FailureNotices

  /// How long a rank that leaves the word to another waits to be ended by it.
  private static let silentSeconds: UInt64 = 10

  /// Ends the job with this rank's failure.
  ///
  /// Ranks often fail together and for one reason, and the user should read it once: the lowest rank that has failed
  /// speaks. Rank 0 does so at once; the others tell those above them, and listen for those below.
  func end(_ failure: JobFailure) -> Never {
    if world.state.watch?.maySpeak ?? notices.isLowestToFail() {
      write(failure)
    } else {
      // That rank's abort ends this process; if it does not come, the job still has to end.
      MonotonicClock.sleep(nanoseconds: Self.silentSeconds * MonotonicClock.second)
    }
    MPI_Abort(world.group.handle, failure.exitCode)
    _exit(failure.exitCode)
  }

  private func write(_ failure: JobFailure) {
    let place = world.rank == 0 ? "" : "rank \(world.rank) (\(world.location.hostName)): "
    let line = Array("\(failure.preface)\(program): error: \(place)\(onOneLine(failure.message))\n".utf8)
    // One write, so that the line stays whole among those of other ranks; again only when a signal came first.
    while Glibc.write(STDERR_FILENO, line, line.count) < 0 && errno == EINTR {}
    // mpirun forwards it on one path and its own words about the abort on another: ours should come first.
    MonotonicClock.sleep(nanoseconds: MonotonicClock.second / 10)
  }
}
