import MessagePassing

extension ContractCase {
  static let refusals: [ContractCase] = [
    ContractCase("refuses a root that is no rank, and goes on") { world in
      for root in [-1, world.size, Int.max] {
        try expectError(.invalidRank) { () throws(CommunicationError) in
          var bytes: [UInt8] = [1]
          try world.broadcast(&bytes, from: root)
        }
        try expectError(.invalidRank) { () throws(CommunicationError) in _ = try world.broadcast(1.5, from: root) }
        try expectError(.invalidRank) { () throws(CommunicationError) in _ = try world.gather([1.5], at: root) }
        try expectError(.invalidRank) { () throws(CommunicationError) in _ = try world.reduce([1.5], .sum, at: root) }
      }
      try world.barrier()
    },
    ContractCase("refuses a message to nobody or to oneself, and goes on") { world in
      for other in [-1, world.size, world.rank] {
        try expectError(.invalidRank) { () throws(CommunicationError) in try world.send([1.5], to: other, tag: 0) }
        try expectError(.invalidRank) { () throws(CommunicationError) in
          _ = try world.receive(Double.self, from: other, tag: 0)
        }
      }
      try world.barrier()
    },
    ContractCase("refuses a tag that MPI may not know, and goes on") { world in
      guard world.size > 1 else { return }
      let other = (world.rank + 1) % world.size
      for tag in [-1, MessageTag.largest + 1] {
        try expectError(.invalidTag) { () throws(CommunicationError) in try world.send([1.5], to: other, tag: tag) }
        try expectError(.invalidTag) { () throws(CommunicationError) in _ = try world.probe(from: other, tag: tag) }
      }
      if world.rank == 0 {
        try world.send([UInt8(1)], to: 1, tag: MessageTag.largest)
      } else if world.rank == 1 {
        let message = try world.receive(UInt8.self, from: 0, tag: MessageTag.largest)
        try expect(message.elements, equals: [1], "message with the largest tag")
      }
    },
    ContractCase("refuses a message above its limit, and goes on") { world in
      // Where the limit is MPI's own, the message would fill the memory.
      guard world.size > 1 && world.messageLimit < 10_000 else { return }
      let other = (world.rank + 1) % world.size
      let tooMany = [UInt8](repeating: 0, count: world.messageLimit + 1)
      try expectError(.messageTooLarge) { () throws(CommunicationError) in
        try world.send(tooMany, to: other, tag: 0)
      }
      try world.barrier()
    },
  ]

  static func expectError(
    _ kind: CommunicationError.Kind, _ body: () throws(CommunicationError) -> Void
  ) throws {
    do {
      try body()
    } catch {
      try expect(error.kind, equals: kind, "kind of \"\(error)\"")
      return
    }
    throw ContractViolation(description: "expected an error of kind \(kind), found none")
  }
}
