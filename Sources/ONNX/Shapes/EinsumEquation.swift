/// Einsum's equation with the axes of its operands named: letters, and axes under an ellipsis counted from the end.
struct EinsumEquation {
  /// Names an axis: a letter's code, or −1 for the last axis under an ellipsis, −2 for the one before it …
  typealias Label = Int

  /// Per operand the label of each axis.
  let terms: [[Label]]
  /// The labels of the result's axes.
  let result: [Label]

  /// Reads an equation like `bhid,bhjd->bhij` for operands of known numbers of axes.
  init(_ text: String, ranks: [Int]) throws(ImportProblem) {
    func broken() -> ImportProblem { .bad("equation '\(text)' for operands of \(ranks) axes") }
    let characters = Array(text.utf8).filter { $0 != UInt8(ascii: " ") }
    var sides: [[UInt8]] = [[]]
    var position = 0
    while position < characters.count {
      let isArrow = characters[position] == UInt8(ascii: "-")
      guard !isArrow || position + 1 < characters.count && characters[position + 1] == UInt8(ascii: ">") else {
        throw broken()
      }
      if isArrow { sides.append([]) } else { sides[sides.count - 1].append(characters[position]) }
      position += isArrow ? 2 : 1
    }
    guard sides.count <= 2 else { throw broken() }
    let written = sides[0].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard written.count == ranks.count else { throw broken() }
    var terms: [[Label]] = []
    var widest = 0
    for (term, rank) in zip(written, ranks) {
      guard let letters = Self.letters(Array(term)) else { throw broken() }
      let hidden = rank - letters.front.count - letters.back.count
      guard letters.hasEllipsis ? hidden >= 0 : hidden == 0 else { throw broken() }
      widest = max(widest, letters.hasEllipsis ? hidden : 0)
      terms.append(letters.front + (0..<max(hidden, 0)).map { $0 - hidden } + letters.back)
    }
    let ellipsis = (0..<widest).map { $0 - widest }
    if sides.count == 2 {
      guard let letters = Self.letters(sides[1]) else { throw broken() }
      result = letters.front + (letters.hasEllipsis ? ellipsis : []) + letters.back
    } else {
      // Without an arrow: the ellipsis, then what occurs once, by letter.
      let all = terms.flatMap { $0 }.filter { $0 >= 0 }
      result = ellipsis + Set(all).filter { label in all.count { $0 == label } == 1 }.sorted()
    }
    self.terms = terms
    let known = Set(terms.flatMap { $0 })
    guard Set(result).count == result.count, result.allSatisfy({ known.contains($0) }) else { throw broken() }
    guard terms.allSatisfy({ Set($0).count == $0.count }) else {
      throw .unsupported("equation '\(text)' names an axis of one operand twice")
    }
  }

  private static func letters(_ term: [UInt8]) -> (front: [Label], back: [Label], hasEllipsis: Bool)? {
    var front: [Label] = []
    var back: [Label] = []
    var hasEllipsis = false
    var position = 0
    while position < term.count {
      let character = term[position]
      if character == UInt8(ascii: ".") {
        guard !hasEllipsis, position + 2 < term.count, term[position + 1] == character, term[position + 2] == character
        else { return nil }
        hasEllipsis = true
        position += 3
        continue
      }
      // a…z and A…Z differ in one bit.
      guard (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(character | 0x20) else { return nil }
      if hasEllipsis { back.append(Label(character)) } else { front.append(Label(character)) }
      position += 1
    }
    return (front, back, hasEllipsis)
  }
}
