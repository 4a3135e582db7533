import Testing

@testable import Configuration

/// What a text may claim is limited: beyond it there is an error, in no time and without memory.
struct TextLimitTests {
  private func problem(_ text: String) -> String? {
    let error = #expect(throws: ConfigurationError.self) { try JSONValue(parsing: Array(text.utf8), file: "f.json") }
    return error?.problem
  }

  @Test(.timeLimit(.minutes(30)))
  func `letters with many marks, which take long to compare, are refused`() throws {
    // Marks of two kinds in turn: each run has to be sorted before texts can be compared.
    func letters(_ marks: Int) -> String { "a" + String(repeating: "\u{301}\u{316}", count: marks / 2) }
    let long = String(repeating: letters(TextLimits.marks), count: 100)
    #expect(try JSONValue(parsing: Array("{\"\(long)\": 1}".utf8), file: "f.json")[long] == 1)
    for text in ["{\"\(letters(32))\": 1}", "[\"\(letters(20_000))\"]"] {
      #expect(problem(text)?.contains("more than \(TextLimits.marks) marks") == true)
    }
  }

  @Test func `strings and numbers are limited`() {
    let string = String(repeating: "s", count: TextLimits.stringBytes)
    #expect(throws: Never.self) { try JSONValue(parsing: Array("\"\(string)\"".utf8), file: "f.json") }
    #expect(problem("\"s\(string)\"")?.contains("bytes, at most \(TextLimits.stringBytes)") == true)
    let digits = String(repeating: "1", count: TextLimits.numberBytes - 2)
    #expect(throws: Never.self) { try JSONValue(parsing: Array("0.\(digits)".utf8), file: "f.json") }
    #expect(problem("0.1\(digits)")?.contains("characters, at most \(TextLimits.numberBytes)") == true)
  }

  @Test(.timeLimit(.minutes(30)))
  func `values are counted, wherever they stand`() {
    for (front, element, back) in [("[", "0,", "0]"), ("[", "[],", "0]"), ("{\"a\":[", "0,", "0]}")] {
      let text = front + String(repeating: element, count: TextLimits.jsonValues) + back
      #expect(problem(text) == "more than \(TextLimits.jsonValues) values")
    }
  }

  @Test func `a text is not even looked at when it is too long`() {
    let bytes = [UInt8](repeating: 0x20, count: TextLimits.jsonBytes + 1)
    let error = #expect(throws: ConfigurationError.self) { try JSONValue(parsing: bytes, file: "f.json") }
    #expect(error?.problem.contains("bytes, at most") == true)
  }
}
