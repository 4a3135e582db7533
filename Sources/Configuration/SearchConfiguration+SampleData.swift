extension SearchConfiguration {
  /// Samples of all inputs of a network, and what belongs to them.
  public struct SampleData: Hashable, Sendable {
    /// The inputs that arrays feed, in the order of their names' bytes.
    public let inputs: [Input]
    /// The inputs that images feed, likewise; together there is at least one.
    public let images: [ImageInput]
    /// What becomes of images that cannot be decoded.
    public let badImages: BadImages
    /// The classes, or with `mse` the values, that the outputs should have.
    public let labels: ArrayReference?
    /// How many samples are used, of arrays from the first on; `nil` for all.
    public let samples: Int?

    /// The array for one input of the network.
    public struct Input: Hashable, Sendable {
      /// The name of the network's input; `nil` for the only one of a network with one.
      public let name: String?
      /// Its values, samples along the first axis.
      public let array: ArrayReference
      /// What is done to the values first; `nil` for nothing.
      public let preprocessing: Preprocessing?
    }
  }

  /// The map x′ = (x · scale − mean) ÷ std from stored values to the network's input.
  public struct Preprocessing: Hashable, Sendable {
    /// The factor, > 0. Default: 1. Bytes become 0 … 1 with 1/255 = 0.00392156862745098.
    public let scale: Double
    /// What is subtracted: one value for all channels (axis 1), or one for each. Default: 0.
    public let mean: [Double]
    /// What is divided by, > 0: one value for all channels, or one for each. Default: 1.
    public let std: [Double]
  }
}

extension SearchConfiguration.SampleData {
  /// More is no set of samples; the limit keeps products of counts within an `Int`.
  static let counts = 1...(1 << 31 - 1)

  init?(optional place: LocatedJSON?, relativeTo directory: String) throws(ConfigurationError) {
    guard let place else { return nil }
    let members = try place.members(ConfigurationKeys.evaluation, advice: ConfigurationKeys.advice)
    try self.init(members, relativeTo: directory)
  }

  init(_ members: LocatedMembers, relativeTo directory: String) throws(ConfigurationError) {
    images = try Self.images(members, relativeTo: directory)
    badImages = try SearchConfiguration.BadImages(members["bad_images"])
    if images.isEmpty, members["inputs"] == nil {
      throw members.place.error("the key \"inputs\" or \"images\" is missing")
    }
    if members["inputs"] == nil, let preprocessing = members["preprocessing"] {
      throw preprocessing.error(
        "it says what is done to arrays, but there is no \"inputs\"; of images \"preprocess\" does")
    }
    if members["inputs"] == nil {
      self.inputs = []
    } else if let named = Self.namedInputs(try members.required("inputs")) {
      self.inputs = try Self.inputs(named, preprocessing: members["preprocessing"], relativeTo: directory)
    } else {
      let inputs = try members.required("inputs")
      if !images.isEmpty {
        throw inputs.error("expected an object from names of inputs to arrays, as \"images\" feeds others by name")
      }
      self.inputs = [
        Input(
          name: nil, array: try ArrayReference(inputs, relativeTo: directory),
          preprocessing: try SearchConfiguration.Preprocessing(optional: members["preprocessing"]))
      ]
    }
    let ownNames = self.inputs.compactMap(\.name)
    if let twice = images.compactMap(\.name).first(where: ownNames.contains), let place = members["images"] {
      throw place.error("the input \(quoted(twice)) is fed by \"inputs\" already")
    }
    if let labels = members["labels"] {
      self.labels = try ArrayReference(labels, relativeTo: directory)
    } else {
      labels = nil
    }
    if let place = members["samples"], place.value != "all" {
      samples = try place.integer(
        in: Self.counts, expected: "\"all\" or an integer from 1 to \(Self.counts.upperBound)")
    } else {
      samples = nil
    }
  }

  /// The members of `inputs` when it is a map from names of inputs to arrays.
  ///
  /// It is one array instead when it is no object, or when its `file` or `array` is a string; an input of such a
  /// name can be given with an object as its array.
  private static func namedInputs(_ inputs: LocatedJSON) -> LocatedJSON? {
    guard case .object(let object) = inputs.value else { return nil }
    for key in ConfigurationKeys.array {
      if case .string = object[key] { return nil }
    }
    return inputs
  }

