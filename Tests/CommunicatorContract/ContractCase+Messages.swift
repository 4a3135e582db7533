import MessagePassing

extension ContractCase {
  static let messages: [ContractCase] = [
    ContractCase("passes a growing array around a ring") { world in
      guard world.size > 1 else { return }
      let next = (world.rank + 1) % world.size
      let previous = (world.rank + world.size - 1) % world.size
      if world.rank == 0 {
        try world.send([Int32(0)], to: next, tag: 5)
        let message = try world.receive(Int32.self, from: previous, tag: 5)
        try expect(message.elements, equals: (0..<Int32(world.size)).map { $0 }, "array after one round")
      } else {
        let message = try world.receive(Int32.self, from: previous, tag: 5)
        try expect(message.elements, equals: (0..<Int32(world.rank)).map { $0 }, "array at rank \(world.rank)")
        try world.send(message.elements + [Int32(world.rank)], to: next, tag: 5)
      }
    },
    ContractCase("receives from any rank with any tag") { world in
      if world.rank > 0 {
        try world.send(Array(repeating: Double(world.rank), count: world.rank), to: 0, tag: 100 + world.rank)
        return
      }
      var seen = Array(repeating: false, count: world.size)
      for _ in 1..<world.size {
        let message = try world.receive(Double.self, from: nil, tag: nil)
        try expect(message.tag, equals: 100 + message.source, "tag of rank \(message.source)")
        let expected = Array(repeating: Double(message.source), count: message.source)
        try expect(message.elements, equals: expected, "elements of rank \(message.source)")
        try expect(seen[message.source], equals: false, "second message of rank \(message.source)")
        seen[message.source] = true
      }
      try expect(seen.dropFirst().allSatisfy { $0 }, equals: true, "one message of every rank")
    },
    ContractCase("selects messages by tag and by source") { world in
      guard world.size > 2 else { return }
      // Twice, rank 1's message is there first, and rank 0 asks for that of rank 2.
      let start = 9
      switch world.rank {
      case 0:
        _ = try world.probe(from: 1, tag: 1)
        try world.send([UInt8](), to: 2, tag: start)
        let byTag = try world.receive(Int64.self, from: nil, tag: 0)
        try expect(byTag, equals: Message(elements: [20], source: 2, tag: 0), "message with tag 0")
        let other = try world.receive(Int64.self, from: nil, tag: nil)
        try expect(other, equals: Message(elements: [11], source: 1, tag: 1), "message that was left")

        _ = try world.probe(from: 1, tag: 2)
        try world.send([UInt8](), to: 2, tag: start)
        let bySource = try world.receive(Int64.self, from: 2, tag: nil)
        try expect(bySource, equals: Message(elements: [22], source: 2, tag: 2), "message from rank 2")
        let last = try world.receive(Int64.self, from: nil, tag: 2)
        try expect(last, equals: Message(elements: [12], source: 1, tag: 2), "message that was left last")
      case 1:
        try world.send([Int64(11)], to: 0, tag: 1)
        try world.send([Int64(12)], to: 0, tag: 2)
      case 2:
        _ = try world.receive(UInt8.self, from: 0, tag: start)
        try world.send([Int64(20)], to: 0, tag: 0)
        _ = try world.receive(UInt8.self, from: 0, tag: start)
        try world.send([Int64(22)], to: 0, tag: 2)
      default: break
      }
    },
    ContractCase("keeps the order of one rank's messages") { world in
      let count = 50
      if world.rank > 0 {
        for number in 0..<count { try world.send([number], to: 0, tag: 1) }
        return
      }
      var next = Array(repeating: 0, count: world.size)
      for _ in 0..<count * (world.size - 1) {
        let message = try world.receive(Int.self, from: nil, tag: 1)
        try expect(message.elements, equals: [next[message.source]], "next number of rank \(message.source)")
        next[message.source] += 1
      }
    },
    ContractCase("tells a message's size before it is received, empty ones too") { world in
      guard world.size > 1 else { return }
      for count in [0, 3, min(world.messageLimit, 100_000)] {
        if world.rank == 1 {
          try world.send(pattern(count, seed: 9) { Float($0) }, to: 0, tag: 2)
        } else if world.rank == 0 {
          let envelope = Envelope(source: 1, tag: 2, byteCount: count * 4)
          try expect(try world.probe(from: nil, tag: 2), equals: envelope, "probe")
          try expect(try world.probe(from: 1, tag: nil), equals: envelope, "second probe")
          let message = try world.receive(Float.self, from: 1, tag: 2)
          try expect(message.elements, equals: pattern(count, seed: 9) { Float($0) }, "elements")
        }
      }
    },
    ContractCase("sees without waiting whether there is a message") { world in
      try expect(try world.probeWithoutWaiting(from: nil, tag: nil), equals: nil, "message before any is sent")
      try world.barrier()
      if world.rank == 1 {
        try world.send([UInt8(7)], to: 0, tag: 3)
      } else if world.rank == 0 && world.size > 1 {
        var found: Envelope?
        while found == nil { found = try world.probeWithoutWaiting(from: 1, tag: 3) }
        try expect(found, equals: Envelope(source: 1, tag: 3, byteCount: 1), "message that was sent")
        try expect(try world.receive(UInt8.self, from: 1, tag: 3).elements, equals: [7], "elements")
      }
      try world.barrier()
      try expect(try world.probeWithoutWaiting(from: nil, tag: nil), equals: nil, "message after all were received")
    },
    ContractCase("hands out work to whoever asks") { world in
      let units = 60
      let request = 10
      let order = 11
      if world.rank == 0 {
        var next = 0
        for _ in 0..<(world.size > 1 ? units + world.size - 1 : 0) {
          let ask = try world.receive(UInt8.self, from: nil, tag: request)
          try world.send(next < units ? [next] : [], to: ask.source, tag: order)
          next += 1
        }
      }
      var mine: [Int] = []
      while world.rank > 0 {
        try world.send([UInt8](), to: 0, tag: request)
        guard let unit = try world.receive(Int.self, from: 0, tag: order).elements.first else { break }
        mine.append(unit)
      }
      let all = try world.gather(mine, at: 0)
      if world.rank == 0 && world.size > 1 {
        try expect(all?.flatMap { $0 }.sorted(), equals: Array(0..<units), "units done")
      }
    },
  ]
}
