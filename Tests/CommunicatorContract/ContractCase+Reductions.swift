import MessagePassing

extension ContractCase {
  static let reductions: [ContractCase] = [
    ContractCase("adds, and finds the least and the greatest, at every root") { world in
      for root in 0..<world.size {
        // What does not fit is no promise: Open MPI's vector code ends at 255.
        try checkReductions(world, at: root) { UInt8($0 % (255 / world.size)) }
        try checkReductions(world, at: root) { Int32($0) - 50 }
        try checkReductions(world, at: root) { Int64($0 - 50) << 40 }
        try checkReductions(world, at: root) { $0 - 50 }
        try checkReductions(world, at: root) { Float($0) - 50 }
        try checkReductions(world, at: root) { Double($0) - 50 }
      }
    },
    ContractCase("reduces one number to all") { world in
      let last = world.size - 1
      try expect(try world.allReduce(world.rank, .sum), equals: last * world.size / 2, "sum of the ranks")
      try expect(try world.allReduce(Double(world.rank) + 1, .min), equals: 1, "least")
      try expect(try world.allReduce(Double(world.rank) + 1, .max), equals: Double(world.size), "greatest")
    },
    ContractCase("reduces nothing to nothing") { world in
      try expect(try world.allReduce([Float](), .sum), equals: [], "no numbers")
      try expect(try world.reduce([Float](), .max, at: 0), equals: world.rank == 0 ? [] : nil, "no numbers")
    },
  ]

  /// The numbers are small and whole, so their sums are exact in every order.
  private static func checkReductions<Element: MessageElement & ExpressibleByIntegerLiteral>(
    _ world: any Communicator, at root: Int, from number: (Int) -> Element
  ) throws {
    let counts = world.messageLimit < 10_000 ? [1, world.manyElements] : [1, 5000]
    for count in counts {
      let parts = (0..<world.size).map { pattern(count, seed: $0, from: number) }
      for operation in [ReduceOperation.sum, .min, .max] {
        let expected = (0..<count).map { index in
          combined(parts.map { $0[index] }, operation)
        }
        let everywhere = try world.allReduce(parts[world.rank], operation)
        try expect(everywhere, equals: expected, "\(operation) of \(count) \(Element.elementKind) everywhere")
        let found = try world.reduce(parts[world.rank], operation, at: root)
        try expect(
          found, equals: world.rank == root ? expected : nil,
          "\(operation) of \(count) \(Element.elementKind) at \(root)")
      }
    }
  }

  private static func combined<Element: MessageElement>(_ values: [Element], _ operation: ReduceOperation) -> Element {
    switch operation {
    case .sum: values.reduce(.zero, +)
    case .min: values.min() ?? .zero
    case .max: values.max() ?? .zero
    }
  }
}
