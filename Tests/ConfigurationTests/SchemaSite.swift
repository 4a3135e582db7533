import Configuration
import Testing

/// A place in a configuration that the schema says something of.
struct SchemaSite: CustomTestStringConvertible, Sendable {
  enum Step: Hashable, Sendable {
    case key(String)
    case index
  }

  let steps: [Step]
  let schema: JSONValue

  var testDescription: String {
    steps.reduce("$") { path, step in
      switch step {
      case .key(let key): "\(path).\(key)"
      case .index: path + "[0]"
      }
    }
  }

  /// All of them, by walking the schema.
  static let all: [SchemaSite] = {
    var sites: [SchemaSite] = []
    walk(ConfigurationSchema.json, [], &sites)
    return sites
  }()

  private static func walk(_ schema: JSONValue, _ steps: [Step], _ sites: inout [SchemaSite]) {
    if case .string(let reference)? = schema["$ref"],
      let definition = ConfigurationSchema.json["$defs"]?[String(reference.dropFirst("#/$defs/".count))]
    {
      walk(definition, steps, &sites)
    }
    if case .array(let branches)? = schema["anyOf"] { for branch in branches { walk(branch, steps, &sites) } }
    if case .object(let properties)? = schema["properties"] {
      for property in properties.members {
        add(property.value, steps + [.key(property.key)], &sites)
      }
    }
    if case .object? = schema["additionalProperties"], let value = schema["additionalProperties"] {
      add(value, steps + [.key("a")], &sites)
    }
    if let items = schema["items"] { add(items, steps + [.index], &sites) }
  }

  private static func add(_ schema: JSONValue, _ steps: [Step], _ sites: inout [SchemaSite]) {
    sites.append(SchemaSite(steps: steps, schema: schema))
    walk(schema, steps, &sites)
  }

  /// Values on both sides of whatever the schema says of the place.
  var candidates: [JSONValue] { [nil] + Self.candidates(of: schema) }

  private static func candidates(of schema: JSONValue) -> [JSONValue] {
    var found: [JSONValue] = []
    if case .array(let branches)? = schema["anyOf"] { found += branches.flatMap(candidates) }
    if case .array(let values)? = schema["enum"] { found += values + ["no such"] }
    if let value = schema["const"] { found += [value, value == true ? false : "no such"] }
    switch schema["type"] {
    case "boolean": found += [true, false, 1, "true"]
    case "string": found += ["x", "", 1]
    case "integer":
      guard case .integer(let least)? = schema["minimum"], case .integer(let most)? = schema["maximum"] else { break }
      found += [.integer(least), .integer(most), .integer(least - 1), .integer(most + 1), 1.5, "1"]
      found.append(.number(Double(least)))
    case "number": found += numbers(of: schema) + ["1", true]
    case "array":
      guard let items = schema["items"] else { break }
      let some = candidates(of: items)
      found.append([])
      found += some.map { [$0] } + some.map { [$0, $0] } + some.map { [$0, $0, $0] }
    default: break
    }
    return found
  }

  private static func numbers(of schema: JSONValue) -> [JSONValue] {
    var found: [JSONValue] = [-1e300, 1e300, 0.5]
    for key in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] {
      guard case .number(let bound)? = schema[key] else { continue }
      found += [.number(bound), .number(bound.nextUp), .number(bound.nextDown)]
    }
    return found
  }

  /// A document with a value at the place; what is missing on the way there is made.
  func set(_ value: JSONValue, in document: JSONValue) -> JSONValue { Self.set(value, steps[...], in: document) }

  private static func set(_ value: JSONValue, _ steps: ArraySlice<Step>, in document: JSONValue?) -> JSONValue {
    guard let step = steps.first else { return value }
    switch step {
    case .key(let key):
      var object = JSONObject()
      if case .object(let found)? = document { object = found }
      object[key] = set(value, steps.dropFirst(), in: object[key])
      return .object(object)
    case .index:
      var elements: [JSONValue] = []
      if case .array(let found)? = document { elements = found }
      let first = set(value, steps.dropFirst(), in: elements.first)
      return .array([first] + elements.dropFirst())
    }
  }
}

extension SchemaSite {
  /// The schema without the step to `$defs`.
  var definition: JSONValue {
    guard case .string(let reference)? = schema["$ref"] else { return schema }
    return ConfigurationSchema.json["$defs"]?[String(reference.dropFirst("#/$defs/".count))] ?? schema
  }

  /// Whether it is an object with keys of its own.
  var isObject: Bool { definition["properties"] != nil }

  /// The value at the place.
  func value(in document: JSONValue) -> JSONValue? {
    steps.reduce(document as JSONValue?) { value, step in
      switch (step, value) {
      case (.key(let key), let value?): value[key]
      case (.index, .array(let elements)?): elements.first
      default: nil
      }
    }
  }

