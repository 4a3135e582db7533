import ArrayFiles
public import Configuration

/// The file: JSON, in an order that depends on its content alone.
extension LatencyTable {
  /// A larger file is no table.
  static let sizeLimit = TextLimits.jsonBytes

  /// Reads a file.
  /// - Throws: `SearchError` when it cannot be read, or holds no table.
  public init(reading path: String) throws {
    try self.init(parsing: try FileHandleReader.contents(of: path, limit: LatencyTable.sizeLimit), file: path)
  }

  /// The table that a file holds.
  /// - Parameter file: what errors call it.
  /// - Throws: `SearchError` with the first place that is wrong.
  public init(parsing bytes: [UInt8], file: String) throws {
    do {
      try self.init(LocatedJSON(root: try JSONValue(parsing: bytes, file: file), file: file))
    } catch {
      throw SearchError(.badContent, file: error.file, "\(error.path): \(error.problem)")
    }
  }

  private init(_ root: LocatedJSON) throws(ConfigurationError) {
    let members = try root.members(["format_version", "machine", "entries"])
    _ = try members.required("format_version").integer(in: 1...1, expected: "1, the only version that is read")
    self.init(file: root.file, machine: try LatencyMachine(members.required("machine")))
    var seen: Set<LayerShape> = []
    for place in try members.required("entries").elements() {
      let members = try place.members(LayerShape.keys + ["rows"])
      let shape = try LayerShape(members)
      guard seen.insert(shape).inserted else { throw place.error("is a second entry of \(shape)") }
      var last = 0
      for place in try members.required("rows").elements() {
        let members = try place.members(["inputs", "outputs", "nanoseconds"])
        let inputs = try shape.width(try members.required("inputs"), above: last, isInput: true)
        last = inputs
        try readRow(members, shape, inputs)
      }
    }
  }

  private mutating func readRow(
    _ members: LocatedMembers, _ shape: LayerShape, _ inputs: Int
  ) throws(ConfigurationError) {
    let widths = try members.required("outputs").elements(expected: "an array of at least one width", allowsNone: false)
    let list = try members.required("nanoseconds")
    let values = try list.elements(expected: "an array of times")
    guard values.count == widths.count else {
      throw list.error("expected \(widths.count) times, one for each of \"outputs\", found \(values.count)")
    }
    var last = 0
    for (place, value) in zip(widths, values) {
      last = try shape.width(place, above: last, isInput: false)
      let longest = 1 << 50
      let time = try value.integer(in: 1...longest, expected: "a time in nanoseconds, an integer from 1 to \(longest)")
      record(time, shape, inputs: inputs, outputs: last)
    }
  }

  /// The content of the file.
  public var json: JSONValue {
    let entries = shapes.map { shape in
      var entry = shape.json
      entry["rows"] = .array(
        rows(of: shape).map { row in
          [
            "inputs": .integer(row.inputs), "outputs": .array(row.outputs.map(JSONValue.integer)),
            "nanoseconds": .array(row.nanoseconds.map(JSONValue.integer)),
          ]
        })
      return JSONValue.object(entry)
    }
    return ["format_version": 1, "machine": machine.json, "entries": .array(entries)]
  }

  /// Writes the file, whole or not at all.
  func write() throws { try AtomicFile.write(Array(json.text().utf8), to: file) }
}

extension LayerShape {
  fileprivate static let keys = [
    "kind", "kernel", "strides", "dilations", "pads", "groups", "input_extents", "output_extents", "repetitions",
    "inputs", "outputs", "bias",
  ]
  private static let extents = 0...(1 << 31)
  private static let counts = 1...(1 << 31)

  fileprivate init(_ members: LocatedMembers) throws(ConfigurationError) {
    func list(_ key: String) throws(ConfigurationError) -> [Int] {
      var numbers: [Int] = []
      for place in try members.required(key).elements() { numbers.append(try place.integer(in: LayerShape.extents)) }
      return numbers
    }
    kind = try members.required("kind").choice()
    kernel = try list("kernel")
    strides = try list("strides")
    dilations = try list("dilations")
    pads = try list("pads")
    inputExtents = try list("input_extents")
    outputExtents = try list("output_extents")
    groups = try members.required("groups").integer(in: LayerShape.counts)
    repetitions = try members.required("repetitions").integer(in: LayerShape.counts)
    inputs = try members.required("inputs").integer(in: LayerShape.counts)
    outputs = try members.required("outputs").integer(in: LayerShape.counts)
    hasBias = try members.required("bias").boolean()
    for (width, key) in [(inputs, "inputs"), (outputs, "outputs")] where width % groups != 0 {
      throw try members.required(key).error("expected a multiple of the \(groups) groups, found the number \(width)")
    }
  }

  /// A width of one side, which must be a possible one and above another.
  fileprivate func width(_ place: LocatedJSON, above last: Int, isInput: Bool) throws(ConfigurationError) -> Int {
    let (full, unit) = isInput ? (fullInputs, units.inputs) : (outputs, units.outputs)
    let multiple = unit > 1 ? "a multiple of \(unit)" : "an integer"
    let width = try place.integer(in: 1...full, expected: "a width, \(multiple) from \(unit) to \(full)")
    guard width % unit == 0 else { throw place.error(expected: "a width, \(multiple) from \(unit) to \(full)") }
    guard width > last else {
      throw place.error("expected a width above \(last), as they ascend, found the number \(width)")
    }
    return width
  }

  fileprivate var json: JSONObject {
    func list(_ numbers: [Int]) -> JSONValue { .array(numbers.map(JSONValue.integer)) }
    return [
      "kind": .string(kind.rawValue), "kernel": list(kernel), "strides": list(strides), "dilations": list(dilations),
      "pads": list(pads), "groups": .integer(groups), "input_extents": list(inputExtents),
      "output_extents": list(outputExtents), "repetitions": .integer(repetitions), "inputs": .integer(inputs),
      "outputs": .integer(outputs), "bias": .boolean(hasBias),
    ]
  }
}
