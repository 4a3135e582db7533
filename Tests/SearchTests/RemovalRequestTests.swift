import Channels
import Configuration
import Search
import Sensitivity
import Testing

/// From ratio files to units, on a network of every kind of coupling.
struct RemovalRequestTests {
  let branched: BranchedNetwork

  init() throws { branched = try BranchedNetwork() }

  /// Scores that rise with the index, so that the first go first.
  private var rising: ChannelScores {
    ChannelScores(
      layers: branched.structure.layers.map { (0..<$0.outputs).map(Double.init) },
      groups: branched.structure.groups.map { (0..<$0.unitCount).map(Double.init) })
  }

  private func request(
    _ text: String, acceptsFrozen: Bool = false, scores: (() throws -> ChannelScores)? = nil
  ) throws -> RemovalRequest {
    let file = try RatioFile(parsing: Array(text.utf8), file: "r.json")
    return try RemovalRequest(
      file, for: branched.structure, branched.costs, acceptsFrozen: acceptsFrozen, scores: scores ?? { rising })
  }

  /// The removed channels of the layers that lose any, by name.
  private func channels(_ request: RemovalRequest) -> [String: [Int]] {
    var channels: [String: [Int]] = [:]
    for (index, layer) in branched.structure.layers.enumerated() {
      let going = branched.channels(index, of: request.removed)
      if !going.isEmpty { channels[layer.name] = going }
    }
    return channels
  }

  /// The `ratios.json` of a removal.
  private func document(_ removed: [Set<Int>], listsChannels: Bool) -> String {
    let layers = branched.structure.layers.enumerated().map { index, layer -> JSONValue in
      let going = branched.channels(index, of: removed)
      var object: JSONObject = [
        "name": .string(layer.name), "op_type": .string(layer.opType), "channels": .integer(layer.outputs),
        "prune_ratio": .number(Double(going.count) / Double(layer.outputs)),
      ]
      if listsChannels { object["pruned_channels"] = .array(going.map { .integer($0) }) }
      return .object(object)
    }
    return JSONValue.object(["format_version": 1, "layers": .array(layers)]).text()
  }

  /// A removal that everything allows.
  private func removal(seed: UInt64) -> (removed: [Set<Int>], scores: ChannelScores) {
    var random = SeededGenerator(seed: seed)
    let scores = branched.structure.groups.map { group in
      (0..<group.unitCount).map { _ in Double.random(in: 0..<1, using: &random) }
    }
    let removed = branched.structure.groups.map { group -> Set<Int> in
      guard group.isPrunable else { return [] }
      let blocks = group.partitions.first ?? [Array(0..<group.unitCount)]
      let count = Int.random(in: 0..<blocks[0].count, using: &random)
      return Set(
        blocks.flatMap { block in block.sorted { scores[group.id][$0] < scores[group.id][$1] }.prefix(count) })
    }
    let layers = branched.structure.layers.map { [Double](repeating: 0, count: $0.outputs) }
    return (removed, ChannelScores(layers: layers, groups: scores))
  }

  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func `a ratios.json gives the removal back that it was written for`(seed: UInt64) throws {
    let (removed, _) = removal(seed: seed)
    struct Unasked: Error {}
    let found = try request(document(removed, listsChannels: true)) { throw Unasked() }
    #expect(found.removed == removed)
    #expect(found.frozen.isEmpty)
  }

  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func `its ratios alone give the same channels by the same scores`(seed: UInt64) throws {
    let (removed, scores) = removal(seed: seed)
    #expect(try request(document(removed, listsChannels: false)) { scores }.removed == removed)
  }

