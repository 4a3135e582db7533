import Execution
import MessagePassing
import Networks
import Pipelining

/// What ranks that hold one stage know of the whole network: all but the elements of its constants.
struct NetworkOutline {
  /// The network as the model has it.
  let network: Network
  /// What it is compiled for.
  let execution: ExecutionRequest

  /// The outline of what is to be measured.
  /// - Parameter execution: what the whole network is compiled for.
  init(_ network: Network, _ execution: ExecutionRequest) {
    let asItIs = ExecutionRequest(network: network, loss: execution.loss)
    self.network = NetworkStages.structure(of: asItIs).network
    self.execution = NetworkStages.structure(of: execution)
  }

  /// Rank 0's outline, on every rank.
  init(_ own: NetworkOutline?, on world: any Communicator) throws {
    func shared(_ request: ExecutionRequest?) throws -> ExecutionRequest {
      var bytes =
        request.map { StagePackage($0, NetworkStages(whole: $0.network), stage: 0).bytes } ?? []
      try world.broadcast(&bytes, from: 0)
      return try request ?? StagePackage(bytes: bytes).request
    }
    network = try shared(own.map { ExecutionRequest(network: $0.network, loss: $0.execution.loss) }).network
    execution = try shared(own?.execution)
  }
}
