import ArrayFiles
import Configuration
import Execution
import Networks

/// The calibration samples and labels, opened; every rank reads only the samples that it needs.
struct CalibrationData: Sendable {
  /// One network input's data.
  private struct Input: Sendable {
    let array: ArrayFile
    let preprocessing: SearchConfiguration.Preprocessing?
    /// Where its preprocessing is configured.
    let place: String
  }

  /// How many samples are used.
  let sampleCount: Int
  private let inputs: [Input]
  /// The inputs as the configuration names them.
  private let named: [SearchConfiguration.SampleData.Input]
  private let images: ImageChoice?
  private let labels: ArrayFile?
  private let configuration: SearchConfiguration
  private let section: Section

  /// Which samples of a configuration.
  enum Section: String {
    /// Those that sensitivities and repairs are computed from.
    case calibration
    /// Those that networks are judged by: a section of their own, or else the calibration samples.
    case evaluation

    /// The section's content; `nil` for a configuration without samples.
    func samples(of configuration: SearchConfiguration) -> SearchConfiguration.SampleData? {
      switch self {
      case .calibration: configuration.calibration?.data
      case .evaluation: configuration.evaluation ?? configuration.calibration?.data
      }
    }
  }

  /// Opens the files that a configuration names; `nil` for one without samples.
  static func opened(_ configuration: SearchConfiguration, _ section: Section = .calibration) throws -> CalibrationData?
  {
    try section.samples(of: configuration).map { _ in try CalibrationData(configuration, section) }
  }

  /// Opens the files that a configuration names and checks that they have equally many samples.
  init(_ configuration: SearchConfiguration, _ asked: Section = .calibration) throws {
    self.configuration = configuration
    section = asked == .evaluation && configuration.evaluation == nil ? .calibration : asked
    let place = "$.\(section.rawValue)"
    guard let calibration = section.samples(of: configuration) else {
      throw SearchError(
        .configuration, file: configuration.file, "$: the key \"calibration\" is missing: there are no samples to run")
    }
    named = calibration.inputs
    inputs = try calibration.inputs.map { input in
      Input(
        array: try CalibrationData.open(input.array, "\(place).inputs", configuration, isInput: true),
        preprocessing: input.preprocessing,
        place: input.name.map { "\(place).preprocessing.\($0)" } ?? "\(place).preprocessing")
    }
    images = try ImageChoice(calibration, place: place, file: configuration.file)
    labels = try calibration.labels.map {
      try CalibrationData.open($0, "\(place).labels", configuration, isInput: false)
    }
    for array in inputs.map(\.array) + [labels].compactMap({ $0 }) {
      guard !array.shape.isEmpty, array.sampleCount > 0 else {
        throw SearchError(
          .badContent, file: array.path, "has shape \(array.shape), expected samples along axis 0")
      }
    }
    let first = images.map { ($0.source, $0.listedCount) } ?? (inputs[0].array.path, inputs[0].array.sampleCount)
    for other in inputs.map(\.array) + [labels].compactMap({ $0 }) where other.sampleCount != first.1 {
      throw SearchError(
        .badContent, file: other.path,
        "has \(other.sampleCount) samples, expected \(first.1) as in \(first.0); the first axis counts them, and the "
          + "shapes are \(other.shape) and \(images == nil ? "\(inputs[0].array.shape)" : "one for each image")")
    }
    if let wanted = calibration.samples, wanted > first.1 {
      throw SearchError(
        .configuration, file: configuration.file,
        "\(place).samples: asks for \(wanted) samples, \(first.0) has \(first.1)")
    }
    // Images that are left out are replaced as far as there are others.
    let most = images?.rows.count ?? first.1
    sampleCount = min(calibration.samples ?? most, most)
  }

  private static func open(
    _ reference: ArrayReference, _ place: String, _ configuration: SearchConfiguration, isInput: Bool
  ) throws -> ArrayFile {
    let path = reference.file.path
    guard FileHandleReader.irregularKind(of: path) != "a directory" else {
      throw SearchError(
        .cannotBeRead, file: path,
        "is a directory, and \(place) expects an array"
          + (isInput ? "; a folder of images is given as \"images\" in place of \"inputs\"" : ""))
    }
    return try ArrayFile.open(path, member: reference.array)
  }

  /// The extents of one sample of every input, by the name that the configuration gives ("" for none).
  var sampleShapes: [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for (input, named) in zip(inputs, named) {
      shapes[named.name ?? ""] = Array(input.array.shape.dropFirst())
    }
    for input in images?.inputs ?? [] { shapes[input.name ?? ""] = input.samples.shape }
    return shapes
  }

  /// What is allowed and hardly meant: a line for each input whose numbers will not be what networks are trained on.
  var remarks: [String] {
    let place = "$.\(section.rawValue)"
    var remarks: [String] = []
    for input in section.samples(of: configuration)?.images ?? [] {
      let preprocess = input.preprocess
      guard preprocess.scale == 1.0 / 255, let mean = preprocess.mean.first(where: { $0.magnitude > 1 }) else {
        continue
      }
      remarks.append(
        "\(place).preprocess: the mean \(mean) with the scale 1/255, which makes pixels 0 … 1; means and deviations of "
          + "pixels from 0 to 255 need \"scale\": 1")
    }
    for input in inputs where input.array.elementType == .uint8 {
      let preprocessing = input.preprocessing
      guard preprocessing.map({ $0.scale == 1 && $0.mean == [0] && $0.std == [1] }) ?? true else { continue }
      remarks.append(
        "\(input.array.path): bytes, fed to the network as numbers from 0 to 255; \(place).preprocessing can scale them"
      )
    }
    return remarks
  }

