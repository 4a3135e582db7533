import Configuration
import Testing

/// Images in `calibration` and `evaluation`: what may stand there, and what comes of it.
struct ImageConfigurationTests {
  private static func text(_ calibration: String, _ more: String = "") -> String {
    #"{"model": "m.onnx", "target": {"compression_ratio": 2}, "calibration": {\#(calibration)}\#(more)}"#
  }

  @Test func `a path feeds the only input, and everything has a default`() throws {
    let read = try configuration(Self.text(#""images": "val""#), file: "runs/config.json")
    let data = try #require(read.calibration?.data)
    #expect(data.inputs.isEmpty && data.images.count == 1)
    let image = data.images[0]
    #expect(image.name == nil && image.source.path == "runs/val")
    #expect(image.preprocess.resize == nil && image.preprocess.crop == nil)
    #expect(image.preprocess.interpolation == .bilinear)
    #expect(image.preprocess.channels == .rgb && image.preprocess.layout == .channelsFirst)
    #expect(image.preprocess.scale == 1.0 / 255 && image.preprocess.mean == [0] && image.preprocess.std == [1])
    #expect(data.badImages == .fail)
    #expect(read.loss == .crossEntropy)
  }

  @Test func `all that can be said comes back from the canonical form`() throws {
    let texts = [
      #""images": "val""#,
      #""images": "v.txt", "preprocess": {"resize": 256, "crop": [224, 192], "interpolation": "bicubic", "channels": "BGR", "layout": "NHWC", "scale": 1, "mean": [1, 2, 3], "std": 58}, "bad_images": "skip""#,
      #""images": {"b": "v", "a": "w"}, "preprocess": {"a": {"resize": [32, 48], "channels": "GREY", "mean": 0.5}}, "inputs": {"c": "c.npy"}, "labels": "l.npy", "bad_images": ["v/x.png"]"#,
      #""images": "val", "bad_images": []"#,
    ]
    for text in texts {
      let read = try configuration(Self.text(text, #", "evaluation": {\#(text)}"#))
      let again = try SearchConfiguration(
        LocatedJSON(root: read.canonicalJSON, file: "config.json"), relativeTo: read.directory)
      #expect(again == read, "\(text)")
    }
    let named = try #require(try configuration(Self.text(texts[2])).calibration?.data)
    #expect(named.images.map(\.name) == ["a", "b"] && named.inputs.map(\.name) == ["c"])
    guard case .exact(let size) = named.images[0].preprocess.resize else {
      Issue.record("a list of two is a size")
      return
    }
    #expect(size.height == 32 && size.width == 48)
    #expect(named.images[1].preprocess.resize == nil)
    #expect(named.badImages == .leftOut(["v/x.png"]))
  }

  private static let wrong: [WrongConfiguration] =
    [
      (#""samples": 3"#, #"$.calibration: the key "inputs" or "images" is missing"#),
      (
        #""images": "v", "inputs": "x.npy""#,
        #"$.calibration.inputs: the one input is fed by "images"; for several inputs give each of them by name in both"#
      ),
      (
        #""images": {"a": "v"}, "inputs": "x.npy""#,
        #"$.calibration.inputs: expected an object from names of inputs to arrays, as "images" feeds others by name"#
      ),
      (
        #""images": {"a": "v"}, "inputs": {"a": "x.npy"}"#,
        #"$.calibration.images: the input "a" is fed by "inputs" already"#
      ),
      (
        #""images": 3"#,
        "$.calibration.images: expected a folder or a list of images, or an object from names of inputs to these, found the number 3"
      ),
      (
        #""images": {}"#,
        "$.calibration.images: expected a folder or a list of images, or an object from names of inputs to these, found an empty object"
      ),
      (#""images": {"": "v"}"#, #"$.calibration.images[""]: the name of an input cannot be empty"#),
      (
        #""images": {"a": "v"}, "preprocess": {"b": {}}"#,
        #"$.calibration.preprocess.b: expected the name of an input given in "images": "a""#
      ),
      (
        #""inputs": "x.npy", "preprocess": {}"#,
        #"$.calibration.preprocess: it says what is done to images, but there is no "images"; of arrays "preprocessing" does"#
      ),
      (
        #""images": "v", "preprocessing": {}"#,
        #"$.calibration.preprocessing: it says what is done to arrays, but there is no "inputs"; of images "preprocess" does"#
      ),
      (#""inputs": "x.npy", "bad_images": "skip""#, #"$.calibration.bad_images: there is no "images" beside it"#),
      (
        #""images": "v", "bad_images": "ignore""#,
        #"$.calibration.bad_images: expected "fail", "skip" or an array of paths of images to leave out, found the string "ignore""#
      ),
      (
        #""images": "v", "preprocess": {"resize": 0}"#,
        "$.calibration.preprocess.resize: expected the pixels of the shorter side, or [height, width], found the number 0"
      ),
      (
        #""images": "v", "preprocess": {"resize": [1, 2, 3]}"#,
        "$.calibration.preprocess.resize: expected [height, width], found an array of 3"
      ),
      (
        #""images": "v", "preprocess": {"crop": [224, 65536]}"#,
        "$.calibration.preprocess.crop[1]: expected an integer from 1 to 65535, found the number 65536"
      ),
      (
        #""images": "v", "preprocess": {"crop": "224"}"#,
        #"$.calibration.preprocess.crop: expected the pixels of both sides, or [height, width], found the string "224""#
      ),
      (
        #""images": "v", "preprocess": {"interpolation": "bicubik"}"#,
        #"$.calibration.preprocess.interpolation: expected one of "bilinear", "bicubic" or "nearest", found the string "bicubik"; did you mean "bicubic"?"#
      ),
      (
        #""images": "v", "preprocess": {"channels": "GREY", "mean": [1, 2, 3]}"#,
        #"$.calibration.preprocess: "mean" is for 3 channels, and "channels": "GREY" has 1"#
      ),
      (
        #""images": "v", "preprocess": {"std": [1, 0, 1]}"#,
        "$.calibration.preprocess.std[1]: expected a number greater than 0, found the number 0"
      ),
      (
        #""images": "v", "preprocess": {"side": 1}"#,
        #"$.calibration.preprocess.side: unknown key; known here: "resize", "crop", "interpolation", "channels", "layout", "scale", "mean", "std""#
      ),
      (#""images": "v", "crop": 224"#, #"$.calibration.crop: unknown key; it belongs in $.calibration.preprocess"#),
    ].map { WrongConfiguration(text: text($0), error: $1) } + [
      WrongConfiguration(
        text: text(#""images": "v""#, #", "loss": {"kind": "mse"}"#),
        error: #"$.loss.kind: "mse" needs $.calibration.labels; without labels use "agreement""#),
      WrongConfiguration(
        text: text(
          #""inputs": "x.npy", "labels": "y.npy""#, #", "loss": {"kind": "mse"}, "evaluation": {"images": "v"}"#),
        error: #"$.evaluation: the key "labels" is missing, which the loss "mse" needs"#),
    ]

  @Test(arguments: wrong)
  func `what is wrong is told with its place`(_ one: WrongConfiguration) throws {
    do {
      _ = try configuration(one.text)
      Issue.record("it was accepted")
    } catch let error as ConfigurationError {
      #expect(error.description == "config.json: " + one.error)
    }
  }
}
