import Configuration
import Testing

@Suite struct JSONTextTests {
  @Test func `objects take a line per member, arrays of scalars one line`() {
    let value: JSONValue = [
      "name": "conv1", "ratios": [0.25, 1, nil, true], "none": [], "nothing": [:],
      "layers": [["a": 1], ["b": [[1, 2], [3]]]],
    ]
    #expect(
      value.text() == """
        {
          "name": "conv1",
          "ratios": [0.25, 1, null, true],
          "none": [],
          "nothing": {},
          "layers": [
            {
              "a": 1
            },
            {
              "b": [
                [1, 2],
                [3]
              ]
            }
          ]
        }

        """)
  }

  @Test(
    arguments: [
      (.number(2), "2.0"), (2, "2"), (0.1, "0.1"), (.number(-0.0), "-0.0"), (1e300, "1e+300"),
      (.number(.leastNonzeroMagnitude), "5e-324"),
      (.number(0.1 + 0.2), "0.30000000000000004"), (.number(1.0 / 3), "0.3333333333333333"),
      (.integer(.min), "-9223372036854775808"),
      (.number(.infinity), "null"), (.number(.nan), "null"),
      ("a\"\\/\u{8}\u{c}\n\r\t\u{1}\u{1f}é😀", #""a\"\\/\b\f\n\r\t\u0001\u001fé😀""#),
    ] as [(JSONValue, String)])
  func `scalars have one form`(value: JSONValue, text: String) {
    #expect(value.text() == text + "\n")
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `text reads back as the same value`(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    for _ in 0..<50 {
      let value = anyValue(depth: 4, &random)
      let text = value.text()
      #expect(try JSONValue(parsing: Array(text.utf8), file: "f.json") == value, "seed \(seed)")
      #expect(try JSONValue(parsing: Array(text.utf8), file: "f.json").text() == text, "seed \(seed)")
    }
  }

  private func anyValue(depth: Int, _ random: inout SplitMix) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
    case 0: return .null
    case 1: return .boolean(Bool.random(using: &random))
    case 2: return .integer(Int.random(in: .min ... .max, using: &random) >> Int.random(in: 0..<64, using: &random))
    case 3:
      let number = Double(bitPattern: UInt64.random(in: 0 ... .max, using: &random))
      return .number(number.isFinite ? number : 0.5)
    case 4: return .string(anyString(&random))
    case 5: return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in anyValue(depth: depth - 1, &random) })
    default:
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        object[anyString(&random)] = anyValue(depth: depth - 1, &random)
      }
      return .object(object)
    }
  }

  private func anyString(_ random: inout SplitMix) -> String {
    var string = ""
    for _ in 0..<Int.random(in: 0...6, using: &random) {
      let limit: UInt32 = Bool.random(using: &random) ? 0x80 : 0x11_0000
      string.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) ?? "x")
    }
    return string
  }

  @Test func `setting a member keeps its place, adds it at the end, or removes it`() {
    var object: JSONObject = ["a": 1, "b": 2, "c": 3]
    object["b"] = "x"
    object["d"] = 4
    object["a"] = nil
    object["e"] = nil
    #expect(object == ["b": "x", "c": 3, "d": 4])
    #expect(object.members.map(\.key) == ["b", "c", "d"])
    #expect(JSONValue.object(object)["c"] == 3)
    #expect(JSONValue.array([1])["c"] == nil)
    var value: JSONValue = ["a": ["b": 1], "c": 2]
    value["a"]?["b"] = 3
    value["c"]?["b"] = 3
    value["d"]?["b"] = 3
    #expect(value == ["a": ["b": 3], "c": 2])
  }
}

/// Sebastiano Vigna's SplitMix64: the same numbers from one seed on every system.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
