/// The objects of the configuration.
enum ConfigurationObjects {
  static let root = ObjectDescription(
    "config",
    [
      KeyDescription(
        "$schema", .text, .told("none"),
        "for editors, which look there for the schema of a file (`prune-cluster schema`); not looked at"),
      KeyDescription("model", .path("file"), .required, "the ONNX file"),
      KeyDescription(
        "calibration", .object(calibration),
        .demanded("required, unless the [criterion goes by weights alone](#criteria-without-losses)"),
        "the data that sensitivities are measured on"),
      KeyDescription(
        "evaluation", .object(evaluation), .told("those of `calibration`"), "the data that networks are evaluated on"),
      KeyDescription("loss", .object(loss), .told("by the labels"), "the loss whose change counts"),
      KeyDescription(
        "sensitivity", .object(sensitivity), .value([:]), "how the loss of removing channels is measured"),
      KeyDescription("bits", .object(bits), .value([:]), "widths of numbers, for the bit complexity"),
      KeyDescription(
        "target", targets,
        .demanded(
          "required, unless `config_list` alone says what is pruned, or for `compare` where it has `targets`"),
        "how much the whole network must shrink; one target or a list of them"),
      KeyDescription(
        "latency", .object(latency), .told("none"), "the table that a target in `latency` is counted by"),
      KeyDescription(
        "config_list", .list(of: .object(layerRule), counts: 0...Int.max), .value([]), "what holds for single layers"),
      KeyDescription("solver", .object(solver), .value([:]), "how the search is solved"),
      KeyDescription(
        "measured", .object(measured), .told("as below"), "how the solver `measured` evaluates pruned layers"),
      KeyDescription(
        "repair", .either([.object(repair), .constant("none")]), .told("all of it; without `calibration` nothing"),
        "how a pruned network is repaired without training; `\"none\"` turns all of it off"),
      KeyDescription("apply", .object(apply), .value([:]), "how a pruned network is made and checked"),
      KeyDescription(
        "compare", .object(comparison), .told("the config's own"),
        "what the command `compare` runs side by side; nothing else looks at it"),
      KeyDescription("output", .object(output), .value(["directory": "out"]), "where results go"),
    ])

  static let loss = ObjectDescription(
    "loss",
    [
      KeyDescription(
        "kind", .choice(SearchConfiguration.Loss.self), .required,
        "`cross_entropy`: the network's first output against class labels. `mse`: mean square of the difference to the "
          + "labels. `agreement`: cross-entropy against the class that the unpruned network itself predicts; uses no labels. "
          + "Without `loss` it is `cross_entropy` with labels or images, else `agreement`")
    ])

  static let bits = ObjectDescription(
    "bits",
    [
      KeyDescription("activation", .integer(SearchConfiguration.Bits.widths), .value(8), "bits of an activation"),
      KeyDescription("weight", .integer(SearchConfiguration.Bits.widths), .value(8), "bits of a weight"),
      KeyDescription(
        "layers", .map("layer", to: .object(layerBits)), .value([:]),
        "the widths of single layers, by their names: what is left out is the network's"),
      KeyDescription(
        "search", .list(of: .integer(SearchConfiguration.Bits.searchedWidths), isSet: true), .told("none"),
        "widths from which the solver chooses activation and weight bits of every layer that `layers` does not name; the "
          + "network's own must be among them"),
    ])

  static let layerBits = ObjectDescription(
    "layer-bits",
    [
      KeyDescription(
        "activation", .integer(SearchConfiguration.Bits.widths), .told("the network's"),
        "bits of the layer's activations"),
      KeyDescription(
        "weight", .integer(SearchConfiguration.Bits.widths), .told("the network's"), "bits of its weights"),
    ],
    rules: [anyOf("activation", "weight")])

  static let latency = ObjectDescription(
    "latency",
    [
      KeyDescription(
        "table", .path("file"), .required,
        "what `prune-cluster profile MODEL` has written on the machine that counts")
    ])

  static let output = ObjectDescription(
    "output",
    [
      KeyDescription(
        "directory", .path("folder"), .required,
        "folder of the result files, made if it is not there; without `output` it is `out`")
    ])

  /// That one of some keys at least is given.
  static func anyOf(_ keys: String...) -> JSONValue {
    ["anyOf": .array(keys.map { ["required": [.string($0)]] })]
  }

  /// That just one of some keys is given.
  static func oneOf(_ keys: String...) -> JSONValue {
    ["oneOf": .array(keys.map { ["required": [.string($0)]] })]
  }

  /// That of some keys no more than one is given.
  static func atMostOneOf(_ keys: String...) -> [JSONValue] {
    keys.indices.dropFirst().flatMap { later in
      keys[..<later].map { earlier in
        ["not": ["required": [.string(earlier), .string(keys[later])]]]
      }
    }
  }

  /// What holds where a key has a value.
  /// - Parameter isStandard: whether the key has this value where it is left out.
  static func when(
    _ key: String, is value: JSONValue, isStandard: Bool = false, then: JSONValue, otherwise: JSONValue? = nil
  ) -> JSONValue {
    guard case .object(var condition) = values([key: value]) else { preconditionFailure("a rule is an object") }
    if !isStandard { condition["required"] = [.string(key)] }
    var rule: JSONObject = ["if": .object(condition), "then": then]
    rule["else"] = otherwise
    return .object(rule)
  }

  /// That keys have no other values than these, where they are given.
  static func values(_ values: KeyValuePairs<String, JSONValue>) -> JSONValue {
    ["properties": .object(JSONObject(distinct: values.map { .init(key: $0.key, value: ["const": $0.value]) }))]
  }

  /// That there are no other keys than these.
  static func only(_ keys: [String]) -> JSONValue { ["propertyNames": ["enum": .array(keys.map(JSONValue.string))]] }

  /// That there are none of these keys.
  static func none(of keys: [String]) -> JSONValue {
    ["propertyNames": ["not": ["enum": .array(keys.map(JSONValue.string))]]]
  }
}
