import MessagePassing
import Synchronization
import Testing

// One at a time, as the other tests whose ranks block.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct PostTests {
  struct Complaint: Error {}

  @Test
  func `lets a posted message go with the last rank`() throws {
    let counts = try InProcess.run(ranks: 3) { world in
      for number in 0..<5 { try world.post([number], to: (world.rank + 1) % 3, tag: number) }
      return world.rank == 0 ? try world.receive(Int.self, from: 2, tag: 3).elements : []
    }
    #expect(counts == [[3], [], []])
  }

  @Test
  func `posts to a rank that has ended`() throws {
    _ = try InProcess.run(ranks: 2) { world in
      if world.rank == 1 { return }
      // Rank 1 ends now or has ended: nothing tells rank 0 which.
      for _ in 0..<1000 { try world.post([1.5], to: 1, tag: 0) }
    }
  }

  @Test
  func `reports ranks that wait for each other though messages are under way`() throws {
    let error = #expect(throws: CommunicationError.self) {
      try InProcess.run(ranks: 2) { world in
        try world.post([1.0], to: 1 - world.rank, tag: 4)
        _ = try world.receive(Double.self, from: 1 - world.rank, tag: 5)
      }
    }
    #expect(error?.kind == .deadlock)
    #expect(
      error?.text
        == "rank 0 waits in a receive from rank 1 with tag 5, rank 1 waits in a receive from rank 0 with tag 5")
  }

  @Test
  func `reports a send that nobody receives though the same rank's posts are received`() throws {
    let error = #expect(throws: CommunicationError.self) {
      try InProcess.run(ranks: 2) { world in
        if world.rank == 0 {
          try world.post([1.0], to: 1, tag: 1)
          try world.send([2.0], to: 1, tag: 2)
        } else {
          // With the post gone, its sender still waits for the send.
          _ = try world.receive(Double.self, from: 0, tag: nil)
          _ = try world.receive(Double.self, from: 0, tag: 1)
        }
      }
    }
    #expect(error?.kind == .deadlock)
    #expect(
      error?.text == "rank 0 waits in a send to rank 1 with tag 2, rank 1 waits in a receive from rank 0 with tag 1")
  }

  @Test
  func `refuses to post after another rank has failed`() throws {
    let kinds = Mutex<[CommunicationError.Kind]>([])
    #expect(throws: Complaint.self) {
      try InProcess.run(ranks: 2) { world in
        if world.rank == 1 { throw Complaint() }
        for call in [{ () throws in try world.barrier() }, { () throws in try world.post([1.5], to: 1, tag: 0) }] {
          do {
            try call()
          } catch let error as CommunicationError {
            kinds.withLock { $0.append(error.kind) }
          }
        }
      }
    }
    #expect(kinds.withLock { $0 } == [.peerEnded, .peerEnded])
  }
}
