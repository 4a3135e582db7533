import Testing

@testable import WorkSharing

@Suite struct PieceKeyTests {
  @Test func `lists of texts that are not the same have different keys`() {
    let lists: [[String]] = [
      [], [""], ["", ""], ["a"], ["b"], ["a", ""], ["", "a"], ["ab"], ["a", "b"], ["b", "a"], ["a", "b", ""],
      ["a\u{0}b"], ["a", "\u{0}b"], ["\u{1}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}a"], ["e\u{301}"], ["\u{e9}"],
    ]
    #expect(Set(lists.map { PieceKey($0) }).count == lists.count)
  }

  @Test func `a key with more behind it is neither itself nor a key of all texts at once`() {
    let keys = [
      PieceKey(["a"]), PieceKey(["a"]).appending([]), PieceKey(["a"]).appending(["b"]), PieceKey(["a", "b"]),
      PieceKey([PieceKey(["a"]).description, "b"]), PieceKey(["b"]).appending(["a"]),
      PieceKey(["a"]).appending(["b"]).appending([]), PieceKey(["a"]).appending(["b", ""]),
    ]
    #expect(Set(keys).count == keys.count)
  }

  @Test func `the key of a list of texts never changes`() {
    // Worked out with Python: sha256(q(0) + q(2) + b"ab" + q(0)), then sha256(q(1) + that + q(1) + b"c"), where q is
    // 8 bytes, the lowest first.
    let key = PieceKey(["ab", ""])
    #expect(key.description == "4af58ec6f13e0a676fe9125d0c9577a124062a539b94efeb5bd763b818207d79")
    #expect(key.appending(["c"]).description == "ed9de24a568eab305b904ebfe3abdf65b02febf8b1518f07a25c5e1078e03e35")
  }

  @Test func `a key is read from its description`() {
    let key = PieceKey(["some", "texts"])
    #expect(key.description.count == 64)
    #expect(PieceKey(hexadecimal: key.description) == key)
  }

  @Test(arguments: [
    "", "0", String(repeating: "0", count: 63), String(repeating: "0", count: 65),
    String(repeating: "0", count: 66), String(repeating: "A", count: 64), String(repeating: "g", count: 64),
    String(repeating: "0", count: 62) + "é", " " + String(repeating: "0", count: 63),
  ])
  func `any other text is no key`(_ text: String) {
    #expect(PieceKey(hexadecimal: text) == nil)
  }

  @Test func `a key is sent as numbers, and nothing else is taken for one`() {
    let key = PieceKey(["some", "texts"])
    #expect(key.packed.count == PieceKey.packedCount)
    #expect(PieceKey(packed: key.packed) == key)
    #expect(
      PieceKey(packed: [Double](repeating: 4_294_967_295, count: 8))?.description == String(repeating: "f", count: 64))
    for wrong in [-1, 0.5, 4_294_967_296, .nan, .infinity] {
      #expect(PieceKey(packed: key.packed.dropLast() + [wrong]) == nil)
    }
    #expect(PieceKey(packed: key.packed.dropLast()) == nil)
    #expect(PieceKey(packed: key.packed + [0]) == nil)
  }
}
