import ArrayFiles
import Foundation
import ImageFiles
import ProgramRuns
import ReferenceData
import Testing

/// What becomes of a configuration or of data as people get them wrong.
@Suite(.timeLimit(.minutes(30)))
struct MistakeTests {
  /// A mistake, and what the one line about it has to say.
  struct Mistake: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let changes: [(path: String, json: String?)]
    let exitCode: Int32
    /// The file, the place in it, what was expected and what was found.
    let texts: [String]

    init(_ description: String, _ exitCode: Int32, _ texts: [String], _ changes: [(path: String, json: String?)]) {
      testDescription = description
      self.changes = changes
      self.exitCode = exitCode
      self.texts = texts
    }

    /// One in the configuration.
    static func config(_ description: String, _ texts: [String], _ changes: [(path: String, json: String?)]) -> Mistake
    {
      Mistake(description, 78, ["config.json: $"] + texts, changes)
    }

    /// One in arrays, of 16 samples unless they are told.
    static func arrays(
      _ description: String, _ exitCode: Int32, _ texts: [String], inputs: String = "x.npy",
      labels: String? = "y.npy"
    ) -> Mistake {
      let loss = labels == nil ? #"{"kind": "agreement"}"# : #"{"kind": "cross_entropy"}"#
      return Mistake(
        description, exitCode, texts,
        [
          ("calibration.inputs", #""\#(inputs)""#), ("calibration.labels", labels.map { #""\#($0)""# }),
          ("calibration.preprocessing", nil), ("loss", loss),
        ])
    }

    /// One in images, which are 24 × 16 pixels.
    static func images(
      _ description: String, _ exitCode: Int32, _ texts: [String], _ source: String,
      preprocess: String = #"{"channels": "GREY", "crop": 28}"#, _ more: [(path: String, json: String?)] = []
    ) -> Mistake {
      Mistake(
        description, exitCode, texts,
        [
          ("calibration.inputs", nil), ("calibration.labels", nil), ("calibration.preprocessing", nil), ("loss", nil),
          ("calibration.images", #""\#(source)""#), ("calibration.preprocess", preprocess),
        ] + more)
    }
  }

  static let configs: [Mistake] = [
    .config(
      "a ratio as text", ["target.compression_ratio: expected a number", #"found the string "2""#],
      [("target.compression_ratio", #""2""#)]),
    .config(
      "a ratio in the place of its object", ["target: expected an object", "found the number 2"], [("target", "2")]),
    .config(
      "a share in the place of a ratio", ["found the number 0.5; did you mean 1/0.5 = 2"],
      [("target.compression_ratio", "0.5")]),
    .config(
      "a percentage", ["config_list[0].sparsity: expected a number from 0 to less than 1, found the number 50"],
      [("config_list", #"[{"op_types": ["Conv"], "sparsity": 50}]"#)]),
    .config("a misspelt key", [#"targt: unknown key; did you mean "target"?"#], [("targt", "{}")]),
    .config(
      "another spelling", [#"found the string "FLOPs"; did you mean "flops"?"#], [("target.metric", #""FLOPs""#)]),
    .config(
      "a layer of another network", [#"op_names[0]: no layer is called "stage1.0.conv3"; did you mean "stage1.0.conv"#],
      [("config_list", #"[{"op_names": ["stage1.0.conv3"], "exclude": true}]"#)]),
    .config(
      "a type that has no weights",
      ["op_types[0]: expected a type of layers that have weights", #"found the string "Relu""#],
      [("config_list", #"[{"op_types": ["Relu"], "exclude": true}]"#)]),
    .config(
      "a ratio that cannot be reached",
      ["target.compression_ratio: a compression ratio of 100000.0", "the nearest is 340."],
      [("target.compression_ratio", "1e5")]),
    .config(
      "latency without a table", [#"a target in "latency" needs $.latency.table"#], [("target.metric", #""latency""#)]),
    .config(
      "a loss without its labels", [#"loss.kind: "cross_entropy" needs $.calibration.labels"#],
      [("calibration.labels", nil)]),
    .config(
      "three means of one channel",
      ["calibration.preprocessing.mean: has 3 values", "expected one for the one channel of", "'image'"],
      [("calibration.preprocessing.mean", "[0.485, 0.456, 0.406]")]),
    .config(
      "more samples than there are", ["calibration.samples: asks for 1000 samples", "has 512"],
      [("calibration.samples", "1000")]),
    Mistake(
      "a model that is not there", 66, ["/none.onnx: cannot be opened: No such file"], [("model", #""none.onnx""#)]),
    Mistake(
      "a config as the model", 65, ["fashion-resnet.json: no ONNX model but text that begins with"],
      [("model", #""\#(DemoNetwork.directory)/fashion-resnet.json""#)]),
    Mistake(
      "a model that Git LFS has not fetched", 65, ["lfs.onnx: no ONNX model but a Git LFS pointer", "`git lfs pull`"],
      [("model", #""lfs.onnx""#)]),
    Mistake(
      "a page in the place of a model", 65, ["page.onnx: no ONNX model but a web page"], [("model", #""page.onnx""#)]),
    Mistake(
      "a model of PyTorch", 65, ["model.pt: no ONNX model but a zip archive, as numpy.savez and torch.save"],
      [("model", #""model.pt""#)]),
    Mistake(
      "half of a model", 65, ["half.onnx: no ONNX model: 300000 bytes that do not decode as one (truncated"],
      [("model", #""half.onnx""#)]),
    Mistake("a folder as the model", 66, ["/classes: is a directory, expected a file"], [("model", #""classes""#)]),
    Mistake("results where nothing can be", 73, ["/proc/no"], [("output.directory", #""/proc/no/such""#)]),
    .config(
      "a program that is not there", ["sensitivity.command", "/no/such/program"],
      [("sensitivity", #"{"method": "external", "command": ["/no/such/program"]}"#)]),
    Mistake(
      "results over a file", 73, ["/x.npy: the output directory cannot be used: it is no directory"],
      [("output.directory", #""x.npy""#)]),
  ]

  static let data: [Mistake] = [
    .arrays("an array that is not there", 66, ["/none.npy: cannot be read: No such file"], inputs: "none.npy"),
    .arrays(
      "a model as the array", 65, ["half.onnx: expected a .npy, .npz or IDX file, found other content"],
      inputs: "half.onnx"
    ),
    .arrays(
      "labels fewer than samples", 65, ["few.npy: has 15 samples, expected 16 as in ", "/x.npy"], labels: "few.npy"),
    .arrays(
      "labels counted from 1", 65, ["from1.npy: sample 9 has label 10, the network has classes 0 … 9, counted from 0"],
      labels: "from1.npy"),
    .arrays(
      "labels as floats", 65, ["floats.npy: labels are float32, expected integers: the index of each class"],
      labels: "floats.npy"),
    .arrays(
      "labels as numbers for all classes", 65,
      [
        "onehot.npy: a label has shape [10], expected []: one class index per sample; of a number for each class, as here, it is the index of the largest"
      ], labels: "onehot.npy"),
    .arrays(
      "labels as words", 65, ["words.npy: expected elements of a real number type or bool, found type <U1"],
      labels: "words.npy"),
    .arrays(
      "three channels for one", 65,
      ["rgb.npy: a sample has shape [3, 28, 28], the network's input 'image' expects [1, 28, 28]"], inputs: "rgb.npy"),
    .arrays(
      "rows of pixels", 65, ["flat.npy: a sample has shape [784], the network's input 'image' expects [1, 28, 28]"],
      inputs: "flat.npy"),
    .arrays(
      "a number that is none", 65, ["nan.npy: sample 5 through ", "image: element 87 is nan, expected finite numbers"],
      inputs: "nan.npy"),
    .arrays(
      "half of an array", 65,
      ["half.npy: expected 50176 bytes of elements for shape [16, 1, 28, 28] of float32, found 30000"],
      inputs: "half.npy"),
    .arrays(
      "a table as text", 65, ["table.csv: expected a .npy, .npz or IDX file, found text that begins with '1,2,3'"],
      inputs: "table.csv"),
    .arrays(
      "an array that Git LFS has not fetched", 65,
      ["lfs.npy: expected a .npy, .npz or IDX file, found a Git LFS pointer"],
      inputs: "lfs.npy"),
    .arrays(
      "an image as the array", 65, ["one.png: expected a .npy, .npz or IDX file, found a PNG image"], inputs: "one.png"),
    .arrays(
      "a folder of images as the array", 66,
      ["/classes: is a directory, and $.calibration.inputs expects an array", #""images""#], inputs: "classes"),
    .arrays(
      "no array of several named", 65, ["two.npz: expected the name of the array to read, found x, y"],
      inputs: "two.npz"),
    .images(
      "a folder without images", 65, ["empty: expected a folder for each class, or images", "found neither"], "empty"),
    .images("a folder of one class", 65, ["single: has 1 folders, the network 10 classes"], "single"),
    .images(
      "images without classes", 65,
      ["single/c0: says no classes, which the loss needs", #"$.loss.kind to "agreement""#],
      "single/c0"),
    .images("an image cut short", 65, ["cut/c3/1.jpg: is damaged or cut short: ", #""bad_images": "skip""#], "cut"),
    .images(
      "an image of another format", 65, ["other/c3/1.webp: expected a JPEG or PNG image, found a WebP image"], "other"),
    .images(
      "images of several sizes", 65, ["/sizes/c", "comes out with ", " × 28 pixels, expected ", #""crop""#],
      "sizes", preprocess: #"{"channels": "GREY"}"#),
    .images(
      "colours for a network of grey", 78,
      ["config.json: $.calibration.preprocess: an image becomes a sample of shape [3, 28, 28]", "expects [1, 28, 28]"],
      "classes", preprocess: #"{"crop": 28}"#),
    .images(
      "a list with commas", 65,
      ["commas.txt: says no classes", "a list with a blank and the number of the class behind each path"],
      "commas.txt"),
    .images(
      "a list with a class too many", 65,
      ["high.txt: classes/c0/0.jpg has the class 10, the network has classes 0 … 9"],
      "high.txt"),
  ]

  /// Writes everything that the mistakes name.
  private static func write(in folder: TemporaryFolder) throws {
    let count = 16
    let classes = (0..<count).map { Int64($0 % 10) }
    var pixels = (0..<count * 784).map { Float($0 % 251) / 251 }
    func arrays(_ files: [(String, [Int], NumPyArray.Elements)]) throws {
      for (name, shape, elements) in files { try NumPyArray(shape: shape, elements).write(to: folder.file(name)) }
    }
    try arrays([
      ("x.npy", [count, 1, 28, 28], .floats(pixels)), ("y.npy", [count], .int64s(classes)),
      ("few.npy", [count - 1], .int64s(Array(classes.dropLast()))),
      ("from1.npy", [count], .int64s(classes.map { $0 + 1 })),
      ("floats.npy", [count], .floats(classes.map { Float($0) })), ("flat.npy", [count, 784], .floats(pixels)),
      ("onehot.npy", [count, 10], .floats(classes.flatMap { label in (0..<10).map { $0 == label ? 1 : 0 } })),
      ("rgb.npy", [count, 3, 28, 28], .floats(pixels + pixels + pixels)),
    ])
    pixels[5 * 784 + 87] = .nan
    try arrays([("nan.npy", [count, 1, 28, 28], .floats(pixels))])
    try NumPyArchive.write(
      [("x", NumPyArray(shape: [1], .int64s([1]))), ("y", NumPyArray(shape: [1], .int64s([1])))],
      to: folder.file("two.npz"))
    let whole = try folder.contents(of: "x.npy")
    _ = try folder.write(whole.prefix(whole.count - 20176), as: "half.npy")
    let words = "{'descr': '<U1', 'fortran_order': False, 'shape': (16,), }\n"
    _ = try folder.write(
      Data(
        [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(words.utf8.count), 0] + Array(words.utf8)
          + [UInt8](repeating: 0, count: 64)),
      as: "words.npy")
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 132735\n"
    for (name, text) in [
      ("lfs.onnx", pointer), ("lfs.npy", pointer), ("page.onnx", "<!DOCTYPE html>\n<html><title>404</title></html>\n"),
      ("model.pt", "PK\u{3}\u{4}\u{0}\u{0}"), ("table.csv", "1,2,3\n4,5,6\n"),
      ("commas.txt", "classes/c0/0.jpg,0\n"), ("high.txt", "classes/c0/0.jpg 10\n"),
    ] { _ = try folder.write(Data(text.utf8), as: name) }
    let model = try Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model))
    _ = try folder.write(model.prefix(300_000), as: "half.onnx")
    _ = try folder.write(png(width: 28, height: 28), as: "one.png")
    try writeImages(in: folder)
  }

  private static func png(width: Int, height: Int) -> Data {
    Data(PNGFile(width: width, height: height, .grey, pixels: [UInt8](repeating: 9, count: width * height)).bytes)
  }

  /// Folders of images: ten classes with one each, and what is wrong with one of them.
  private static func writeImages(in folder: TemporaryFolder) throws {
    func make(_ name: String, _ classes: Int) throws {
      for label in 0..<classes {
        try FileManager.default.createDirectory(
          atPath: folder.file("\(name)/c\(label)"), withIntermediateDirectories: true)
        _ = try folder.write(Data(SmallJPEG.baseline), as: "\(name)/c\(label)/0.jpg")
      }
    }
    for (name, classes) in [("classes", 10), ("single", 1), ("cut", 10), ("other", 10)] {
      try make(name, classes)
    }
    try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: false)
    for label in 0..<10 {
      try FileManager.default.createDirectory(
        atPath: folder.file("sizes/c\(label)"), withIntermediateDirectories: true)
    }
    _ = try folder.write(Data(SmallJPEG.baseline.dropLast(150)), as: "cut/c3/1.jpg")
    _ = try folder.write(Data(Array("RIFF".utf8) + [0, 1, 0, 0] + Array("WEBPVP8 ".utf8)), as: "other/c3/1.webp")
    for label in 0..<10 { _ = try folder.write(png(width: 28, height: 28), as: "sizes/c\(label)/0.png") }
    _ = try folder.write(png(width: 29, height: 28), as: "sizes/c3/1.png")
  }

  @Test(arguments: configs + data, [nil, 2])
  func `a mistake is one line from one rank that says how to mend it, with the documented exit code`(
    _ mistake: Mistake, _ ranks: Int?
  ) throws {
    guard ranks == nil || ProgramRun.hasLauncher else { return }
    let folder = try TemporaryFolder()
    try Self.write(in: folder)
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: mistake.changes)
    let config = try folder.write(text, as: "config.json")
    let before = try folder.names
    let run = try ProgramRun("prune-cluster", ranks: ranks, ["search", "--quiet", config])
    #expect(run.exitCode == mistake.exitCode, "\(run.errors)")
    #expect(run.complaints.count == 1, "\(run.errors)")
    for text in mistake.texts { #expect(run.complaints.first?.contains(text) ?? false, "\(text): \(run.errors)") }
    #expect(run.output.isEmpty)
    // Of what shows only while it runs a record of the attempt stays, and nothing that looks like a result.
    #expect(try folder.names.filter { !before.contains($0) && $0 != "out" } == [])
    let left = try? FileManager.default.contentsOfDirectory(atPath: folder.file("out"))
    #expect(left.map { Set($0).isSubset(of: ["run.json", "checkpoint"]) } ?? true, "\(left ?? [])")
  }

  @Test func `a comma that is missing has its line and column`() throws {
    let folder = try TemporaryFolder()
    let config = try folder.write(
      Data("{\n  \"model\": \"m.onnx\"\n  \"calibration\": {}\n}\n".utf8), as: "config.json")
    let run = try ProgramRun("prune-cluster", ["search", config])
    #expect(run.exitCode == 78)
    #expect(run.complaints.count == 1 && run.complaints[0].contains("config.json: line 3, column 3: "), "\(run.errors)")
  }
}
