/// Reads the Python dictionary in the header of a `.npy` file: strings, booleans and tuples of whole numbers, no more.
struct NPYHeaderText {
  /// The dictionary's three values.
  struct Fields {
    var descr: String
    var isFortranOrder: Bool
    var shape: [Int]
  }

  private let text: [UInt8]
  private let name: ArrayName
  private var position = 0

  init(_ text: [UInt8], name: ArrayName) {
    self.text = text
    self.name = name
  }

  /// The values of all three keys; each must be there once, in any order, and nothing else.
  mutating func fields() throws(ArrayFileError) -> Fields {
    var descr: String?
    var isFortranOrder: Bool?
    var shape: [Int]?
    try expect("{")
    while next() != "}" {
      let key = try string()
      try expect(":")
      switch key {
      case "descr" where descr == nil: descr = try typeString()
      case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
      case "shape" where shape == nil: shape = try tuple()
      default: throw name.badContent(expected: "descr, fortran_order and shape once in the header", found: "'\(key)'")
      }
      if next() == "," { position += 1 } else { break }
    }
    try expect("}")
    guard next() == nil else { throw broken(expected: "the header's end") }
    guard let descr, let isFortranOrder, let shape else {
      throw name.badContent("the header lacks one of descr, fortran_order and shape")
    }
    return Fields(descr: descr, isFortranOrder: isFortranOrder, shape: shape)
  }

  /// The next character that is not white space, which the position is moved to.
  private mutating func next() -> Unicode.Scalar? {
    while position < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[position]) { position += 1 }
    return position < text.count ? Unicode.Scalar(text[position]) : nil
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(ArrayFileError) {
    guard next() == character else { throw broken(expected: "'\(character)'") }
    position += 1
  }

  private mutating func string() throws(ArrayFileError) -> String {
    guard let quote = next(), quote == "'" || quote == "\"" else { throw broken(expected: "a quoted string") }
    let start = position + 1
    guard let end = text[start...].firstIndex(of: UInt8(ascii: quote)) else {
      throw broken(expected: "a closing quote")
    }
    position = end + 1
    return String(decoding: text[start..<end], as: UTF8.self)
  }

  private mutating func typeString() throws(ArrayFileError) -> String {
    if next() == "[" { throw name.badContent(expected: "elements of one number type", found: "records with fields") }
    return try string()
  }

  private mutating func boolean() throws(ArrayFileError) -> Bool {
    _ = next()
    for (word, value) in [("True", true), ("False", false)] where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw broken(expected: "True or False")
  }

  private mutating func tuple() throws(ArrayFileError) -> [Int] {
    var numbers: [Int] = []
    try expect("(")
    while next() != ")" {
      numbers.append(try number())
      if next() == "," { position += 1 } else { break }
    }
    try expect(")")
    return numbers
  }

  private mutating func number() throws(ArrayFileError) -> Int {
    var value: Int?
    while position < text.count, case let digit = Int(text[position]) - 0x30, 0...9 ~= digit {
      let (tenfold, overflow) = (value ?? 0).multipliedReportingOverflow(by: 10)
      let (sum, carry) = tenfold.addingReportingOverflow(digit)
      guard !overflow, !carry else { throw name.badContent("the shape has an extent of more than 64 bits") }
      value = sum
      position += 1
    }
    // Python 2 wrote long integers with this letter.
    if value != nil, position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
    guard let value else { throw broken(expected: "an extent ≥ 0") }
    return value
  }

  private func broken(expected: String) -> ArrayFileError {
    let rest = String(decoding: text.dropFirst(position).prefix(20), as: UTF8.self)
    return name.badContent(
      expected: "\(expected) at byte \(position) of the header's text", found: rest.isEmpty ? "its end" : "'\(rest)'")
  }
}