  @Test(
    arguments: [
      // Coupled layers follow the one that is named, depthwise ones their input.
      (#"{"a": 0.5}"#, ["a": [0, 1, 2, 3], "b": [0, 1, 2, 3]]),
      (#"{"b.weight": 0.25, "a": 0.25}"#, ["a": [0, 1], "b": [0, 1]]),
      (#"{"d": 0.5}"#, ["g": [0, 1, 4, 5], "d": [0, 1, 4, 5]]),
      // Ties to even: 2.5 of 10 would be 2; 12 · 0.26 = 3.12, and blocks of 6 lose equally many: 2.
      (#"{"c": 0.26}"#, ["c": [0, 6]]),
      (#"{"c": 0.99}"#, ["c": [0, 1, 2, 3, 4, 6, 7, 8, 9, 10]]),
      (#"{"t": 0.5}"#, ["t": [0, 1, 2, 3]]),
      // The 4 channels of e that nothing else settles make up for the 6 that r does.
      (#"{"e": 0.4, "r": 0.5}"#, ["e": [0, 4, 5, 6], "r": [0, 1, 2]]),
      (#"{"e": 0.5}"#, ["e": [0, 1, 4, 5, 6], "r": [0, 1, 2]]),
      (#"{"head": 0, "t": 0.15}"#, ["t": [0]]),
    ] as [(String, [String: [Int]])])
  func `ratios take the lowest scores of whole groups`(text: String, expected: [String: [Int]]) throws {
    #expect(channels(try request(text)) == expected)
  }

  @Test(
    arguments: [
      (#"{"a": [5, 2]}"#, ["a": [2, 5], "b": [2, 5]]),
      (#"{"a": [5], "b": [2]}"#, ["a": [2, 5], "b": [2, 5]]),
      (#"{"g.weight": {"0": [0, 7]}}"#, ["g": [0, 7], "d": [0, 7]]),
      (#"{"t": {"1": [6]}, "e": [9]}"#, ["t": [6], "e": [9], "r": [5]]),
      (#"{"d": {"0": [1, 4]}}"#, ["g": [1, 4], "d": [1, 4]]),
      (#"{"c": []}"#, [:]),
    ] as [(String, [String: [Int]])])
  func `channels by hand take all that goes with them`(text: String, expected: [String: [Int]]) throws {
    struct Unasked: Error {}
    #expect(channels(try request(text) { throw Unasked() }) == expected)
  }

  @Test(
    arguments: [
      (
        #"[{"op_names": ["a", "b"], "sparsity_per_layer": 0.5}, {"op_names": ["t"], "sparsity": 0.15}]"#,
        ["a": [0, 1, 2, 3], "b": [0, 1, 2, 3], "t": [0]]
      ),
      // What shares channels with a layer that no entry selects stays.
      (
        #"[{"op_types": ["ConvTranspose"], "sparsity": 0.3}, {"op_partial_names": ["a"], "sparsity": 0}]"#,
        ["t": [0, 1]]
      ),
      // All of t's weights are alike: the lowest scores go.
      (#"[{"op_names": ["t"], "total_sparsity": 0.4}]"#, ["t": [0, 1, 2]]),
      (#"[{"op_types": ["default"], "sparsity": 0.3}, {"op_types": ["Conv"], "exclude": true}]"#, ["t": [0, 1]]),
    ] as [(String, [String: [Int]])])
  func `entries of a pruning config mean what a search makes of them`(
    text: String, expected: [String: [Int]]
  ) throws {
    #expect(channels(try request(text)) == expected)
  }

  @Test func `channels that cannot go are noted where the caller accepts them`() throws {
    let head = branched.layer("head")
    let scores = ChannelScores(
      layers: branched.structure.layers.map { (0..<$0.outputs).map { -Double($0) } }, groups: rising.groups)
    for text in [
      #"{"head": 0.3, "t": 0.3}"#, #"{"head": [2], "t": [0, 1]}"#,
      #"[{"op_names": ["head", "t"], "sparsity_per_layer": 0.3}]"#,
      #"""
      {"layers": [{"name": "head", "channels": 3, "prune_ratio": 0.3333333333333333, "pruned_channels": [2]},
                  {"name": "t", "channels": 7, "prune_ratio": 0.2857142857142857, "pruned_channels": [0, 1]}]}
      """#,
    ] {
      let found = try request(text, acceptsFrozen: true) { scores }
      #expect(found.frozen.map(\.layer) == [head])
      #expect(found.frozen.map(\.channels) == [[2]])
      #expect(found.frozen[0].reason == branched.structure.layers[head].reason?.description)
      #expect(channels(found) == ["t": [0, 1]])
    }
  }

  /// A `ratios.json` of some layers: name, channels, channels that go.
  private static func listing(_ layers: (String, Int, [Int])...) -> String {
    let entries = layers.map { name, count, going in
      #"{"name": "\#(name)", "channels": \#(count), "prune_ratio": \#(Double(going.count) / Double(count)), "#
        + #""pruned_channels": \#(going)}"#
    }
    return #"{"layers": [\#(entries.joined(separator: ", "))]}"#
  }

  /// Stands for why `head` loses nothing.
  private static let headReason = "REASON"

  private static let misfits: [(String, String)] = [
    (#"{"aa": 0.5, "a": 0.5}"#, #"$.aa: no layer is called "aa"; did you mean "a"?"#),
    (#"{"a": 0.5, "a.weight": 0.5}"#, #"$["a.weight"]: "a.weight" names the same layer as "a" at $.a"#),
    (#"{"a": 0.5, "b": 0.25}"#, "$.b: 'a' and 'b' share their channels, but are given the ratios 0.5 and 0.25"),
    (#"{"b": 0.25, "a": 0.5}"#, "$.a: 'b' and 'a' share their channels, but are given the ratios 0.25 and 0.5"),
    (#"{"a": 0.5, "b": 0}"#, "$.b: 'a' and 'b' share their channels, but are given the ratios 0.5 and 0.0"),
    (#"{"e": 0.1, "r": 0.5}"#, "$.e: 'r' and 'e' share their channels, but are given the ratios 0.5 and 0.1"),
    (
      #"{"e": 0.9, "r": 0.5}"#,
      "$.e: asks for 0.9 of the 10 channels of 'e', of which less than 10 can go"
    ),
    (#"{"head": 0.5}"#, "$.head: asks for a ratio of 0.5 of 'head', which cannot lose channels: " + headReason),
    (#"{"head": [1]}"#, "$.head: asks for channel 1 of 'head', which cannot lose channels: " + headReason),
    (
      #"[{"op_names": ["head"], "sparsity": 0.5}]"#,
      "$[0]: asks for sparsity 0.5 of 'head', which cannot lose channels: " + headReason
    ),
    (
      #"[{"op_names": ["a"], "sparsity": 0.5}]"#,
      "$[0]: asks for sparsity 0.5 of 'a', which cannot lose channels: config_list does not select 'b', "
        + "and layers that share their channels stay whole together"
    ),
    (
      #"[{"op_names": ["a"], "sparsity": 0.5}, {"op_names": ["b"], "sparsity": 0.25}]"#,
      "$: 'a' and 'b' share their channels, but are given the sparsities 0.5 and 0.25"
    ),
    (
      #"[{"op_names": ["t"], "total_sparsity": 0.5, "max_sparsity_per_layer": 0.5}]"#,
      "$[0].total_sparsity: a sparsity of 0.5 cannot be reached; with everything removed that may go the nearest is 0.4285"
    ),
    (
      #"[{"op_names": ["haed"], "sparsity": 0.5}]"#,
      #"$[0].op_names[0]: no layer is called "haed"; did you mean "head"?"#
    ),
    (#"{"a": [8]}"#, "$.a: asks for channel 8 of 'a', which has channels 0 to 7"),
    (#"{"a": [2147483647]}"#, "$.a: asks for channel 2147483647 of 'a', which has channels 0 to 7"),
    (
      #"{"c": [0, 1, 6]}"#,
      "$.c: the channels of 'c' run through groups of a convolution or normalisation, 2 of 6, which must lose equally "
        + "many: one loses 2, another 1"
    ),
    (
      #"{"a": [0, 1, 2, 3], "b": [4, 5, 6, 7]}"#,
      "$.a: takes all 8 channels of 'a'; one at least must stay"
    ),
    (
      #"{"a": {"1": [0]}}"#,
      "$.a: asks for axis 1 of the weight of 'a', whose output channels are along axis 0; inputs go with what makes them"
    ),
    (
      #"{"t": {"0": [0]}}"#,
      "$.t: asks for axis 0 of the weight of 't', whose output channels are along axis 1; inputs go with what makes them"
    ),
    (
      listing(("a", 8, [1]), ("b", 8, [2])),
      "$.layers[0]: does not list channel 2 of 'a', which goes with channel 2 of 'b'"
    ),
    (listing(("a", 8, [1])), "$.layers: does not list 'b', whose channel 1 goes with channel 1 of 'a'"),
    (
      listing(("t", 8, [1])), "$.layers[0]: says that 't' has 8 channels, but it has 7: this is another network"
    ),
    (
      #"{"layers": [{"name": "t", "channels": 9, "prune_ratio": 0}]}"#,
      "$.layers[0]: says that 't' has 9 channels, but it has 7: this is another network"
    ),
    (
      listing(("head", 3, [1])),
      "$.layers[0]: asks for channel 1 of 'head', which cannot lose channels: " + headReason
    ),
    (
      #"{"layers": [{"name": "t", "op_type": "Conv", "prune_ratio": 0}]}"#,
      #"$.layers[0]: "t" is of type "Conv" here, but ConvTranspose in the network"#
    ),
  ]

  @Test(arguments: misfits)
  func `a file that does not fit the network is named with its place`(text: String, message: String) {
    let error = #expect(throws: SearchError.self) { try request(text) }
    let reason = branched.structure.layers[branched.layer("head")].reason?.description ?? ""
    #expect(error?.description == "r.json: " + message.replacing("REASON", with: reason))
    #expect(error?.kind == .badContent)
  }

  @Test(arguments: [#"{"head": [0, 1, 2]}"#, #"{"head": 0.99}"#])
  func `one channel stays of a layer that cannot shrink`(text: String) throws {
    guard text.contains("[") else {
      #expect(try request(text, acceptsFrozen: true).frozen.map(\.channels) == [[0, 1]])
      return
    }
    let error = #expect(throws: SearchError.self) { try request(text, acceptsFrozen: true) }
    #expect(error?.description == "r.json: $.head: takes all 3 channels of 'head'; one at least must stay")
  }

  @Test(arguments: 1...200 as ClosedRange<UInt64>)
  func `no change to a file traps, and what is accepted can be removed`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let (removed, scores) = removal(seed: seed)
    let texts = [
      document(removed, listsChannels: true), document(removed, listsChannels: false), #"{"a": 0.5, "e": 0.3, "t": 0}"#,
      #"{"a": [5, 2], "g.weight": {"0": [0, 7]}, "t": {"1": [6]}}"#,
      #"[{"op_names": ["a", "b"], "sparsity": 0.5}, {"op_types": ["ConvTranspose"], "total_sparsity": 0.3}]"#,
    ]
    let others: [JSONValue] = [
      nil, true, 0, 1, -1, 3, 0.5, 0.25, .integer(.max), .integer(.min), 1e308, .number(.leastNonzeroMagnitude), "",
      "a",
      "head", "Conv", [], [0], [1, 2], [:], ["0": [1]], ["name": "b", "prune_ratio": 0.5],
    ]
    var accepted = 0
    for text in texts {
      let tree = try JSONValue(parsing: Array(text.utf8), file: "r.json")
      for _ in 0..<20 {
        var bytes = Array(changed(tree, &random, others).text().utf8)
        if Bool.random(using: &random), let place = bytes.indices.randomElement(using: &random) {
          bytes[place] = UInt8.random(in: 32..<127, using: &random)
        }
        guard let file = try? RatioFile(parsing: bytes, file: "r.json") else { continue }
        let accepts = Bool.random(using: &random)
        guard
          let found = try? RemovalRequest(
            file, for: branched.structure, branched.costs, acceptsFrozen: accepts, scores: { scores })
        else { continue }
        accepted += 1
        check(found, acceptsFrozen: accepts, "seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
      }
    }
    #expect(accepted > 0, "seed \(seed)")
  }

  private func check(_ request: RemovalRequest, acceptsFrozen: Bool, _ comment: String) {
    #expect(acceptsFrozen || request.frozen.isEmpty, "\(comment)")
    for group in branched.structure.groups {
      let removed = request.removed[group.id]
      #expect(removed.allSatisfy { (0..<group.unitCount).contains($0) }, "\(comment)")
      #expect(group.isPrunable || removed.isEmpty, "\(comment)")
      for blocks in group.partitions {
        #expect(Set(blocks.map { $0.count { removed.contains($0) } }).count == 1, "\(comment)")
      }
    }
    for (index, layer) in branched.structure.layers.enumerated() {
      #expect(branched.channels(index, of: request.removed).count < layer.outputs, "\(comment)")
    }
    for wish in request.frozen {
      let layer = branched.structure.layers[wish.layer]
      #expect(wish.channels.count < layer.outputs && wish.channels == wish.channels.sorted(), "\(comment)")
    }
  }

  /// The tree with each value replaced at a chance of one in 16.
  private func changed(_ value: JSONValue, _ random: inout SeededGenerator, _ others: [JSONValue]) -> JSONValue {
    if Int.random(in: 0..<16, using: &random) == 0, let other = others.randomElement(using: &random) { return other }
    switch value {
    case .array(let elements): return .array(elements.map { changed($0, &random, others) })
    case .object(let object):
      var copy = object
      for member in object.members { copy[member.key] = changed(member.value, &random, others) }
      return .object(copy)
    default: return value
    }
  }
}

/// SplitMix64: the same numbers for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
