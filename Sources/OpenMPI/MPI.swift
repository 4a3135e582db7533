import COpenMPI
import Glibc
import MessagePassing

/// The life of MPI in this process.
public enum MPI {
  /// Starts MPI, runs `body` with all ranks of the job, and ends MPI: once per process.
  ///
  /// Without `mpirun` the job has one rank. In a job of one rank a thrown error comes out of this function, as from any
  /// other. In a larger one the peers may be waiting for this rank: the error is printed as one line on standard error,
  /// `PROGRAM: error: MESSAGE`, and the whole job ends with `failure`'s exit code, so the function does not return.
  /// When several ranks fail together, the lowest of them prints. A failure that all ranks share (`JobFailure.isShared`)
  /// needs no abort: MPI ends in order, the error comes out of this function at rank 0, and the other processes exit with
  /// 0 and print nothing. A rank that does not come to that end within ten seconds makes it an abort after all.
  ///
  /// With a `stallTimeout`, a call that waits for longer is a stall: a `CommunicationError` of kind `.stalled` that
  /// names the ranks that do not answer, with their hosts, and what the others wait for. It comes from rank 0, two
  /// seconds later, or from another rank ten seconds later if rank 0 is the one that does not answer. A rank that
  /// computes without calling MPI does not answer either: choose a timeout above the longest time that any rank,
  /// rank 0 included, computes between its calls. Time in which the whole job was stopped does not count.
  /// The end of `body` is such a call, too: ranks that come early wait for the others there.
  ///
  /// A process that returns from here and then ends with a code other than 0 should be rank 0: `mpirun` and `srun`
  /// take the job's code from it. `MPI` must be called from one thread: the one that calls this function.
  /// - Parameters:
  ///   - program: the name that begins an error's line.
  ///   - stallTimeout: how long a call may wait for other ranks, above zero and the same on every rank; `nil` for ever.
  ///   - failure: what to print for an error, and the exit code that it means.
  ///   - body: the program's work; the communicator must not leave it.
  /// - Returns: what `body` returned on this rank.
  /// - Throws: in a job of one rank what `body` throws; in any a `CommunicationError` of starting or ending MPI, among
  ///   them that the launcher belongs to another MPI.
  public static func withWorld<Result>(
    program: String, stallTimeout: Duration? = nil, failure: (any Error) -> JobFailure,
    _ body: (_ world: MPICommunicator) throws -> Result
  ) throws -> Result {
    try withWorld(program: program, stallTimeout: stallTimeout, messageLimit: nil, failure: failure, body)
  }

  /// The same with a limit on the elements of one message, so that tests see long arrays cut with short ones.
  package static func withWorld<Result>(
    program: String, stallTimeout: Duration? = nil, messageLimit: Int?, failure: (any Error) -> JobFailure,
    _ body: (_ world: MPICommunicator) throws -> Result
  ) throws -> Result {
    precondition(stallTimeout.map { $0 > .zero } ?? true, "a time to wait is positive")
    try start()
    var control = pc_mpi_world()
    var group = pc_mpi_world()
    try check(pc_mpi_duplicate(pc_mpi_world(), &group), "MPI_Comm_dup")
    try check(pc_mpi_duplicate(pc_mpi_world(), &control), "MPI_Comm_dup")
    let world = try MPICommunicator(group: group, messageLimit: messageLimit)
    let notices = FailureNotices(rank: world.rank, size: world.size, control: control)

    let outcome = Swift.Result {
      try world.watchStalls(after: stallTimeout, notices: notices)
      return try body(world)
    }
    if world.size > 1 {
      let abort = Abort(program: program, world: world, notices: notices)
      switch outcome {
      case .success:
        do { try world.meetAtEnd(control, limit: nil) } catch { abort.end(failure(error)) }
      case .failure(let error):
        let jobFailure = failure(error)
        guard jobFailure.isShared else { abort.end(jobFailure) }
        do { try world.meetAtEnd(control, limit: Self.endLimit) } catch { abort.end(jobFailure) }
      }
    }

    try check(pc_mpi_free(&control), "MPI_Comm_free")
    try check(pc_mpi_free(&group), "MPI_Comm_free")
    try check(MPI_Finalize(), "MPI_Finalize")
    // A failure that all ranks share: rank 0 tells the user, and the job's code is taken from it.
    if case .failure = outcome, world.rank > 0 { exit(0) }
    return try outcome.get()
  }

  /// How long the ranks of a job that ends with a failure of all wait for each other, in nanoseconds.
  private static let endLimit = 10 * MonotonicClock.second

  /// Starts MPI for calls from this thread alone, and makes failed calls return.
  private static func start() throws(CommunicationError) {
    var isStarted: Int32 = 0
    try check(MPI_Initialized(&isStarted), "MPI_Initialized")
    guard isStarted == 0 else {
      throw CommunicationError(
        .launch, operation: "MPI_Init_thread", text: "MPI can be started once in a process, and was started before")
    }
    var threadSupport: Int32 = 0
    try check(MPI_Init_thread(nil, nil, pc_mpi_thread_funneled(), &threadSupport), "MPI_Init_thread")
    // Duplicates inherit it. MPI's own handler would end the process with MPI's words.
    try check(pc_mpi_return_errors(pc_mpi_world()), "MPI_Comm_set_errhandler")
    var size: Int32 = 0
    try check(MPI_Comm_size(pc_mpi_world().handle, &size), "MPI_Comm_size")
    do {
      try Launcher()?.check(worldSize: Int(size))
    } catch {
      // Every process is alone, so none waits for another to finalise.
      _ = MPI_Finalize()
      throw error
    }
  }
}
