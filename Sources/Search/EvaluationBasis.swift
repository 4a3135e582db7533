import Configuration

/// What measured scores depend on, beside the channels that went.
struct EvaluationBasis: Hashable, Sendable {
  /// SHA-256 of the model's files, the model itself first.
  let model: [String]
  /// SHA-256 of the files of samples and labels.
  let data: [String]
  /// Samples evaluated, from the first on.
  let samples: Int
  /// Samples run at a time: kernels are chosen by it, and with them the last bits.
  let runSize: Int
  /// The loss, as the configuration spells it.
  let loss: String
  /// By network input, in the configuration's order, which array of its file it is and what is done to the values.
  let inputs: [Input]

  /// One input's samples.
  struct Input: Hashable, Sendable {
    let name: String?
    let array: String?
    let preprocessing: Preprocessing?
    /// What is done to images; `nil` for arrays.
    var images: JSONValue?
  }

  /// What is done to an input's values, as in a configuration.
  struct Preprocessing: Hashable, Sendable {
    let scale: Double
    let mean: [Double]
    let std: [Double]
  }

  /// The basis of a run's scores.
  init(_ configuration: SearchConfiguration, model: [FileDigest], data: [FileDigest], samples: Int, runSize: Int) {
    self.model = model.map(\.sha256)
    self.data = data.map(\.sha256)
    self.samples = samples
    self.runSize = runSize
    loss = configuration.loss.rawValue
    let arrays = (configuration.calibration?.inputs ?? []).map {
      Input(
        name: $0.name, array: $0.array.array,
        preprocessing: $0.preprocessing.map { Preprocessing(scale: $0.scale, mean: $0.mean, std: $0.std) })
    }
    let images = (configuration.calibration?.data.images ?? []).map {
      Input(name: $0.name, array: nil, preprocessing: nil, images: $0.preprocess.json)
    }
    inputs = arrays + images
  }
}

extension EvaluationBasis {
  static let keys = ["model_sha256", "data_sha256", "samples", "samples_per_run", "loss", "inputs"]
  private static let inputKeys = ["name", "array", "preprocessing", "preprocess"]
  private static let preprocessingKeys = ["scale", "mean", "std"]

  /// Reads a basis.
  init(_ place: LocatedJSON) throws(ConfigurationError) {
    let members = try place.members(EvaluationBasis.keys)
    model = try members.required("model_sha256").strings()
    data = try members.required("data_sha256").strings()
    samples = try members.required("samples").integer(in: 1...Int.max, expected: "a number of samples")
    runSize = try members.required("samples_per_run").integer(in: 1...Int.max, expected: "a number of samples")
    loss = try members.required("loss").string()
    inputs = try EvaluationBasis.inputs(members.required("inputs"))
  }

  private static func inputs(_ list: LocatedJSON) throws(ConfigurationError) -> [Input] {
    var inputs: [Input] = []
    for place in try list.elements(allowsNone: false) {
      let members = try place.members(inputKeys)
      var preprocessing: Preprocessing?
      if let place = members["preprocessing"] {
        let members = try place.members(preprocessingKeys)
        preprocessing = Preprocessing(
          scale: try members.required("scale").number(), mean: try numbers(members.required("mean")),
          std: try numbers(members.required("std")))
      }
      inputs.append(
        Input(
          name: try members["name"]?.string(), array: try members["array"]?.string(), preprocessing: preprocessing,
          images: members["preprocess"]?.value))
    }
    return inputs
  }

  private static func numbers(_ list: LocatedJSON) throws(ConfigurationError) -> [Double] {
    var numbers: [Double] = []
    for place in try list.elements(allowsNone: false) { numbers.append(try place.number()) }
    return numbers
  }

  var json: JSONValue {
    [
      "model_sha256": .array(model.map(JSONValue.string)),
      "data_sha256": .array(data.map(JSONValue.string)),
      "samples": .integer(samples),
      "samples_per_run": .integer(runSize),
      "loss": .string(loss),
      "inputs": .array(inputs.map(\.json)),
    ]
  }

  /// What scores of another basis differ in, the weightiest difference; `nil` if in nothing.
  func difference(to other: EvaluationBasis) -> String? {
    func differ(_ key: String, _ found: String, _ expected: String) -> String {
      "\(key) is \(found), expected \(expected)"
    }
    func listed(_ digests: [String]) -> String { digests.map { String($0.prefix(12)) + "…" }.joined(separator: ", ") }
    if model != other.model { return differ("model_sha256", listed(other.model), listed(model)) }
    if data != other.data { return differ("data_sha256", listed(other.data), listed(data)) }
    if samples != other.samples { return differ("samples", "\(other.samples)", "\(samples)") }
    if runSize != other.runSize { return differ("samples_per_run", "\(other.runSize)", "\(runSize)") }
    if loss != other.loss { return differ("loss", "\"\(other.loss)\"", "\"\(loss)\"") }
    if inputs != other.inputs { return "inputs have other names, arrays or preprocessing" }
    return nil
  }
}

extension EvaluationBasis.Input {
  fileprivate var json: JSONValue {
    var object = JSONObject()
    object["name"] = name.map(JSONValue.string)
    object["array"] = array.map(JSONValue.string)
    object["preprocessing"] = preprocessing.map { steps in
      [
        "scale": .number(steps.scale), "mean": .array(steps.mean.map(JSONValue.number)),
        "std": .array(steps.std.map(JSONValue.number)),
      ]
    }
    object["preprocess"] = images
    return .object(object)
  }
}
