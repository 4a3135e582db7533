import Configuration
import Testing

@testable import Interchange

struct TextProtoLimitTests {
  private func problem(_ text: String) -> String? {
    let error = #expect(throws: ConfigurationError.self) { try TextProto(parsing: Array(text.utf8), file: "f.cfg") }
    return error?.problem
  }

  @Test(.timeLimit(.minutes(30)))
  func `fields, strings, numbers and the whole text are limited`() {
    #expect(
      problem(String(repeating: "a:1 ", count: TextProtoLimits.fields + 1))
        == "more than \(TextProtoLimits.fields) fields")
    #expect(
      problem("a: \"" + String(repeating: "s", count: 70_000) + "\"")?.contains("a string of 70000 bytes") == true)
    #expect(problem("a: \"e" + String(repeating: "\u{301}\u{316}", count: 20) + "\"")?.contains("marks") == true)
    #expect(problem("a: 0." + String(repeating: "1", count: 2000))?.contains("a number of 2002 characters") == true)
    #expect(problem(String(repeating: " ", count: TextProtoLimits.bytes + 1))?.contains("bytes, at most") == true)
  }

  @Test func `a share that keeps nothing is refused`() {
    // 1 − 1e-20 is 1: all channels would go.
    let error = #expect(throws: ConfigurationError.self) { try Sample.demand(#"{"layer": 1e-20}"#, .aimet) }
    #expect(error?.problem.contains("keeps nothing") == true)
  }
}
