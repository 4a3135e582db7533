extension SearchConfiguration {
  /// Images that feed one input of the network.
  public struct ImageInput: Hashable, Sendable {
    /// The name of the network's input; `nil` for the only one of a network with one.
    public let name: String?
    /// A folder with a folder for each class, or with images alone; or a file that lists images.
    public let source: FileReference
    /// What is done to every image.
    public let preprocess: ImagePreprocess
  }

  /// What an image becomes before the network takes it.
  public struct ImagePreprocess: Hashable, Sendable {
    /// Pixels of both sides.
    public struct Size: Hashable, Sendable {
      /// Rows.
      public let height: Int
      /// Pixels of a row.
      public let width: Int
    }

    /// What images are resized to.
    public enum Resize: Hashable, Sendable {
      /// The shorter side gets so many pixels, the longer one in proportion.
      case shorterSide(Int)
      /// Just this size.
      case exact(Size)
    }

    /// How pixels are made in resizing.
    public enum Interpolation: String, CaseIterable, Sendable {
      case bilinear
      case bicubic
      case nearest
    }

    /// Which channels, in which order.
    public enum Channels: String, CaseIterable, Sendable {
      case rgb = "RGB"
      case bgr = "BGR"
      case grey = "GREY"

      /// How many.
      public var count: Int { self == .grey ? 1 : 3 }
    }

    /// Which axis of the network's input has the channels.
    public enum Layout: String, CaseIterable, Sendable {
      case channelsFirst = "NCHW"
      case channelsLast = "NHWC"
    }

    /// `nil` for no resizing.
    public let resize: Resize?
    /// What is cut out of the middle; `nil` for all of the image.
    public let crop: Size?
    /// Default: `bilinear`.
    public let interpolation: Interpolation
    /// Default: red, green, blue.
    public let channels: Channels
    /// Default: channels first.
    public let layout: Layout
    /// x′ = (x · scale − mean) ÷ std, x from 0 to 255. Default: 1 ÷ 255.
    public let scale: Double
    /// One value, or one for each channel in the order of `channels`. Default: 0.
    public let mean: [Double]
    /// Likewise, > 0. Default: 1.
    public let std: [Double]
  }

  /// What becomes of images that cannot be decoded.
  public enum BadImages: Hashable, Sendable {
    /// They end the run.
    case fail
    /// They are looked for before anything is computed, named, and left out.
    case skip
    /// These are left out: the paths, as errors name them but relative to the configuration's directory.
    case leftOut([String])
  }
}

extension SearchConfiguration.SampleData {
  /// The images of `images`, which is a path, or an object from names of inputs to paths.
  static func images(
    _ members: LocatedMembers, relativeTo directory: String
  ) throws(ConfigurationError) -> [SearchConfiguration.ImageInput] {
    let preprocess = members["preprocess"]
    guard let place = members["images"] else {
      if let preprocess {
        throw preprocess.error(
          "it says what is done to images, but there is no \"images\"; of arrays \"preprocessing\" does")
      }
      if let bad = members["bad_images"] { throw bad.error("there is no \"images\" beside it") }
      return []
    }
    let expected = "a folder or a list of images, or an object from names of inputs to these"
    guard case .object = place.value else {
      if let inputs = members["inputs"] {
        throw inputs.error("the one input is fed by \"images\"; for several inputs give each of them by name in both")
      }
      let source = try FileReference(place, relativeTo: directory, expected: expected)
      let steps = try preprocess.map { place throws(ConfigurationError) in
        try SearchConfiguration.ImagePreprocess(place)
      }
      return [SearchConfiguration.ImageInput(name: nil, source: source, preprocess: steps ?? .none)]
    }
    let named = try place.namedMembers(expected: expected, allowsNone: false)
    let names = listed(named.map { quoted($0.name) }, last: "or")
    var steps: [String: SearchConfiguration.ImagePreprocess] = [:]
    for (name, place) in try preprocess?.namedMembers(
      expected: "an object from names of inputs (\(names)) to what is done to their images") ?? []
    {
      guard named.contains(where: { $0.name == name }) else {
        throw place.error("expected the name of an input given in \"images\": \(names)")
      }
      steps[name] = try SearchConfiguration.ImagePreprocess(place)
    }
    var images: [SearchConfiguration.ImageInput] = []
    for (name, place) in named.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      guard !name.isEmpty else { throw place.error("the name of an input cannot be empty") }
      let source = try FileReference(place, relativeTo: directory, expected: "a folder or a list of images")
      images.append(SearchConfiguration.ImageInput(name: name, source: source, preprocess: steps[name] ?? .none))
    }
    return images
  }

  /// The keys of images as they stand beside those of arrays.
  func addImages(to object: inout JSONObject) {
    guard let first = images.first else { return }
    if images.count == 1, first.name == nil {
      object["images"] = .string(first.source.text)
      object["preprocess"] = first.preprocess.json
    } else {
      object["images"] = .object(JSONObject(named: images) { ($0.name, .string($0.source.text)) })
      object["preprocess"] = .object(JSONObject(named: images) { ($0.name, $0.preprocess.json) })
    }
    object["bad_images"] = badImages.json
  }
}

