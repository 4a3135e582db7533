import Allocation
import Testing

@Suite struct ChoiceGroupTests {
  @Test func `units go in the order of their losses, ties by index`() throws {
    let group = try ChoiceGroup(name: "conv", losses: [3, -1, 2, 2, 0])
    #expect(group.removalOrder == [1, 4, 2, 3, 0])
    #expect(group.ladder == [5, 4, 3, 2, 1])
    #expect(group.ladderLosses == [0, -1, -1, 1, 3])
    #expect(group.removedUnits(keeping: 2) == [1, 2, 4])
    #expect(group.removedUnits(keeping: 5) == [])
  }

  @Test func `the search keeps the least channels asked for`() throws {
    let losses = [Double](repeating: 1, count: 6)
    #expect(try ChoiceGroup(name: "a", losses: losses, minimumKept: 4).ladder == [6, 5, 4])
    #expect(try ChoiceGroup(name: "a", losses: losses, minimumKept: 9).ladder == [6])
    #expect(try ChoiceGroup(name: "a", losses: [1]).ladder == [1])
  }

  @Test func `the search removes no more than the most allowed`() throws {
    let losses = [Double](repeating: 1, count: 6)
    #expect(try ChoiceGroup(name: "a", losses: losses, maximumRemoved: 2).ladder == [6, 5, 4])
    #expect(try ChoiceGroup(name: "a", losses: losses, maximumRemoved: 0).ladder == [6])
    #expect(try ChoiceGroup(name: "a", losses: losses, maximumRemoved: .max).ladder == [6, 5, 4, 3, 2, 1])
  }

  @Test(arguments: [
    (20, 8, [20, 16, 8]), (16, 8, [16, 8]), (20, 16, [20, 16]), (6, 8, [6]), (8, 8, [8]), (3, .max, [3]),
  ])
  func `kept counts are multiples, or all units`(units: Int, multiple: Int, ladder: [Int]) throws {
    let group = try ChoiceGroup(name: "a", losses: .init(repeating: 0, count: units), multiple: multiple)
    #expect(group.ladder == ladder)
  }

  /// 20 channels at 0.25 keep 15, and 16 when aligned to 16 (AMCT); 20 at 0.5 keep 16 by eights (NNCF);
  /// 500 and 1000 at 0.8 lose 400 and 800 (NNI).
  @Test(arguments: [
    (20, 0.25, 1, 15), (20, 0.25, 16, 16), (20, 0.5, 8, 16), (500, 0.8, 1, 100), (1000, 0.8, 1, 200), (7, 0, 4, 7),
    (1, 0.9, 1, 1), (3, 0.99, 1, 1), (6, 0.5, 8, 6),
  ])
  func `a ratio by hand keeps what the tools of the field keep`(
    units: Int, ratio: Double, multiple: Int, kept: Int
  ) throws {
    let group = try ChoiceGroup(name: "a", losses: .init(repeating: 0, count: units), multiple: multiple)
    #expect(try group.fixed(atRatio: ratio).ladder == [kept])
  }

  @Test func `a ratio by hand overrides what limits the search`() throws {
    let group = try ChoiceGroup(name: "a", losses: [4, 3, 2, 1], minimumKept: 3, maximumRemoved: 1)
    let fixed = try group.fixed(atRatio: 0.5)
    #expect(fixed.ladder == [2])
    #expect(fixed.ladderLosses == [3])
    #expect(fixed.fixedRemoved == 2)
  }

  @Test(arguments: [(500, 0.9, 450), (1000, 0.9, 900), (100, 0.29, 29), (10, 0.25, 2), (10, 1.5, 10), (10, .nan, 0)])
  func `a largest ratio rounds down, but not for a rounding error`(units: Int, ratio: Double, most: Int) {
    #expect(ChoiceGroup.mostRemoved(of: units, atRatio: ratio) == most)
  }

  static let faults: [(String, @Sendable () throws(AllocationError) -> ChoiceGroup)] = [
    ("no units", { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: []) }),
    ("unit 1 is nan", { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: [1, .nan]) }),
    ("unit 0 is -inf", { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: [-.infinity, 1]) }),
    (
      "sum of the losses is inf",
      { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: [1e308, 1e308, 1.7e308]) }
    ),
    ("minimumKept is 0", { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: [1], minimumKept: 0) }),
    (
      "maximumRemoved is -1",
      { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: [1], maximumRemoved: -1) }
    ),
    ("multiple is 0", { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: [1], multiple: 0) }),
    ("2 of 2 units", { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: [1, 2], fixedRemoved: 2) }),
    ("-1 of 2 units", { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: [1, 2], fixedRemoved: -1) }),
    ("prune ratio 1.0", { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: [1]).fixed(atRatio: 1) }),
    ("prune ratio nan", { () throws(AllocationError) in try ChoiceGroup(name: "g", losses: [1]).fixed(atRatio: .nan) }),
  ]

  @Test(arguments: faults.indices)
  func `a group that cannot be is refused in one line that names it`(index: Int) {
    let (message, make) = Self.faults[index]
    let error = #expect(throws: AllocationError.self) { try make() }
    #expect(error?.description.contains("'g'") == true)
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("\n") == false)
  }
}
