import Configuration
import SchemaValidation
import Testing

/// Every key, in few bytes: each byte is changed to every other value.
private let dense = """
  {"model":"m","calibration":{"inputs":{"a":"x","b":{"file":"z.npz","array":"k"}},"labels":"y.npz:l","batch_size":2,
  "samples":7,"preprocessing":{"a":{"scale":0.5,"mean":[1,-2.5e1],"std":3}}},"loss":{"kind":"mse"},"sensitivity":
  {"order":1},"bits":{"weight":4,"layers":{"q":{"weight":6}}},"target":{"compression_ratio":2.5},"config_list":[
  {"op_types":["Conv"],"total_sparsity":0.5},{"op_names":["q"],"exclude":true}],"evaluation":{"inputs":"e","labels":"l",
  "samples":3},"repair":{"reconstruction":"none","held_out":0.5,"rows":9},"apply":{"probes":5},"compare":{"sensitivity":["l1",{"order":2}],
  "solver":["greedy"],"targets":[{"limit":9},[{"compression_ratio":3}]]},"output":{"directory":"\\u00e9"}}
  """

@Suite struct ConfigurationFuzzTests {
  private let layers = [
    LayerIdentity(name: "q", opType: "Conv", weight: "w"), LayerIdentity(name: "r", opType: "Conv", weight: "v"),
  ]

  /// Reads the bytes and goes on as far as it gets; says whether that was to the end. What is read is right by the schema.
  private func survives(_ bytes: [UInt8]) -> Bool {
    do {
      let configuration = try SearchConfiguration(parsing: bytes, file: "c.json")
      let document = try JSONValue(parsing: bytes, file: "c.json", allowsComments: true)
      for document in [document, configuration.canonicalJSON] {
        let problem = ConfigurationSchemaTests.validator.problem(of: document)
        #expect(problem == nil, "\(document.text())")
      }
      _ = configuration.canonicalJSON.text()
      for combination in configuration.combinations.suffix(1) { _ = try? configuration.configuration(of: combination) }
      _ =
        configuration.comparedSensitivities.map(configuration.label)
        + configuration.comparedSolvers.map(configuration.label)
      _ = try configuration.selection(of: layers)
      _ = try configuration.bitWidths(of: layers)
      return true
    } catch {
      return false
    }
  }

  @Test func `the unbroken text is accepted`() {
    #expect(survives(Array(dense.utf8)))
  }

  @Test(arguments: [dense, exampleText])
  func `no beginning of a text is a text`(text: String) {
    let bytes = Array(text.utf8)
    for length in bytes.indices { #expect(!survives(Array(bytes[..<length])), "the first \(length) bytes") }
  }

  @Test func `no change of one byte traps`() {
    var bytes = Array(dense.utf8)
    var accepted = 0
    for position in bytes.indices {
      let original = bytes[position]
      for value in 0...UInt8.max where value != original {
        bytes[position] = value
        accepted += survives(bytes) ? 1 : 0
      }
      bytes[position] = original
    }
    // File names may be anything; nearly all else is an error.
    #expect(accepted > 0)
    #expect(accepted < bytes.count * 255 / 10)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `no value of a wrong kind in any place traps`(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    let tree = try JSONValue(parsing: Array(dense.utf8), file: "c.json")
    let others: [JSONValue] = [
      nil, true, false, 0, -1, .integer(.max), .integer(.min), 1e308, .number(-0.0), .number(.leastNonzeroMagnitude),
      "", "x", "\0\n", [], [[]],
      ["x"], [1], [:], ["file": "x"], ["": 1],
    ]
    for _ in 0..<400 {
      let changed = replacing(in: tree, random: &random, others: others)
      _ = survives(Array(changed.text().utf8))
    }
  }

  /// The tree with each value replaced at a chance of one in 24.
  private func replacing(in value: JSONValue, random: inout SplitMix, others: [JSONValue]) -> JSONValue {
    if Int.random(in: 0..<24, using: &random) == 0, let other = others.randomElement(using: &random) { return other }
    switch value {
    case .array(let elements):
      return .array(elements.map { replacing(in: $0, random: &random, others: others) })
    case .object(let object):
      var changed = object
      for member in object.members {
        changed[member.key] = replacing(in: member.value, random: &random, others: others)
      }
      return .object(changed)
    default: return value
    }
  }
}
