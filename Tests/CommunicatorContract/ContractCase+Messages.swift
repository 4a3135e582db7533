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
      var seen = [false] + Array(repeating: false, count: world.size - 1)
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
      if world.rank > 0 {
        try world.send([Int64(world.rank)], to: 0, tag: world.rank % 2)
        return
      }
      // The last rank first, then by tag: neither is the order in which they may have come.
      guard world.size > 1 else { return }
      let last = world.size - 1
      let message = try world.receive(Int64.self, from: last, tag: nil)
      try expect(message, equals: Message(elements: [Int64(last)], source: last, tag: last % 2), "last rank's")
      for tag in [0, 1] {
        for _ in (1..<last).filter({ $0 % 2 == tag }) {
          let message = try world.receive(Int64.self, from: nil, tag: tag)
          try expect(message.source % 2, equals: tag, "parity of a source with tag \(tag)")
        }
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
