import ArrayFiles
import Configuration
import Execution
import Foundation
import ImageFiles
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Sensitivity
import Synchronization
import Testing

@testable import Search

/// What `validate` sees of samples and labels, so that a search does not end with it hours later.
@Suite(.timeLimit(.minutes(30)))
struct DataValidationTests {
  private typealias Change = (path: String, json: String?)

  /// Validates the shipped example with other data.
  private static func validate(_ folder: TemporaryFolder, _ changes: [Change]) throws -> ValidationSummary {
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: changes)
    return try SearchRun.validate(
      folder.write(text, as: "config.json"), ONNXFormat(), backend: OneDNNBackend())
  }

  private static func complaint(_ folder: TemporaryFolder, _ changes: [Change]) -> String {
    do {
      _ = try validate(folder, changes)
      return ""
    } catch {
      return "\(error)"
    }
  }

  private static let images: [Change] = [
    ("calibration.inputs", nil), ("calibration.labels", nil), ("calibration.preprocessing", nil),
    ("calibration.images", #""images""#), ("calibration.preprocess", ImageSearchTests.preprocess),
  ]

  /// The images in the order in which they are used.
  private static func order(_ listing: [(path: String, image: Int)]) throws -> [String] {
    let classes = try ImageSearchTests.demo().classes
    return SampleOrder.spread(listing.count, classes: listing.map { classes[$0.image] }).map { listing[$0].path }
  }

  private static let larger = Data(
    PNGFile(width: 29, height: 28, .grey, pixels: [UInt8](repeating: 7, count: 812)).bytes)

  @Test
  func `an image of another size is named, and with it nothing that is asked to be skipped`() throws {
    let folder = try TemporaryFolder()
    let order = try Self.order(ImageSearchTests.writeFolders(in: folder))
    #expect(try Self.validate(folder, Self.images).sampleCount == ImageSearchTests.count)
    for image in [order[31], order[12]] { _ = try folder.write(Self.larger, as: "images/\(image)") }
    for mode in [#""fail""#, #""skip""#] {
      let complaint = Self.complaint(folder, Self.images + [("calibration.bad_images", mode)])
      #expect(
        complaint.contains("\(folder.file("images/\(order[12])")): comes out with 29 × 28 pixels, expected 28 × 28"),
        "\(complaint)")
    }
    #expect(try Self.validate(folder, Self.images + [("calibration.samples", "12")]).sampleCount == 12)
  }

  @Test
  func `labels that are counted from 1 are told with the sample`() throws {
    let folder = try TemporaryFolder()
    let classes = try ArrayFile.open(DemoNetwork.labels).int64s(in: 0..<512)
    let header: [UInt8] = [0, 0, 8, 1, 0, 0, 2, 0]
    let labels = try folder.write(Data(header + classes.map { UInt8($0 + 1) }), as: "labels.idx1-ubyte")
    let complaint = Self.complaint(folder, [("calibration.labels", "\"\(labels)\"")])
    let first = try #require(classes.firstIndex(of: 9))
    #expect(
      complaint.hasSuffix("sample \(first) has label 10, the network has classes 0 … 9, counted from 0"), "\(complaint)"
    )
  }

  /// The example's images as numbers, with one that is none in the last sample that is used; batches are of 32.
  private static func arrays(_ folder: TemporaryFolder, _ wrong: Float, samples: Int) throws -> [Change] {
    var values = [Float](repeating: 0.5, count: 512 * 784)
    values[(samples - 1) * 784 + 87] = wrong
    try NumPyArray(shape: [512, 1, 28, 28], .floats(values)).write(to: folder.file("images.npy"))
    return [
      ("calibration.inputs", "\"\(folder.file("images.npy"))\""), ("calibration.preprocessing", nil),
      ("calibration.samples", "\(samples)"),
    ]
  }

  @Test(arguments: [(Float.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf")])
  func `a number that is not finite is told with its sample, wherever it is`(_ wrong: Float, _ name: String) throws {
    let folder = try TemporaryFolder()
    let changes = try Self.arrays(folder, wrong, samples: 101)
    let expected = "\(folder.file("images.npy")): sample 100: element 87 is \(name), expected a finite number"
    #expect(Self.complaint(folder, changes) == expected)
    let scaled = changes + [("calibration.preprocessing", #"{"scale": 2}"#)]
    #expect(
      Self.complaint(folder, scaled).hasSuffix("element 87 is \(name) once preprocessed, expected a finite number"))
    // What is not used may be anything.
    #expect(try Self.validate(folder, changes.dropLast() + [("calibration.samples", "100")]).sampleCount == 100)
  }

  @Test func `a dry run, of a comparison too, sees it as well`() throws {
    let folder = try TemporaryFolder()
    let text = try DemoNetwork.configuration(
      output: folder.file("out"), changes: try Self.arrays(folder, .nan, samples: 101))
    let config = try folder.write(text, as: "config.json")
    for isComparison in [false, true] {
      let error = #expect(throws: SearchError.self) {
        _ = try InProcess.run(ranks: 1) { world in
          let dryRun = DryRun(on: world, backend: OneDNNBackend(), format: ONNXFormat())
          if isComparison { _ = try dryRun.compare(config) } else { _ = try dryRun.execute(config) }
        }
      }
      #expect(error?.problem == "sample 100: element 87 is nan, expected a finite number")
    }
  }

  @Test
  func `fewer sound images than samples are taken as they are`() throws {
    let folder = try TemporaryFolder()
    let order = try Self.order(ImageSearchTests.writeFolders(in: folder))
    for image in [order[4], order[44]] { _ = try folder.write(Data("no image".utf8), as: "images/\(image)") }
    for (samples, expected) in [("45", 43), ("44", 43), ("42", 42)] {
      let summary = try Self.validate(
        folder, Self.images + [("calibration.samples", samples), ("calibration.bad_images", #""skip""#)])
      #expect(summary.sampleCount == expected)
    }
  }

  @Test
  func `a pipe is a bad image, and a link to nowhere is one only by its name`() throws {
    let folder = try TemporaryFolder()
    try ImageSearchTests.writeFolders(in: folder)
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("images/c3/README"), withDestinationPath: folder.file("none"))
    #expect(mkfifo(folder.file("images/c3/x.jpg"), 0o600) == 0)
    let complaint = Self.complaint(folder, Self.images)
    #expect(complaint.contains("images/c3/x.jpg is a pipe, expected a JPEG or PNG image"), "\(complaint)")
    let summary = try Self.validate(folder, Self.images + [("calibration.bad_images", #""skip""#)])
    #expect(summary.leftOutImages == ["images/c3/x.jpg"])
    #expect(summary.sampleCount == ImageSearchTests.count)
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("images/c3/y.png"), withDestinationPath: folder.file("none"))
    #expect(Self.complaint(folder, Self.images).contains("images/c3/y.png: cannot be read"))
  }

  private static func choice(_ folder: TemporaryFolder, _ left: String, _ right: String) throws -> ImageChoice? {
    let text = """
      { "model": "m.onnx", "loss": { "kind": "agreement" },
        "calibration": { "images": { "a": "\(left)", "b": "\(right)" } }, "target": { "compression_ratio": 2 },
        "output": { "directory": "out" } }
      """
    let configuration = try SearchConfiguration(parsing: Array(text.utf8), file: folder.file("config.json"))
    let data = try #require(configuration.calibration?.data)
    return try ImageChoice(data, place: "$.calibration", file: configuration.file)
  }

  @Test
  func `images of two folders make one sample only where they are called alike`() throws {
    let folder = try TemporaryFolder()
    let image = ImageSearchTests.png([UInt8](repeating: 9, count: 784))
    for path in ["a/1.png", "a/2.png", "b/1.PNG", "b/2.jpg", "c/1.png", "c/3.png", "d/x/1.png", "d/y/2.png"] {
      let parent = URL(fileURLWithPath: folder.file(path)).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      _ = try folder.write(image, as: path)
    }
    #expect(try Self.choice(folder, "a", "b")?.rows.count == 2)
    for (other, name) in [("c", "3.png"), ("d", "x/1.png")] {
      let error = #expect(throws: SearchError.self) { try Self.choice(folder, "a", other) }
      #expect(error?.file == folder.file(other) && error?.problem.hasPrefix("has \(name) where ") == true)
    }
    _ = try folder.write(Data("a/1.png\na/2.png\n".utf8), as: "left.txt")
    _ = try folder.write(Data("c/3.png\nc/1.png\n".utf8), as: "right.txt")
    #expect(try Self.choice(folder, "left.txt", "right.txt")?.rows.count == 2)
  }

  @Test
  func `numbers that are hardly meant are remarked on`() throws {
    let folder = try TemporaryFolder()
    try ImageSearchTests.writeFolders(in: folder)
    func remarks(_ changes: [Change]) throws -> [String] { try Self.validate(folder, changes).remarks }
    #expect(try remarks([]).isEmpty)
    #expect(try remarks(Self.images).isEmpty)
    let means: [Change] = [("calibration.preprocess", #"{"channels": "GREY", "mean": 73, "std": 90}"#)]
    #expect(try remarks(Self.images + means).map { $0.contains("the mean 73.0 with the scale 1/255") } == [true])
    let scaled: [Change] = [("calibration.preprocess", #"{"channels": "GREY", "mean": 73, "std": 90, "scale": 1}"#)]
    #expect(try remarks(Self.images + scaled).isEmpty)
    #expect(
      try remarks([("calibration.preprocessing", nil)]).map { $0.contains(": bytes, fed to the network") } == [true])
  }

  @Test
  func `a folder in the place of an array is told as what it is`() throws {
    let folder = try TemporaryFolder()
    try ImageSearchTests.writeFolders(in: folder)
    let directory = Self.complaint(folder, [("calibration.inputs", #""images""#)])
    #expect(directory.contains("$.calibration.inputs expects an array; a folder of images is given as \"images\""))
    #expect(
      Self.complaint(folder, [("calibration.labels", #""images""#)]).contains("$.calibration.labels expects an array"))
  }

  @Test func `channels that come last are told as such`() throws {
    let folder = try TemporaryFolder()
    let turned = try folder.write(
      Data([0, 0, 8, 4] + [2, 8, 8, 3].flatMap { [0, 0, 0, UInt8($0)] } + [UInt8](repeating: 1, count: 384)),
      as: "turned.idx")
    let text = try DemoNetwork.configuration(
      output: folder.file("out"), changes: [("calibration", #"{"inputs": "\#(turned)"}"#), ("loss", nil)])
    let data = try CalibrationData(SearchConfiguration(parsing: Array(text), file: "config.json"))
    let network = try StartingConfigurationTests.network([4, 4])
    let error = #expect(throws: SearchError.self) { _ = try data.matched(to: network, loss: .agreement) }
    let complaint = error?.description ?? ""
    #expect(
      complaint.hasSuffix("expects [3, 8, 8]: its channels come last, and have to come first (NCHW)"), "\(complaint)")
  }
}

/// The memory that decoded images take.
@Suite(.timeLimit(.minutes(30)))
struct ImageMemoryTests {
  /// A set of images that counts how often it was emptied.
  private final class Shelf: ImageShelf {
    private let pool: ImagePool
    private let emptied = Mutex(0)

    init(_ pool: ImagePool) { self.pool = pool }

    var count: Int { emptied.withLock { $0 } }

    func empty() {
      emptied.withLock { $0 += 1 }
      pool.give(60)
    }
  }

  @Test
  func `images stay as far as there is room, and go when there is less`() {
    let pool = ImagePool()
    let shelf = Shelf(pool)
    pool.add(shelf)
    #expect(pool.resize(to: 100) == 100)
    #expect(pool.take(60) && !pool.take(60) && pool.take(40))
    pool.give(40)
    #expect(pool.resize(to: 60) == 60 && shelf.count == 0)
    #expect(pool.resize(to: 59) == 59 && shelf.count == 1)
    #expect(pool.resize(to: -5) == 0 && !pool.take(1))
    #expect(pool.resize(to: nil) == ImagePool.most && pool.resize(to: .max) == ImagePool.most)
  }

  @Test
  func `the forecast counts what is decoded at a time, and a limit below it is refused`() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.file("images"), withIntermediateDirectories: false)
    let side = 2500
    let large = PNGFile(width: side, height: side, .grey, pixels: [UInt8](repeating: 7, count: side * side))
    for number in 0..<3 { _ = try folder.write(Data(large.bytes), as: "images/\(number).png") }
    func forecast(limit: Int?, _ method: String) throws -> MemoryForecast {
      let text = try DemoNetwork.configuration(
        output: folder.file("out"),
        changes: [
          ("calibration", #"{"images": "images", "preprocess": {"channels": "GREY", "crop": 28}}"#),
          ("loss", #"{"kind": "agreement"}"#), ("sensitivity", "{\"method\": \"\(method)\"}"),
        ])
      return try SearchRun.validate(
        folder.write(text, as: "config.json"), ONNXFormat(), backend: OneDNNBackend(), memoryLimit: limit
      ).memory
    }
    for method in ["taylor", "apoz"] {
      let free = try forecast(limit: nil, method)
      // A worker and the two threads that read ahead each hold one image.
      #expect(free.bytes > MemoryForecast.process + (2 + free.workers) * side * side, "\(method)")
      #expect(try forecast(limit: free.bytes, method).bytes <= free.bytes, "\(method)")
      let error = #expect(throws: SearchError.self) {
        try forecast(limit: MemoryForecast.process + 2 * side * side, method)
      }
      #expect(error?.problem.hasPrefix("--memory-limit: ") == true, "\(method)")
    }
  }

  @Test(arguments: [false, true])
  func `every worker is counted with the samples of a run, twice`(_ isRegression: Bool) throws {
    // 784 numbers of 4 bytes, and a class of 8 or 10 numbers.
    let sampleBytes = 784 * 4 + (isRegression ? 10 * 4 : 8)
    let folder = try TemporaryFolder()
    var changes: [(path: String, json: String?)] = []
    if isRegression {
      for (name, extents) in [("inputs", [8, 1, 28, 28]), ("targets", [8, 10])] {
        try NumPyArray(shape: extents, .floats([Float](repeating: 0.5, count: extents.reduce(1, *))))
          .write(to: folder.file("\(name).npy"))
      }
      changes = [
        ("loss", #"{"kind": "mse"}"#),
        (
          "calibration",
          #"{"inputs": "\#(folder.file("inputs.npy"))", "labels": "\#(folder.file("targets.npy"))", "batch_size": 8}"#
        ),
      ]
    }
    let demo = try SubjectCase(DemoNetwork.configuration(output: "out", changes: changes))
    let preparation = demo.preparation
    let samples = 2 * preparation.runSize * sampleBytes
    #expect(preparation.runSize >= 2 && preparation.samples.perWorker == samples)
    // Of what evaluates networks, beside the compiled network and a copy of all weights.
    let evaluations = try [1, 2].map { workers in
      try InProcess.run(ranks: 1) { try demo.evaluation($0, workers: workers).memory.forecast.steady }[0]
    }
    let network = try demo.subject.model(of: .original, loss: demo.subject.comparedLoss).program.memory
    #expect(
      evaluations[1] - evaluations[0] == network.shared + network.perExecutor + preparation.weightBytes + samples)
    // Of what measures, beside the tables that wait to be sent.
    let tables = 4 * PackedShardTable.count(preparation.layout, preparation.criterion) * MemoryLayout<Double>.stride
    let measured = [1, 2].map {
      MemoryForecast(preparation, MemoryRequirement(shared: 0, perExecutor: 0), ranks: 0, workers: $0).steady
    }
    #expect(measured[1] - measured[0] == tables + samples)
  }
}
