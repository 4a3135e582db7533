import CommunicatorContract
import MessagePassing
import Synchronization
import Testing

// One at a time: ranks block, and many blocked tests would use up the threads that all tests share.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct InProcessTests {
  struct Complaint: Error, Equatable {
    let rank: Int
  }

  @Test(arguments: ContractCase.all, [1, 2, 3, 4])
  func `keeps the communicator contract`(_ contract: ContractCase, ranks: Int) throws {
    _ = try InProcess.run(ranks: ranks) { world in try contract.check(world) }
  }

  @Test(arguments: ContractCase.all, [1, 3, 4])
  func `keeps the contract when arrays need many messages`(_ contract: ContractCase, ranks: Int) throws {
    _ = try InProcess.run(ranks: ranks, messageLimit: 11) { world in try contract.check(world) }
  }

  @Test
  func `returns what the ranks return, in rank order`() throws {
    #expect(try InProcess.run(ranks: 4) { world in world.rank * 10 + world.size } == [4, 14, 24, 34])
  }

  @Test
  func `lets nobody through a barrier before all have come`() throws {
    let arrived = Atomic(0)
    let seen = try InProcess.run(ranks: 4) { world in
      try (1...50).map { round in
        arrived.add(1, ordering: .sequentiallyConsistent)
        try world.barrier()
        let count = arrived.load(ordering: .sequentiallyConsistent)
        try world.barrier()
        return count == 4 * round
      }
    }
    #expect(seen.allSatisfy { $0.allSatisfy { $0 } })
  }

  @Test
  func `wraps sums of integers around as MPI does`() throws {
    let sums = try InProcess.run(ranks: 2) { world in try world.allReduce(Int32.max, .sum) }
    #expect(sums == [-2, -2])
  }

  @Test(arguments: 0..<4)
  func `rethrows the first cause and releases the others`(failing: Int) throws {
    let error = #expect(throws: Complaint.self) {
      try InProcess.run(ranks: 4) { world in
        if world.rank == failing { throw Complaint(rank: failing) }
        try world.barrier()
      }
    }
    #expect(error == Complaint(rank: failing))
  }

  @Test
  func `releases ranks that wait for a message of one that throws`() throws {
    let released = Mutex<[String]>([])
    #expect(throws: Complaint.self) {
      try InProcess.run(ranks: 3) { world in
        if world.rank == 1 { throw Complaint(rank: 1) }
        do {
          if world.rank == 0 {
            _ = try world.receive(Double.self, from: 1, tag: 0)
          } else {
            try world.send([1.0], to: 1, tag: 0)
          }
        } catch let error as CommunicationError {
          released.withLock { $0.append("\(error.kind)") }
          throw error
        }
      }
    }
    #expect(released.withLock { $0 } == ["peerEnded", "peerEnded"])
  }

  @Test
  func `reports calls that do not belong together`() throws {
    let error = #expect(throws: CommunicationError.self) {
      try InProcess.run(ranks: 3) { world in
        if world.rank == 1 {
          _ = try world.allReduce(1.0, .sum)
        } else {
          try world.barrier()
        }
      }
    }
    #expect(error?.kind == .mismatch)
  }

  @Test
  func `reports reductions of different lengths and of different kinds`() throws {
    let lengths = #expect(throws: CommunicationError.self) {
      try InProcess.run(ranks: 2) { world in
        try world.allReduce(Array(repeating: 1.0, count: world.rank + 1), .sum)
      }
    }
    #expect(lengths?.kind == .mismatch)
    let kinds = #expect(throws: CommunicationError.self) {
      try InProcess.run(ranks: 2) { world in
        if world.rank == 0 { _ = try world.allReduce(Float(1), .sum) } else { _ = try world.allReduce(1.0, .sum) }
      }
    }
    #expect(kinds?.kind == .mismatch)
  }

  @Test
  func `reports a message received as another kind`() throws {
    let error = #expect(throws: CommunicationError.self) {
      try InProcess.run(ranks: 2) { world in
        if world.rank == 0 {
          try world.send([Int32(1)], to: 1, tag: 0)
        } else {
          _ = try world.receive(Float.self, from: 0, tag: 0)
        }
      }
    }
    #expect(error?.kind == .mismatch)
  }

  @Test
  func `reports a rank that ends while others wait for it`() throws {
    let error = #expect(throws: CommunicationError.self) {
      try InProcess.run(ranks: 3) { world in
        if world.rank < 2 { try world.barrier() }
      }
    }
    #expect(error?.kind == .deadlock)
    #expect(error?.text == "rank 0 waits in barrier, rank 1 waits in barrier, rank 2 has ended")
  }

  @Test
  func `reports two ranks that send first to each other`() throws {
    let error = #expect(throws: CommunicationError.self) {
      try InProcess.run(ranks: 2) { world in
        try world.send([1.0], to: 1 - world.rank, tag: 4)
        _ = try world.receive(Double.self, from: 1 - world.rank, tag: 4)
      }
    }
    #expect(error?.kind == .deadlock)
    #expect(
      error?.text == "rank 0 waits in a send to rank 1 with tag 4, rank 1 waits in a send to rank 0 with tag 4")
  }

  @Test
  func `reports a receive that nothing will answer, and a lone rank's too`() throws {
    for ranks in [1, 2] {
      let error = #expect(throws: CommunicationError.self) {
        try InProcess.run(ranks: ranks) { world in _ = try world.receive(Double.self, from: nil, tag: 3) }
      }
      #expect(error?.kind == .deadlock)
    }
  }

  @Test
  func `an exchange that has failed stays failed for a rank that goes on`() throws {
    let kinds = Mutex<[CommunicationError.Kind]>([])
    #expect(throws: Complaint.self) {
      try InProcess.run(ranks: 2) { world in
        if world.rank == 1 { throw Complaint(rank: 1) }
        for _ in 0..<3 {
          do {
            try world.barrier()
          } catch let error as CommunicationError {
            kinds.withLock { $0.append(error.kind) }
          }
        }
      }
    }
    #expect(kinds.withLock { $0 } == [.peerEnded, .peerEnded, .peerEnded])
  }
}
