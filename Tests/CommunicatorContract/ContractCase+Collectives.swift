import MessagePassing

extension ContractCase {
  static let collectives: [ContractCase] = [
    ContractCase("numbers its ranks from 0") { world in
      try expect(try world.allGather(world.rank), equals: Array(0..<world.size), "ranks")
    },
    ContractCase("says how many ranks share a host") { world in
      let location = world.location
      try expect((0..<location.localSize).contains(location.localRank), equals: true, "local rank below local size")
      try expect(location.hostName.isEmpty, equals: false, "empty host name")
      let names = try world.gather(location.hostName, at: 0)
      let sameHost = names?.filter { $0 == location.hostName }.count
      if world.rank == 0 { try expect(sameHost, equals: location.localSize, "ranks with rank 0's host name") }
    },
    ContractCase("passes a barrier again and again") { world in
      for _ in 0..<20 { try world.barrier() }
    },
    ContractCase("broadcasts arrays of a length that only the root knows") { world in
      try checkBroadcast(world) { UInt8($0) }
      try checkBroadcast(world) { Int32($0) - 50 }
      try checkBroadcast(world) { Int64($0) << 40 }
      try checkBroadcast(world) { $0 - 50 }
      try checkBroadcast(world) { Float($0) / 8 }
      try checkBroadcast(world) { Double($0) / 3 }
    },
    ContractCase("broadcasts one number") { world in
      for root in 0..<world.size {
        let found = try world.broadcast(Double(world.rank) + 0.5, from: root)
        try expect(found, equals: Double(root) + 0.5, "number of root \(root)")
      }
    },
    ContractCase("gathers arrays of different lengths") { world in
      try checkGather(world, seed: 1) { UInt8($0) }
      try checkGather(world, seed: 2) { Int32($0) - 50 }
      try checkGather(world, seed: 3) { Int64($0) << 40 }
      try checkGather(world, seed: 4) { Float($0) / 8 }
      try checkGather(world, seed: 5) { Double($0) / 3 }
    },
    ContractCase("gathers nothing from anybody") { world in
      for root in 0..<world.size {
        let expected: [[Double]]? = world.rank == root ? Array(repeating: [], count: world.size) : nil
        try expect(try world.gather([Double](), at: root), equals: expected, "empty parts at root \(root)")
      }
      let everywhere = try world.allGather([Double]())
      try expect(everywhere, equals: Array(repeating: [], count: world.size), "empty parts everywhere")
    },
    ContractCase("gathers texts") { world in
      let expected = (0..<world.size).map { "räng \($0)" }
      for root in 0..<world.size {
        let found = try world.gather("räng \(world.rank)", at: root)
        try expect(found, equals: world.rank == root ? expected : nil, "texts at root \(root)")
      }
    },
    ContractCase("gathers where one rank has almost everything") { world in
      for giver in 0..<world.size {
        let counts = (0..<world.size).map { $0 == giver ? world.manyElements : 1 }
        let expected = counts.enumerated().map { rank, count in pattern(count, seed: rank) { UInt8($0) } }
        let found = try world.allGather(expected[world.rank])
        try expect(found == expected, equals: true, "parts as sent, with most of rank \(giver)")
      }
    },
  ]

  private static func checkBroadcast<Element: MessageElement & ExpressibleByIntegerLiteral>(
    _ world: any Communicator, from number: (Int) -> Element
  ) throws {
    for root in 0..<world.size {
      for count in world.lengths {
        let expected = pattern(count, seed: root, from: number)
        // The others hold something of another length, which must not survive.
        var elements = world.rank == root ? expected : [number(1), number(2), number(3)]
        try world.broadcast(&elements, from: root)
        try expect(elements == expected, equals: true, "\(count) \(Element.elementKind) of root \(root) as sent")
      }
    }
  }

  private static func checkGather<Element: MessageElement & ExpressibleByIntegerLiteral>(
    _ world: any Communicator, seed: Int, from number: (Int) -> Element
  ) throws {
    let counts = (0..<world.size).map { rank in rank * world.manyElements / 8 + rank % 2 }
    let expected = counts.enumerated().map { rank, count in pattern(count, seed: seed + rank, from: number) }
    for root in 0..<world.size {
      let found = try world.gather(expected[world.rank], at: root)
      try expect(found == (world.rank == root ? expected : nil), equals: true, "parts at root \(root) as sent")
    }
    try expect(try world.allGather(expected[world.rank]) == expected, equals: true, "parts everywhere as sent")
  }
}
