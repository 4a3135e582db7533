import Testing

@testable import Search

/// Threads of ranks, from the processors that they were given.
struct RankPlacementTests {
  private static func placement(
    _ ranks: [(host: String, list: Substring)], online: Int = 8, quota: Int = .max
  ) -> RankPlacement {
    let masks = ranks.map { ProcessorMask(list: $0.list) }
    return RankPlacement(
      hosts: ranks.map(\.host), masks: masks, quotas: ranks.map { _ in quota }, online: ranks.map { _ in online })
  }

  @Test(arguments: [
    ("0-3", [0, 1, 2, 3]), ("0,2-3,7\n", [0, 2, 3, 7]), ("", []), ("5", [5]), ("3-1,x,9-99999999999,2", [2]),
  ])
  func `a list of processors is read as the kernel writes it`(_ list: (text: String, numbers: [Int])) {
    #expect(ProcessorMask(list: Substring(list.text)).processors == Set(list.numbers))
  }

  @Test func `ranks that are not bound share the processors of their host`() {
    let placement = Self.placement([("a", "0-7"), ("a", "0-7"), ("b", "0-7")])
    #expect(placement.workers == [4, 4, 8])
    #expect(placement.text == "3 ranks × 4 to 8 threads on 2 hosts")
    #expect(placement.warnings == [])
  }

  @Test func `bound ranks have their own`() {
    let placement = Self.placement([("a", "0-3"), ("a", "4-7")])
    #expect(placement.workers == [4, 4])
    #expect(placement.text == "2 ranks × 4 threads on 1 host")
    #expect(placement.warnings == [])
  }

  @Test func `a container's limit is shared by all its ranks, whatever their masks`() {
    #expect(Self.placement([("a", "0-7"), ("a", "0-7")], quota: 3).workers == [1, 1])
    #expect(Self.placement([("a", "0-3"), ("a", "4-7")], quota: 4).workers == [2, 2])
    #expect(Self.placement([("a", "0-1"), ("a", "4-7")], quota: 6).workers == [2, 3])
    #expect(Self.placement([("a", ""), ("b", "0-3")], quota: 6).workers == [6, 4])
  }

  @Test func `more threads than processors are told, and processors left idle`() {
    #expect(Self.placement([("a", "0-1"), ("a", "0-1"), ("a", "0-1")]).warnings.count == 1)
    #expect(Self.placement([("a", "0-3"), ("a", "2-5")]).warnings.first?.contains("overlap") == true)
    #expect(Self.placement([("a", "0"), ("a", "1")]).warnings.first?.contains("6 of 8") == true)
    #expect(Self.placement([("a", "0"), ("a", "1")], online: 2).warnings == [])
  }
}
