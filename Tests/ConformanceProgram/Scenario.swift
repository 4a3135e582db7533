import CommunicatorContract
import Glibc
import MessagePassing
import OpenMPI

/// One way for a job to go.
enum Scenario {
  /// Every law of the contract, with this limit on messages (0: MPI's own).
  case contract(messageLimit: Int)
  /// These ranks throw (all of them for an empty list) while the others wait in a barrier.
  case throwing(ranks: [Int], exitCode: Int32)
  /// Rank 1 throws while the others compute without calling MPI.
  case throwingAmongBusy(exitCode: Int32)
  /// All goes well, and rank 0 ends with this code.
  case ending(exitCode: Int32)
  /// An error of MPI itself.
  case badRoot
  /// MPI is started again after its end.
  case startTwice

  init?(_ arguments: [String]) {
    let numbers = arguments.dropFirst().compactMap { Int($0) }
    switch (arguments.first, numbers.first) {
    case ("contract", let limit?): self = .contract(messageLimit: limit)
    case ("throw", let code?): self = .throwing(ranks: Array(numbers.dropFirst()), exitCode: Int32(code))
    case ("throw-among-busy", let code?): self = .throwingAmongBusy(exitCode: Int32(code))
    case ("end", let code?): self = .ending(exitCode: Int32(code))
    case ("bad-root", nil): self = .badRoot
    case ("start-twice", nil): self = .startTwice
    default: return nil
    }
  }

  var messageLimit: Int? {
    if case .contract(let limit) = self, limit > 0 { limit } else { nil }
  }

  /// What rank 0 ends with.
  var exitCode: Int32 {
    if case .ending(let code) = self { code } else { 0 }
  }

  func perform(on world: MPICommunicator) throws {
    switch self {
    case .contract:
      for contract in ContractCase.all {
        do {
          try contract.check(world)
        } catch {
          throw Complaint(description: "\(contract): \(error)", exitCode: 1)
        }
      }
      let sizes = "\(world.size) ranks, \(world.location.localSize) here"
      if world.rank == 0 { print("\(ContractCase.all.count) laws hold on \(sizes), over \(world.transport)") }
    case .throwing(let ranks, let code):
      if ranks.isEmpty || ranks.contains(world.rank) {
        throw Complaint(description: "thrown\non purpose", exitCode: code)
      }
      try world.barrier()
    case .throwingAmongBusy(let code):
      if world.rank == 1 { throw Complaint(description: "thrown on purpose", exitCode: code) }
      sleep(600)
    case .ending, .startTwice:
      try world.barrier()
    case .badRoot:
      // The call on buffers, which leaves the check to MPI.
      var byte: UInt8 = 0
      try withUnsafeMutablePointer(to: &byte) { pointer throws(CommunicationError) in
        try world.broadcast(UnsafeMutableBufferPointer(start: pointer, count: 1), from: world.size)
      }
    }
  }
}
