import Glibc
import MessagePassing

/// What the program that started this process says about the job, read from its environment variables.
struct Launcher {
  /// The variables that launchers set, as (number of ranks, this rank): Open MPI's `mpirun`, then the PMI of others.
  private static let variables = [("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"), ("PMI_SIZE", "PMI_RANK")]

  /// The variable that gave the size.
  let variable: String
  /// The number of ranks that the launcher has started.
  let size: Int
  /// This process's rank in the launcher's count, if it says so.
  let rank: Int?

  /// Reads the environment; `nil` when no launcher has left a number there.
  init?() {
    for (sizeVariable, rankVariable) in Self.variables {
      guard let size = Self.number(sizeVariable) else { continue }
      variable = sizeVariable
      self.size = size
      rank = Self.number(rankVariable)
      return
    }
    return nil
  }

  private static func number(_ variable: String) -> Int? {
    getenv(variable).flatMap { Int(String(cString: $0)) }
  }

  /// Throws when MPI does not see the ranks that the launcher has started.
  ///
  /// With another MPI's launcher, every process is a job of one rank: they would all do the whole work and write the
  /// same files.
  func check(worldSize: Int) throws(CommunicationError) {
    guard size != worldSize else { return }
    // All of them end here; the first ends the job, and the others need not say the same again.
    if let rank, rank > 0 { MonotonicClock.sleep(nanoseconds: 2 * MonotonicClock.second) }
    throw CommunicationError(
      .launch, operation: "MPI_Init_thread",
      text: "the launcher has started \(size) ranks (\(variable)) but MPI sees \(worldSize): "
        + "use the mpirun of the MPI that this program was built with")
  }
}