extension SearchConfiguration.BadImages {
  init(_ place: LocatedJSON?) throws(ConfigurationError) {
    guard let place else {
      self = .fail
      return
    }
    switch place.value {
    case "fail": self = .fail
    case "skip": self = .skip
    case .array: self = .leftOut(try place.elements().isEmpty ? [] : place.strings())
    default: throw place.error(expected: "\"fail\", \"skip\" or an array of paths of images to leave out")
    }
  }

  /// As the configuration has it.
  package var json: JSONValue {
    switch self {
    case .fail: "fail"
    case .skip: "skip"
    case .leftOut(let paths): .array(paths.map(JSONValue.string))
    }
  }
}

extension SearchConfiguration.ImagePreprocess {
  /// Images as they are, from 0 to 1.
  fileprivate static let none = SearchConfiguration.ImagePreprocess(
    resize: nil, crop: nil, interpolation: .bilinear, channels: .rgb, layout: .channelsFirst, scale: 1.0 / 255,
    mean: [0], std: [1])

  /// More than a JPEG can have.
  static let sides = 1...65535

  init(_ place: LocatedJSON) throws(ConfigurationError) {
    let members = try place.members(ConfigurationKeys.preprocess, advice: ConfigurationKeys.advice)
    if let place = members["resize"] {
      if case .array = place.value {
        resize = .exact(try Self.size(place))
      } else {
        resize = .shorterSide(
          try place.integer(in: Self.sides, expected: "the pixels of the shorter side, or [height, width]"))
      }
    } else {
      resize = nil
    }
    if let place = members["crop"] {
      if case .array = place.value {
        crop = try Self.size(place)
      } else {
        let side = try place.integer(in: Self.sides, expected: "the pixels of both sides, or [height, width]")
        crop = Size(height: side, width: side)
      }
    } else {
      crop = nil
    }
    interpolation = try members["interpolation"]?.choice() ?? .bilinear
    channels = try members["channels"]?.choice() ?? .rgb
    layout = try members["layout"]?.choice() ?? .channelsFirst
    scale =
      try members["scale"]?.number(
        expected: "a number greater than 0", where: SearchConfiguration.Preprocessing.factors.contains) ?? 1.0 / 255
    mean = try SearchConfiguration.Preprocessing.perChannel(members["mean"], expected: "a number") { _ in true } ?? [0]
    std =
      try SearchConfiguration.Preprocessing.perChannel(
        members["std"], expected: "a number greater than 0", where: SearchConfiguration.Preprocessing.factors.contains)
      ?? [1]
    for (name, values) in [("mean", mean), ("std", std)] where values.count != 1 && values.count != channels.count {
      throw place.error(
        "\"\(name)\" is for \(values.count) channels, and \"channels\": \(quoted(channels.rawValue)) has \(channels.count)"
      )
    }
  }

  private static func size(_ place: LocatedJSON) throws(ConfigurationError) -> Size {
    let sides = try place.elements()
    guard sides.count == 2 else { throw place.error(expected: "[height, width]") }
    return Size(height: try sides[0].integer(in: Self.sides), width: try sides[1].integer(in: Self.sides))
  }

  /// As the configuration has it, with every default filled in.
  package var json: JSONValue {
    func json(_ size: Size) -> JSONValue { [.integer(size.height), .integer(size.width)] }
    var object = JSONObject()
    switch resize {
    case nil: break
    case .shorterSide(let side): object["resize"] = .integer(side)
    case .exact(let size): object["resize"] = json(size)
    }
    object["crop"] = crop.map(json)
    object["interpolation"] = .string(interpolation.rawValue)
    object["channels"] = .string(channels.rawValue)
    object["layout"] = .string(layout.rawValue)
    object["scale"] = .number(scale)
    object["mean"] = SearchConfiguration.Preprocessing.json(mean)
    object["std"] = SearchConfiguration.Preprocessing.json(std)
    return .object(object)
  }
}
