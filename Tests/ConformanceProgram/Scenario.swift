import CommunicatorContract
import Glibc
import MessagePassing
import OpenMPI

/// One way for a job to go.
enum Scenario {
  /// Every law of the contract, with this limit on messages (0: MPI's own).
  case contract(messageLimit: Int)
  /// Every law of the contract while a signal comes every few milliseconds; then all ranks but 0 throw.
  case contractUnderSignals(exitCode: Int32)
  /// These ranks throw (all of them for an empty list) while the others wait in a barrier.
  case throwing(ranks: [Int], exitCode: Int32)
  /// Rank 1 throws while the others compute without calling MPI.
  case throwingAmongBusy(exitCode: Int32)
  /// All ranks throw the same, and this one (if it is a rank) does not come to the end.
  case throwingTogether(exitCode: Int32, missing: Int)
  /// All goes well, and rank 0 ends with this code.
  case ending(exitCode: Int32)
  /// All goes well, but nobody receives what was posted: so many numbers by each rank.
  case leavingPosts(count: Int)
  /// An error of MPI itself.
  case badRoot
  /// MPI is started again after its end.
  case startTwice
  /// A job that stands still, or seems to.
  case stall(Stall)
  /// More bytes than MPI can count.
  case large

  init?(_ arguments: [String]) {
    let numbers = arguments.dropFirst().compactMap { Int($0) }
    switch (arguments.first, numbers.first) {
    case ("contract", let limit?): self = .contract(messageLimit: limit)
    case ("contract-under-signals", let code?): self = .contractUnderSignals(exitCode: Int32(code))
    case ("throw", let code?): self = .throwing(ranks: Array(numbers.dropFirst()), exitCode: Int32(code))
    case ("throw-among-busy", let code?): self = .throwingAmongBusy(exitCode: Int32(code))
    case ("throw-together", let code?):
      self = .throwingTogether(exitCode: Int32(code), missing: numbers.dropFirst().first ?? -1)
    case ("end", let code?): self = .ending(exitCode: Int32(code))
    case ("leave-posts", let count?): self = .leavingPosts(count: count)
    case ("bad-root", nil): self = .badRoot
    case ("start-twice", nil): self = .startTwice
    case ("stall", let rank):
      guard arguments.count > 1, let stall = Stall(arguments[1], rank: rank) else { return nil }
      self = .stall(stall)
    case ("large", nil): self = .large
    default: return nil
    }
  }

  var messageLimit: Int? {
    if case .contract(let limit) = self, limit > 0 { limit } else { nil }
  }

  /// How long a call may wait.
  var stallTimeout: Duration? {
    switch self {
    case .stall(let stall): stall.timeout
    // Long enough never to be met: the messages of a watch must not disturb anything.
    case .contract, .contractUnderSignals: .seconds(100)
    default: nil
    }
  }

  /// What rank 0 ends with.
  var exitCode: Int32 {
    if case .ending(let code) = self { code } else { 0 }
  }

  func perform(on world: MPICommunicator) throws {
    switch self {
    case .contract: try checkContract(world)
    case .contractUnderSignals(let code):
      try sendSignals()
      try checkContract(world)
      if world.rank > 0 { throw Complaint(description: "thrown on purpose", exitCode: code) }
      try world.barrier()
    case .throwing(let ranks, let code):
      if ranks.isEmpty || ranks.contains(world.rank) {
        throw Complaint(description: "thrown\non purpose", exitCode: code)
      }
      try world.barrier()
    case .throwingAmongBusy(let code):
      if world.rank == 1 { throw Complaint(description: "thrown on purpose", exitCode: code) }
      sleep(600)
    case .throwingTogether(let code, let missing):
      if world.rank == missing { sleep(600) }
      throw Complaint(description: "thrown by all", exitCode: code, isShared: true)
    case .ending, .startTwice:
      try world.barrier()
    case .leavingPosts(let count):
      try world.post([Double](repeating: 1, count: count), to: (world.rank + 1) % world.size, tag: 0)
    case .badRoot:
      // The call on buffers, which leaves the check to MPI.
      var byte: UInt8 = 0
      try withUnsafeMutablePointer(to: &byte) { pointer throws(CommunicationError) in
        try world.broadcast(UnsafeMutableBufferPointer(start: pointer, count: 1), from: world.size)
      }
    case .stall(let stall): try stall.perform(on: world)
    case .large: try LargeMessages(world).check()
    }
  }

  private func checkContract(_ world: MPICommunicator) throws {
    for contract in ContractCase.all {
      do {
        try contract.check(world)
      } catch {
        throw Complaint(description: "\(contract): \(error)", exitCode: 1)
      }
    }
    let sizes = "\(world.size) ranks, \(world.location.localSize) here"
    if world.rank == 0 { print("\(ContractCase.all.count) laws hold on \(sizes), over \(world.transport)") }
  }

  /// Has a signal interrupt what this process sleeps in, every 3 ms.
  private func sendSignals() throws {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    var timer = itimerval()
    timer.it_interval.tv_usec = 3000
    timer.it_value.tv_usec = 3000
    guard sigaction(SIGALRM, &action, nil) == 0, setitimer(Int32(ITIMER_REAL.rawValue), &timer, nil) == 0 else {
      throw Complaint(description: "no timer", exitCode: 71)
    }
  }
}