  /// The files, of images their folder or list.
  var paths: [String] {
    var paths = images?.inputs.map(\.samples.set.source) ?? []
    for array in inputs.map(\.array) + [labels].compactMap({ $0 }) where !paths.contains(array.path) {
      paths.append(array.path)
    }
    return paths
  }

  /// Orders the inputs as the network has them and checks that samples and labels go with it, before anything runs.
  func matched(to network: Network, loss: Loss) throws -> MatchedData {
    var ordered: [MatchedData.Source] = []
    let fed = named.count + (images?.inputs.count ?? 0)
    for id in network.inputs {
      let value = network[id]
      if network.inputs.count == fed, let samples = images?.samples(for: value.name) {
        ordered.append(try source(samples, for: value, batchSize: network.batchSize))
        continue
      }
      guard let index = named.firstIndex(where: { ($0.name ?? value.name) == value.name }),
        network.inputs.count == fed
      else {
        let names = network.inputs.map { "'\(network[$0].name)'" }.joined(separator: ", ")
        throw SearchError(
          .configuration, file: configuration.file,
          "$.\(section.rawValue).\(images == nil ? "inputs" : "images"): expected \(images == nil ? "an array" : "images or an array") for each of the network's inputs: \(names)"
        )
      }
      ordered.append(try source(inputs[index], for: value, batchSize: network.batchSize))
    }
    let labels = try labels.map { try checkedLabels($0, for: network, loss: loss) }
    return MatchedData(
      sources: ordered, labels: try labels ?? images?.labels(for: network, loss: loss) ?? .none,
      rows: images.map { Array($0.rows.prefix(sampleCount)) })
  }

  private func source(_ samples: ImageSamples, for value: Value, batchSize: Int) throws -> MatchedData.Source {
    let expected = Array(value.shape.dimensions.dropFirst())
    guard value.shape.rank > 0, value.shape[0] == batchSize,
      expected.filter({ $0 != 1 }) == samples.shape.filter({ $0 != 1 })
    else {
      throw SearchError(
        .configuration, file: configuration.file,
        "$.\(section.rawValue).preprocess: an image becomes a sample of shape \(samples.shape), the network's input '\(value.name)' expects \(expected)"
      )
    }
    return MatchedData.Source(
      content: .images(samples), channels: expected.first ?? 1, elements: expected.reduce(1, *))
  }

  private func source(_ input: Input, for value: Value, batchSize: Int) throws -> MatchedData.Source {
    let expected = Array(value.shape.dimensions.dropFirst())
    let found = Array(input.array.shape.dropFirst())
    guard value.shape.rank > 0, value.shape[0] == batchSize, expected.filter({ $0 != 1 }) == found.filter({ $0 != 1 })
    else {
      let isTurned = expected.count > 1 && found == expected.dropFirst() + [expected[0]]
      throw SearchError(
        .badContent, file: input.array.path,
        "a sample has shape \(found), the network's input '\(value.name)' expects \(expected)"
          + (isTurned ? ": its channels come last, and have to come first (NCHW)" : ""))
    }
    let elements = expected.reduce(1, *)
    let channels = expected.first ?? 1
    guard let preprocessing = input.preprocessing else {
      return MatchedData.Source(content: .array(input.array, nil), channels: channels, elements: elements)
    }
    func perChannel(_ values: [Double], _ name: String) throws -> [Double] {
      guard values.count == 1 || values.count == channels else {
        throw SearchError(
          .configuration, file: configuration.file,
          "\(input.place).\(name): has \(values.count) values, expected one"
            + (channels == 1 ? " for the one channel" : ", or one for each of the \(channels) channels")
            + " of the network's input '\(value.name)'"
        )
      }
      return values.count == 1 ? [Double](repeating: values[0], count: channels) : values
    }
    let affine = MatchedData.Affine(
      scale: preprocessing.scale, mean: try perChannel(preprocessing.mean, "mean"),
      std: try perChannel(preprocessing.std, "std"))
    return MatchedData.Source(content: .array(input.array, affine), channels: channels, elements: elements)
  }

  private func checkedLabels(_ labels: ArrayFile, for network: Network, loss: Loss) throws -> MatchedData.Labels {
    let head = network[network.outputs[0]].shape
    let output = Array(head.dimensions.dropFirst())
    let found = Array(labels.shape.dropFirst())
    switch loss {
    case .agreement: return .none
    case .meanSquaredError:
      guard output.filter({ $0 != 1 }) == found.filter({ $0 != 1 }) else {
        throw SearchError(
          .badContent, file: labels.path,
          "a target has shape \(found), the network's output has \(output)")
      }
      return .dense(labels)
    case .crossEntropy:
      let positions = Array(output.dropFirst())
      guard positions.filter({ $0 != 1 }) == found.filter({ $0 != 1 }) else {
        let isNumberPerClass = found.filter { $0 != 1 } == output.filter { $0 != 1 }
        throw SearchError(
          .badContent, file: labels.path,
          "a label has shape \(found), expected \(positions): one class index per sample"
            + (positions.isEmpty ? "" : " and position")
            + (isNumberPerClass ? "; of a number for each class, as here, it is the index of the largest" : ""))
      }
      guard labels.elementType.isInteger else {
        throw SearchError(
          .badContent, file: labels.path, "labels are \(labels.elementType), expected integers: the index of each class"
        )
      }
      return .classes(labels, perSample: positions.reduce(1, *), count: output.first ?? 0)
    }
  }
}