  private static func inputs(
    _ place: LocatedJSON, preprocessing: LocatedJSON?, relativeTo directory: String
  ) throws(ConfigurationError) -> [Input] {
    let members = try place.namedMembers(expected: "at least one input", allowsNone: false)
    var steps: [String: SearchConfiguration.Preprocessing] = [:]
    if let preprocessing {
      let names = members.map(\.name)
      let expected = "an object from names of inputs (\(listed(names.map(quoted)))) to their preprocessing"
      for (name, place) in try preprocessing.namedMembers(expected: expected) {
        guard names.contains(name) else {
          throw place.error(
            "expected the name of an input given in \"inputs\": \(listed(names.map(quoted), last: "or"))")
        }
        steps[name] = try SearchConfiguration.Preprocessing(place)
      }
    }
    var inputs: [Input] = []
    for (name, place) in members.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      guard !name.isEmpty else { throw place.error("the name of an input cannot be empty") }
      let array = try ArrayReference(place, relativeTo: directory)
      inputs.append(Input(name: name, array: array, preprocessing: steps[name]))
    }
    return inputs
  }

  /// Whether every sample may have a class: of images their folders or their list may say it.
  var mayHaveClasses: Bool { labels != nil || !images.isEmpty }

  /// Whether there can be labels of the kind that a loss needs.
  func suffices(for loss: SearchConfiguration.Loss) -> Bool {
    switch loss {
    case .agreement: true
    case .crossEntropy: mayHaveClasses
    case .meanSquaredError: labels != nil
    }
  }

  /// The samples with the keys of `evaluation`, or of `calibration` where they have a batch size.
  func json(batchSize: Int? = nil) -> JSONObject {
    var object = JSONObject()
    if inputs.count == 1, let input = inputs.first, input.name == nil {
      object["inputs"] = input.array.json
    } else if !inputs.isEmpty {
      object["inputs"] = .object(JSONObject(named: inputs) { ($0.name, $0.array.json) })
    }
    addImages(to: &object)
    object["labels"] = labels?.json
    object["batch_size"] = batchSize.map(JSONValue.integer)
    object["samples"] = samples.map(JSONValue.integer) ?? "all"
    if inputs.count == 1, let input = inputs.first, input.name == nil {
      object["preprocessing"] = input.preprocessing?.json
    } else if inputs.contains(where: { $0.preprocessing != nil }) {
      object["preprocessing"] = .object(JSONObject(named: inputs) { ($0.name, $0.preprocessing?.json) })
    }
    return object
  }
}

extension SearchConfiguration.Preprocessing {
  /// What `scale` and `std` may be.
  static let factors = Interval(above: 0)

  init?(optional place: LocatedJSON?) throws(ConfigurationError) {
    guard let place else { return nil }
    try self.init(place)
  }

  init(_ place: LocatedJSON) throws(ConfigurationError) {
    let members = try place.members(ConfigurationKeys.preprocessing, advice: ConfigurationKeys.advice)
    scale = try members["scale"]?.number(expected: "a number greater than 0", where: Self.factors.contains) ?? 1
    mean = try Self.perChannel(members["mean"], expected: "a number") { _ in true } ?? [0]
    std = try Self.perChannel(members["std"], expected: "a number greater than 0", where: Self.factors.contains) ?? [1]
    guard mean.count == 1 || std.count == 1 || mean.count == std.count else {
      throw place.error("\"mean\" is for \(mean.count) channels and \"std\" for \(std.count)")
    }
  }

  /// One number, or an array of at least one.
  static func perChannel(
    _ place: LocatedJSON?, expected: String, where accepts: (Double) -> Bool
  ) throws(ConfigurationError) -> [Double]? {
    guard let place else { return nil }
    guard case .array = place.value else {
      return [try place.number(expected: expected + ", or one for each channel", where: accepts)]
    }
    var numbers: [Double] = []
    for element in try place.elements(expected: expected + ", or one for each channel", allowsNone: false) {
      numbers.append(try element.number(expected: expected, where: accepts))
    }
    return numbers
  }

  var json: JSONValue {
    ["scale": .number(scale), "mean": Self.json(mean), "std": Self.json(std)]
  }

  static func json(_ numbers: [Double]) -> JSONValue {
    numbers.count == 1 ? .number(numbers[0]) : .array(numbers.map(JSONValue.number))
  }
}

extension JSONObject {
  /// The elements that have a name and a value.
  init<Element>(named elements: [Element], member: (Element) -> (name: String?, value: JSONValue?)) {
    self.init(
      distinct: elements.compactMap { element in
        guard case (let name?, let value?) = member(element) else { return nil }
        return Member(key: name, value: value)
      })
  }
}
