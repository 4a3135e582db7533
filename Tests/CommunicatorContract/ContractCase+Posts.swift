import MessagePassing

extension ContractCase {
  static let posts: [ContractCase] = [
    ContractCase("posts without waiting for the receiver") { world in
      guard world.size > 1 else { return }
      // Sends would wait for each other here: everybody sends before anybody receives.
      let next = (world.rank + 1) % world.size
      let previous = (world.rank + world.size - 1) % world.size
      for count in [0, 1, min(world.messageLimit, 200_000)] {
        try world.post(pattern(count, seed: world.rank) { Double($0) }, to: next, tag: 1)
        try world.barrier()
        let message = try world.receive(Double.self, from: previous, tag: 1)
        let expected = pattern(count, seed: previous) { Double($0) }
        try expect(message.elements == expected, equals: true, "\(count) elements of rank \(previous) as posted")
      }
    },
    ContractCase("keeps what was posted, whatever becomes of the array") { world in
      guard world.size > 1 else { return }
      let count = min(world.messageLimit, 50_000)
      if world.rank == 0 {
        var elements = [Int64](repeating: 0, count: count)
        for number in 0..<20 {
          for index in elements.indices { elements[index] = Int64(number) }
          try world.post(elements, to: 1, tag: 2)
        }
        for index in elements.indices { elements[index] = -1 }
      }
      try world.barrier()
      if world.rank == 1 {
        for number in 0..<20 {
          let message = try world.receive(Int64.self, from: 0, tag: 2)
          let expected = [Int64](repeating: Int64(number), count: count)
          try expect(message.elements == expected, equals: true, "elements of message \(number)")
        }
      }
    },
    ContractCase("keeps the order of posts and sends with one tag") { world in
      let count = 60
      if world.rank > 0 {
        // Large and small ones, which transports carry in different ways.
        for number in 0..<count {
          let elements = [number] + [Int](repeating: 0, count: number % 3 == 0 ? min(world.messageLimit - 1, 5000) : 0)
          if number % 5 == 4 {
            try world.send(elements, to: 0, tag: 3)
          } else {
            try world.post(elements, to: 0, tag: 3)
          }
        }
        return
      }
      var next = [Int](repeating: 0, count: world.size)
      for _ in 0..<count * (world.size - 1) {
        let message = try world.receive(Int.self, from: nil, tag: 3)
        try expect(message.elements.first, equals: next[message.source], "next number of rank \(message.source)")
        next[message.source] += 1
      }
    },
    ContractCase("has many posted messages under way, to everybody") { world in
      let count = 300
      let length = min(world.messageLimit, 700)
      for number in 0..<count {
        for other in 0..<world.size where other != world.rank {
          try world.post(pattern(length, seed: number + world.rank) { Int32($0) }, to: other, tag: number % 2)
        }
      }
      try world.barrier()
      // The other way round: the last tag first.
      for tag in [1, 0] {
        for number in stride(from: tag, to: count, by: 2) {
          for other in 0..<world.size where other != world.rank {
            let message = try world.receive(Int32.self, from: other, tag: tag)
            let expected = pattern(length, seed: number + other) { Int32($0) }
            try expect(message.elements == expected, equals: true, "message \(number) of rank \(other)")
          }
        }
      }
      try expect(try world.probeWithoutWaiting(from: nil, tag: nil), equals: nil, "message after all were received")
    },
    ContractCase("finds a posted message as any other") { world in
      guard world.size > 1 else { return }
      if world.rank == 1 { try world.post([Float(1), 2, 3], to: 0, tag: 4) }
      if world.rank == 0 {
        let envelope = Envelope(source: 1, tag: 4, byteCount: 12)
        try expect(try world.probe(from: nil, tag: 4), equals: envelope, "probe")
        try expect(try world.probeWithoutWaiting(from: 1, tag: nil), equals: envelope, "probe without waiting")
        try expect(try world.receive(Float.self, from: nil, tag: nil).elements, equals: [1, 2, 3], "elements")
      }
    },
    ContractCase("refuses to post what cannot be sent, and goes on") { world in
      for other in [-1, world.size, world.rank] {
        try expectError(.invalidRank) { () throws(CommunicationError) in try world.post([1.5], to: other, tag: 0) }
      }
      guard world.size > 1 else { return }
      let other = (world.rank + 1) % world.size
      for tag in [-1, MessageTag.largest + 1] {
        try expectError(.invalidTag) { () throws(CommunicationError) in try world.post([1.5], to: other, tag: tag) }
      }
      // Where the limit is MPI's own, the message would fill the memory.
      if world.messageLimit < 10_000 {
        let tooMany = [UInt8](repeating: 0, count: world.messageLimit + 1)
        try expectError(.messageTooLarge) { () throws(CommunicationError) in
          try world.post(tooMany, to: other, tag: 0)
        }
      }
      try world.barrier()
    },
  ]
}
