import Configuration
import Foundation
import Testing

@testable import Interchange

struct TextProtoTests {
  private static func parsed(_ text: String) throws -> TextProto {
    try TextProto(parsing: Array(text.utf8), file: "f.cfg")
  }

  private static func problem(_ bytes: [UInt8]) -> String {
    do {
      _ = try TextProto(parsing: bytes, file: "f.cfg")
      return ""
    } catch { return "\(error)" }
  }

  @Test(arguments: [
    ("a: 1 b: 2", "a: 1\nb: 2\n"), ("a: 1, b: 2; c: 3", "a: 1\nb: 2\nc: 3\n"), ("", ""), ("# only this", ""),
    ("m { a: 1 }", "m {\n  a: 1\n}\n"), ("m: { a: 1 }", "m {\n  a: 1\n}\n"), ("m < a: 1 >", "m {\n  a: 1\n}\n"),
    ("a: [1, 2]", "a: 1\na: 2\n"), ("a: []", ""), ("m: [{a: 1}, {a: 2}]", "m {\n  a: 1\n}\nm {\n  a: 2\n}\n"),
    ("a: 'x' \"y\" # joined\n 'z'", "a: \"xyz\"\n"),
    (#"a: "\n\t\"\\\x41\101\u00e9\U0001F600""#, "a: \"\\n\\t\\\"\\\\AAé😀\"\n"),
    ("a: \"\\001\\177\"", "a: \"\\001\\177\"\n"), ("a: -1.5e-3", "a: -1.5e-3\n"), ("a: - 2", "a: -2\n"),
    ("a: .5", "a: .5\n"),
    ("a: 0x1F", "a: 0x1F\n"), ("a: 017", "a: 017\n"), ("a: 1.5f", "a: 1.5f\n"), ("a: true", "a: true\n"),
    ("a: -inf", "a: -inf\n"),
    ("\u{FEFF}a: 1", "a: 1\n"), ("a:1#c\r\nb:2", "a: 1\nb: 2\n"), ("a { } ", "a {\n}\n"),
  ])
  func `a text is read as its fields, and writing is the same for every spelling`(_ text: String, _ canonical: String)
    throws
  {
    let message = try Self.parsed(text)
    #expect(message.text() == canonical)
    #expect(try Self.parsed(message.text()).text() == canonical)
  }

  @Test(arguments: [
    ("a", "f.cfg: line 1, column 2: expected ':' or '{' behind \"a\", found the end of the file"),
    ("a:", "line 1, column 3: expected a value, found the end of the file"),
    ("a: 1\n  b 2", "line 2, column 5: expected ':' or '{' behind \"b\", found '2'"),
    ("m {\n a: 1", "line 2, column 6: expected the name of a field or '}', found the end of the file"),
    ("m { a: 1 >", "line 1, column 10: expected the name of a field or '}', found '>'"), ("}", "found '}'"),
    ("a: 'x", "line 1, column 4: a string without its closing quote"), ("a: 'x\n'", "line break"),
    ("a: '\\", "a string without its closing quote"), (#"a: '\q'"#, "line 1, column 5: an escape"),
    (#"a: '\x'"#, "hexadecimal"), (#"a: '\400'"#, "octal"), (#"a: '\ud800'"#, "4 hexadecimal digits"),
    (#"a: '\u12'"#, "4 hexadecimal digits"),
    (#"a: '\xff'"#, "not valid UTF-8"), ("a: 1.2.3", "line 1, column 4: expected a number, found 1.2.3"),
    ("a: 08", "expected a number"),
    ("a: 1e", "expected a number"), ("a: 0x", "expected a number"), ("a: 1e999", "expected a number"),
    ("a: 12abc", "expected a number"),
    ("a: --1", "expected a number"), ("a: .", "expected a number"), ("a: [1 2]", "expected ',' or ']'"),
    ("a: [1,]", "expected a value"), ("a: [[1]]", "expected a value"),
    ("[ext.x]: 1", "expected the name of a field, found '['"), ("a:: 1", "found ':'"), ("a: 1,, b: 2", "found ','"),
    ("é: 1", "found the byte 0xc3"), ("a: \u{1}", "found the byte 0x1"), ("#é\n é: 1", "line 2, column 2"),
  ])
  func `a damaged text is told with line, column, expected and found`(_ text: String, _ expected: String) {
    let problem = Self.problem(Array(text.utf8))
    #expect(problem.contains(expected), "\(problem)")
    #expect(!problem.contains("\n"))
  }

  @Test(arguments: ["m{", "m:[{", "m<", "m: {"])
  func `hostile nesting is an error and not a crash`(_ opening: String) {
    let problem = Self.problem(Array(String(repeating: opening, count: 100_000).utf8))
    #expect(problem.contains("nested more than 32 levels deep"), "\(problem)")
  }

  @Test func `nesting up to the limit is read`() throws {
    let text = String(repeating: "m{", count: 32) + String(repeating: "}", count: 32)
    #expect(try Self.parsed(text).fields.count == 1)
  }

  @Test func `no damage of a file traps`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var state = seed
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(limit))
    }
    let original = Array(
      #"""
      prune_config { filter_pruner { balanced_l2_norm_filter_prune { prune_ratio: 3e-1 ascend_optimized: true } } } # é
      skip_layers: ['a\x41\u00e9', "b" 'c']; override_layer_types: { layer_type: "Conv2d", prune_config <  > }
      n: -0x1F m: -inf o: 017
      """#.utf8)
    for _ in 0..<4000 {
      var bytes = original
      for _ in 0...random(4) {
        switch random(3) {
        case 0: bytes[random(bytes.count)] = UInt8(random(256))
        case 1: bytes.remove(at: random(bytes.count))
        default: bytes.insert(original[random(original.count)], at: random(bytes.count))
        }
      }
      let file = "f.cfg"
      _ = try? AMCTConfiguration(parsing: bytes, file: file)
      guard let message = try? TextProto(parsing: bytes, file: file) else { continue }
      // Whatever is read is written so that it is read the same.
      let text = message.text()
      #expect((try? TextProto(parsing: Array(text.utf8), file: file))?.text() == text, "seed \(seed)")
    }
  }
}
