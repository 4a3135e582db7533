import Allocation
import Testing

/// Blocks of grouped convolutions: every admissible removal takes equally many units from each block.
@Suite struct PartitionTests {
  @Test func `each block gives its own lowest losses`() throws {
    // Block 0 holds the losses 5, 1, 3; block 1 holds 9, 8, 7: the low ones of block 0 alone are not to be had.
    let group = try ChoiceGroup(name: "g", losses: [5, 1, 3, 9, 8, 7], partitions: [[[0, 1, 2], [3, 4, 5]]])
    #expect(group.ladder == [6, 4, 2])
    #expect(group.ladderLosses == [0, 8, 19])
    #expect(group.removedUnits(keeping: 4) == [1, 5])
    #expect(group.removedUnits(keeping: 2) == [1, 2, 4, 5])
  }

  @Test func `one block is no constraint, blocks of one unit allow nothing`() throws {
    #expect(try ChoiceGroup(name: "g", losses: [2, 1, 3], partitions: [[[0, 1, 2]]]).ladder == [3, 2, 1])
    #expect(try ChoiceGroup(name: "g", losses: [2, 1, 3], partitions: [[[0], [1], [2]]]).ladder == [3])
  }

  @Test func `blocks and a multiple hold together`() throws {
    let blocks = [Array(0..<10), Array(10..<20)]
    let group = try ChoiceGroup(name: "g", losses: .init(repeating: 1, count: 20), partitions: [blocks], multiple: 3)
    #expect(group.ladder == [20, 18, 12, 6])
    #expect(try group.fixed(atRatio: 0.25).ladder == [18])
    #expect(
      throws: AllocationError.invalidGroup(
        name: "g", reason: "3 of 20 units removed by hand, expected a multiple of 2 from 0 to 18")
    ) {
      try ChoiceGroup(name: "g", losses: .init(repeating: 1, count: 20), partitions: [blocks], fixedRemoved: 3)
    }
  }

  /// Partitions of 12, 60 and 8 units: nested; crossing in equal cells; a channel shuffle whose cells hold 6 or 7 units;
  /// contiguous blocks of 6 and of 4, whose cells hold 4, 2, 2 and 4 units; three at once.
  static let cases: [(partitions: [[[Int]]], ladder: [Int])] = [
    ([blocks(12, by: 6), blocks(12, by: 3)], [12, 8, 4]),
    ([blocks(12, by: 6), shuffled(12, into: 2)], [12, 8, 4]),
    ([blocks(60, by: 20), shuffled(60, into: 3)], Array(stride(from: 60, through: 6, by: -9))),
    ([blocks(12, by: 6), blocks(12, by: 4)], [12, 6]),
    ([blocks(8, by: 4), shuffled(8, into: 2), blocks(8, by: 8)], [8, 4]),
  ]

  static func blocks(_ count: Int, by size: Int) -> [[Int]] {
    stride(from: 0, to: count, by: size).map { Array($0..<$0 + size) }
  }

  /// The blocks that a convolution with `groups` groups sees after a channel shuffle of as many groups.
  static func shuffled(_ count: Int, into groups: Int) -> [[Int]] {
    let size = count / groups
    let order = (0..<count).map { ($0 % groups) * size + $0 / groups }
    return blocks(count, by: size).map { $0.map { order[$0] } }
  }

  @Test(arguments: cases.indices)
  func `every rung takes equally many units from all blocks of each partition`(index: Int) throws {
    let (partitions, ladder) = Self.cases[index]
    let count = partitions[0].joined().count
    let losses = (0..<count).map { Double(($0 * 29) % 31) }
    let group = try ChoiceGroup(name: "g", losses: losses, partitions: partitions)
    #expect(group.ladder == ladder)
    for (kept, loss) in zip(group.ladder, group.ladderLosses) {
      let removed = Set(group.removedUnits(keeping: kept))
      #expect(removed.count == count - kept)
      #expect(removed.reduce(0) { $0 + losses[$1] } == loss)
      for blocks in partitions {
        let counts = Set(blocks.map { removed.intersection($0).count })
        #expect(counts.count == 1, "kept \(kept): \(counts)")
      }
    }
  }

  @Test(arguments: [
    ([[[0, 1], [2]]], "blocks of 2 and of 1"), ([[[0, 1], [1, 2]]], "unit 1 twice"), ([[[0, 1]]], "leaves out unit 2"),
    ([[[0, 1, 3]]], "names unit 3"), ([[[0, 1, -1]]], "names unit -1"), ([[]], "partition 0 has no blocks"),
    ([[[0, 1, 2]], [[], []]], "partition 1 has no blocks or an empty one"),
  ])
  func `what is no partition is refused`(partitions: [[[Int]]], message: String) {
    let error = #expect(throws: AllocationError.self) {
      try ChoiceGroup(name: "g", losses: [1, 2, 3], partitions: partitions)
    }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
  }
}
