import COpenMPI
public import MessagePassing

/// All ranks of the MPI job that this process belongs to; valid inside `MPI.withWorld` only.
public struct MPICommunicator: Communicator {
  /// This rank's number.
  public let rank: Int
  /// The number of ranks.
  public let size: Int
  /// The processor name that MPI gives, and the ranks that share its memory.
  public let location: RankLocation
  /// The library's own version text.
  public let transport: String
  /// 2^27 elements, unless a test sets less: 1 GiB of the widest kind, so that neither a count nor a number of bytes
  /// comes near 2^31, where MPI 3 and the transports below it end.
  public let messageLimit: Int
  let group: pc_mpi_communicator
  let state = RankState()

  /// Finds out rank, size and place; collective, because ranks of one host find each other.
  init(group: pc_mpi_communicator, messageLimit: Int?) throws(CommunicationError) {
    var rank: Int32 = 0
    var size: Int32 = 0
    try check(MPI_Comm_rank(group.handle, &rank), "MPI_Comm_rank")
    try check(MPI_Comm_size(group.handle, &size), "MPI_Comm_size")
    var host = group
    var localRank: Int32 = 0
    var localSize: Int32 = 0
    try check(pc_mpi_split_by_host(group, rank, &host), "MPI_Comm_split_type")
    try check(MPI_Comm_rank(host.handle, &localRank), "MPI_Comm_rank")
    try check(MPI_Comm_size(host.handle, &localSize), "MPI_Comm_size")
    try check(pc_mpi_free(&host), "MPI_Comm_free")
    let hostName = mpiText(capacity: pc_mpi_max_processor_name()) { MPI_Get_processor_name($0, $1) }
    let version = mpiText(capacity: pc_mpi_max_library_version()) { MPI_Get_library_version($0, $1) }

    self.group = group
    self.rank = Int(rank)
    self.size = Int(size)
    self.messageLimit = messageLimit ?? 1 << 27
    location = RankLocation(hostName: hostName ?? "unknown", localRank: Int(localRank), localSize: Int(localSize))
    transport = version ?? "MPI of unknown version"
  }
}

// MPI is started for one thread (MPI_THREAD_FUNNELED): only that thread may call it.
@available(*, unavailable)
extension MPICommunicator: Sendable {}