  /// A document without the key at the place; `nil` for one that has no object for the key.
  func removed(from document: JSONValue) -> JSONValue? {
    let parent = SchemaSite(steps: Array(steps.dropLast()), schema: true)
    guard case .key(let key)? = steps.last, case .object(var object)? = parent.value(in: document) else { return nil }
    object[key] = nil
    return parent.set(.object(object), in: document)
  }
}

/// Configurations that are right, in one or another of which every key can be set.
enum SchemaContext {
  private static let data = #""calibration": {"inputs": "x.npy", "labels": "y.npy"}, "#
  private static let target = #""latency": {"table": "t"}, "target": {"compression_ratio": 2}"#

  static let all: [JSONValue] = texts.map { text in
    guard let value = try? JSONValue(parsing: Array(#"{"model": "m.onnx", \#(text)}"#.utf8), file: "c.json") else {
      preconditionFailure("no JSON: \(text)")
    }
    return value
  }

  private static let criteria = [
    "{}", #"{"reduction": "weight_abs"}"#, #"{"order": 2}"#, #"{"order": 2, "curvature": "gauss_newton"}"#,
    #"{"order": 2, "curvature": "gauss_newton", "curvature_labels": "ranked"}"#,
    #"{"order": 2, "set_loss": "logits"}"#, #"{"order": 2, "set_loss": "additive"}"#, #"{"method": "fisher"}"#,
    #"{"method": "snip"}"#, #"{"method": "influence"}"#, #"{"method": "l1"}"#, #"{"method": "random"}"#,
    #"{"method": "thinet"}"#, #"{"method": "aofp"}"#, #"{"method": "ablation"}"#,
    #"{"method": "external", "command": ["c"]}"#, #"{"method": "external", "command": ["c"], "unit": "loss"}"#,
  ]
  private static let solvers = ["{}", #"{"method": "measured"}"#, #"{"method": "external", "command": ["c"]}"#]
  private static let samples = [
    #"{"inputs": "x.npy", "labels": "y.npy"}"#, #"{"inputs": {"file": "x.npz"}, "labels": {"file": "y.npz"}}"#,
    #"{"inputs": "x.npy", "preprocessing": {}, "labels": "y.npy"}"#,
    #"{"inputs": {"a": "x.npy"}, "preprocessing": {"a": {}}, "labels": "y.npy"}"#,
    #"{"inputs": {"a": {"file": "x.npz"}, "b": "x.npy"}, "labels": "y.npy"}"#,
    #"{"images": "val", "preprocess": {}, "labels": "y.npy"}"#,
    #"{"images": "val", "preprocess": {"resize": [1, 1], "crop": [1, 1]}, "labels": "y.npy"}"#,
    #"{"images": {"a": "val"}, "preprocess": {"a": {"resize": [1, 1], "crop": [1, 1]}}, "labels": "y.npy"}"#,
    #"{"images": {"a": "val"}, "preprocess": {"a": {}}, "labels": "y.npy"}"#,
    #"{"images": {"b": "val"}, "inputs": {"a": "x.npy"}, "preprocessing": {"a": {}}, "labels": "y.npy"}"#,
  ]
  private static let entries = [
    #""exclude": true"#, #""sparsity": 0"#, #""sparsity_per_layer": 0"#, #""total_sparsity": 0"#,
    #""max_sparsity_per_layer": 1"#,
  ]

  private static let texts: [String] =
    criteria.map { data + target + #", "sensitivity": \#($0)"# }
    + criteria.map { data + target + #", "compare": {"sensitivity": [\#($0)]}"# }
    + solvers.map { data + target + #", "solver": \#($0)"# }
    + solvers.map { data + target + #", "compare": {"solver": [\#($0)]}"# }
    + samples.map { #""calibration": \#($0), "# + target }
    + samples.map { data + target + #", "evaluation": \#($0)"# }
    + entries.map { data + target + #", "config_list": [{"op_names": ["a"], \#($0)}]"# }
    + [2, 32].map {
      data + target + #", "bits": {"activation": \#($0), "weight": \#($0), "search": [\#($0)]}"#
    }
    + [
      data + target + #", "bits": {"layers": {"a": {"weight": 8, "activation": 8}}}"#,
      data + #""latency": {"table": "t"}, "target": {"limit": 2}"#,
      data + #""latency": {"table": "t"}, "target": [{"limit": 2}]"#,
      data + #""latency": {"table": "t"}, "target": [{"compression_ratio": 2}]"#,
      data + target + #", "compare": {"targets": [{"limit": 2}]}"#,
      data + target + #", "compare": {"targets": [{"compression_ratio": 2}]}"#,
      data + target + #", "compare": {"targets": [[{"limit": 2}]]}"#,
      data + target + #", "compare": {"targets": [[{"compression_ratio": 2}]]}"#,
      data + target + #", "repair": {}, "apply": {}, "bits": {}, "compare": {}, "loss": {"kind": "mse"}"#,
      data + target + #", "solver": {"method": "measured"}, "measured": {}, "output": {"directory": "o"}"#,
    ]
}
