import Configuration
import Testing

/// Changes of single keys, as the command line writes them.
@Suite struct ConfigurationChangeTests {
  @Test(
    arguments: [
      ("a=1", ["a"], 1), ("a.b.c=2.5", ["a", "b", "c"], 2.5), ("a=true", ["a"], true), ("a=null", ["a"], .null),
      ("a=macs", ["a"], "macs"), (#"a="macs""#, ["a"], "macs"), ("a=b=c", ["a"], "b=c"), ("a=", ["a"], nil),
      ("a.b=", ["a", "b"], nil), ("a=[4, 8]", ["a"], [4, 8]), ("a=[4, 8", ["a"], "[4, 8"),
      (#"a={"b": {"c": 3}}"#, ["a"], ["b": ["c": 3]]), ("a= 7 ", ["a"], 7), ("é=ü", ["é"], "ü"),
    ] as [(String, [String], JSONValue?)])
  func `a text says which key gets which value`(_ text: String, _ path: [String], _ value: JSONValue?) {
    #expect(ConfigurationChange(text) == ConfigurationChange(path, to: value))
  }

  @Test(arguments: ["", "a", "a.b", "=1", ".a=1", "a.=1", "a..b=1", "."])
  func `what names no key is no change`(_ text: String) { #expect(ConfigurationChange(text) == nil) }

  private static let document: JSONValue = ["a": 1, "b": ["c": 2, "d": ["e": 3]], "f": [4]]

  @Test(
    arguments: [
      ("a=5", ["a": 5, "b": ["c": 2, "d": ["e": 3]], "f": [4]]),
      ("b.c=5", ["a": 1, "b": ["c": 5, "d": ["e": 3]], "f": [4]]),
      ("b.d.e=", ["a": 1, "b": ["c": 2, "d": [:]], "f": [4]]),
      ("b=", ["a": 1, "f": [4]]),
      ("g.h.i=5", ["a": 1, "b": ["c": 2, "d": ["e": 3]], "f": [4], "g": ["h": ["i": 5]]]),
      ("a.x=5", ["a": ["x": 5], "b": ["c": 2, "d": ["e": 3]], "f": [4]]),
      ("z=", ["a": 1, "b": ["c": 2, "d": ["e": 3]], "f": [4]]),
    ] as [(String, JSONValue)])
  func `a change leaves everything else as it is`(_ text: String, _ expected: JSONValue) throws {
    #expect(try #require(ConfigurationChange(text)).applied(to: Self.document) == expected)
  }

  @Test func `the last of several changes of a key holds`() throws {
    let changes = try ["b.c=7", "b=", "b.c=8"].map { try #require(ConfigurationChange($0)) }
    #expect(changes.reduce(Self.document) { $1.applied(to: $0) } == ["a": 1, "f": [4], "b": ["c": 8]])
  }
}
