import Execution
import MessagePassing

/// Whether all ranks compute with the same kernels.
enum ExecutorAgreement {
  /// Compares the executors of all ranks.
  static func check(_ backend: any ExecutionBackend, on world: any Communicator) throws {
    try check(backend.description, on: world)
  }

  /// Compares what all ranks compute with.
  ///
  /// Two instruction sets give other last bits: who computed what would show in the result, and pieces of both kinds would
  /// lie in one checkpoint.
  /// - Throws: `SearchError` at rank 0, which names the first rank that is other than it.
  static func check(_ description: String, on world: any Communicator) throws {
    let executors = try world.gather(description, at: 0)
    let hosts = try world.gather(world.location.hostName, at: 0)
    guard let executors, let hosts, let rank = executors.firstIndex(where: { $0 != executors[0] }) else { return }
    throw SearchError(
      .configuration, file: "rank \(rank) (\(hosts[rank]))",
      "computes with \(executors[rank]), but rank 0 (\(hosts[0])) with \(executors[0]), which gives other last bits; "
        + "use hosts with one kind of processor")
  }
}
