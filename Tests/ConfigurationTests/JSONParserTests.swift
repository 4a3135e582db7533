import Configuration
import Testing

private func parsed(_ text: String) throws -> JSONValue { try JSONValue(parsing: Array(text.utf8), file: "f.json") }

@Suite struct JSONParserTests {
  @Test(
    arguments: [
      ("null", .null), (" true ", true), ("false", false), ("0", 0), ("-0", .number(-0.0)), ("-12", -12),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("0.5", 0.5), ("2.0", .number(2)),
      ("1e2", .number(100)),
      ("1E+2", .number(100)), ("25e-1", 2.5), ("1e-400", .number(0)), (#""""#, ""),
      (#""a\"\\\/\b\f\n\r\tb""#, "a\"\\/\u{8}\u{c}\n\r\tb"),
      (#""\u00e9 é \ud83d\ude00""#, "é é 😀"), (#""\u0000""#, "\0"), ("[]", []), ("[1 , [] , \"x\"]", [1, [], "x"]),
      ("{ }", [:]),
      ("{\"b\": 1,\r\n\t\"a\": {\"b\": null}}", ["b": 1, "a": ["b": nil]]), ("\u{FEFF}[1]", [1]),
    ] as [(String, JSONValue)])
  func `reads every form of a value`(text: String, value: JSONValue) throws {
    #expect(try parsed(text) == value)
  }

  @Test(arguments: [
    ("", "line 1, column 1: not JSON: expected a value, found the end of the file"),
    ("{\n  \"é\": 1,\n}", "line 3, column 1: not JSON: expected a key in double quotes after ',', found '}'"),
    ("{,}", "line 1, column 2: not JSON: expected a key in double quotes or '}', found ','"),
    ("{'a': 1}", "line 1, column 2: not JSON: expected a key in double quotes or '}', found '''"),
    ("{a: 1}", "line 1, column 2: not JSON: expected a key in double quotes or '}', found a"),
    ("{\"é\" 1}", "line 1, column 6: not JSON: expected ':' after a key, found 1"),
    ("{\"a\": 1 \"b\": 2}", "line 1, column 9: not JSON: expected ',' or '}', found '\"'"),
    ("{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", "line 3, column 2: the key \"a\" occurs twice in one object"),
    ("{\"a\": 1, \"\\u0061\": 3}", "line 1, column 10: the key \"a\" occurs twice in one object"),
    ("[1, 2,]", "line 1, column 7: not JSON: expected a value after ',', found ']'"),
    ("[1, 2", "line 1, column 6: not JSON: expected ',' or ']', found the end of the file"),
    ("[1] 2", "line 1, column 5: not JSON: expected the end of the file, found 2"),
    ("// x\n{}", "line 1, column 1: not JSON: expected a value, found a comment (JSON has none)"),
    ("[1, /* x */ 2]", "line 1, column 5: not JSON: expected a value, found a comment (JSON has none)"),
    ("{\"a\": NaN}", "line 1, column 7: not JSON: expected a value, found NaN"),
    ("{\"a\": -Infinity}", "line 1, column 8: not JSON: expected a digit, found Infinity"),
    ("True", "line 1, column 1: not JSON: expected a value, found True"),
    ("nullx", "line 1, column 1: not JSON: expected a value, found nullx"),
    ("01", "line 1, column 1: not JSON: a number must not begin with a zero that another digit follows"),
    ("-01.5", "line 1, column 1: not JSON: a number must not begin with a zero that another digit follows"),
    (".5", "line 1, column 1: not JSON: expected a value, found '.'"),
    ("+5", "line 1, column 1: not JSON: expected a value, found '+'"),
    ("5.", "line 1, column 3: not JSON: expected a digit, found the end of the file"),
    ("5e", "line 1, column 3: not JSON: expected a digit, found the end of the file"),
    ("0x10", "line 1, column 2: not JSON: expected the end of the file, found x10"),
    ("[1e400]", "line 1, column 2: the number 1e400 is beyond the range of a 64-bit float"),
    ("-1e999", "line 1, column 1: the number -1e999 is beyond the range of a 64-bit float"),
    ("\"abc", "line 1, column 1: a string without its closing quote"),
    ("\"a\nb\"", "line 1, column 3: a control character in a string; write it as an escape such as \\n"),
    ("\"C:\\data\"", "line 1, column 4: an escape that JSON does not have; a backslash itself is written \\\\"),
    ("\"\\", "line 1, column 2: an escape that JSON does not have; a backslash itself is written \\\\"),
    ("\"\\u12g4\"", "line 1, column 2: \\u must be followed by four hexadecimal digits, a surrogate by its other half"),
    ("\"\\ud800\"", "line 1, column 2: \\u must be followed by four hexadecimal digits, a surrogate by its other half"),
    ("\"\\udc00\"", "line 1, column 2: \\u must be followed by four hexadecimal digits, a surrogate by its other half"),
    (
      "\"\\ud800\\u0041\"",
      "line 1, column 2: \\u must be followed by four hexadecimal digits, a surrogate by its other half"
    ),
    ("\u{FEFF}[é]", "line 1, column 2: not JSON: expected a value, found the byte 0xc3"),
    ("[\u{7}]", "line 1, column 2: not JSON: expected a value, found the byte 0x7"),
  ])
  func `names line and column of what is no JSON`(text: String, description: String) {
    let error = #expect(throws: ConfigurationError.self) { try parsed(text) }
    #expect(error?.description == "f.json: " + description)
  }

  @Test func `refuses bytes that are no UTF-8`() {
    let error = #expect(throws: ConfigurationError.self) {
      try JSONValue(parsing: [0x20, 0x22, 0xC3, 0x28, 0x22], file: "f.json")
    }
    #expect(error?.description == "f.json: line 1, column 2: a string that is not valid UTF-8")
  }

  @Test func `reads 64 levels and refuses more, however many`() throws {
    #expect(throws: Never.self) { try parsed(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) }
    for text in ["[", "{\"a\":", "[{\"a\":"] {
      let error = #expect(throws: ConfigurationError.self) { try parsed(String(repeating: text, count: 1_000_000)) }
      #expect(error?.problem == "nested more than 64 levels deep")
    }
  }

  @Test func `an error is one line whatever the file is called`() {
    let error = #expect(throws: ConfigurationError.self) { try JSONValue(parsing: [], file: "a\nb") }
    #expect(error?.description.contains("\n") == false)
  }

  @Test(arguments: [
    "// first\n{\"a\": [1, // one\n 2 //two\r\n], // [3]\n\"b//\": \"//c\"//\n}\n// last",
    "{\"a\":[1,2],\"b//\":\"//c\"}",
  ])
  func `comments to the end of the line are nothing where they are allowed`(_ text: String) throws {
    let value = try JSONValue(parsing: Array(text.utf8), file: "f", allowsComments: true)
    #expect(value == ["a": [1, 2], "b//": "//c"])
  }

  @Test func `other comments are named where some are allowed, and the place is counted over them`() {
    let error = #expect(throws: ConfigurationError.self) {
      try JSONValue(parsing: Array("{ // é\n\"a\": /* b */ 1}".utf8), file: "f", allowsComments: true)
    }
    #expect(
      error?.description
        == "f: line 2, column 6: not JSON: expected a value, found a comment of another kind than // to the end of the line"
    )
    #expect(throws: ConfigurationError.self) {
      try JSONValue(parsing: Array("{\"a\": 1 / / b\n}".utf8), file: "f", allowsComments: true)
    }
  }
}
