import ArrayFiles
import Configuration
import Foundation
import ImageFiles
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Testing

@testable import Search

/// Searches on image files: the demo's calibration images, written out as PNG.
@Suite(.timeLimit(.minutes(30)))
struct ImageSearchTests {
  static let count = 45
  static let preprocess = #"{"channels": "GREY", "mean": 0.286, "std": 0.353}"#

  /// The first images of the demo, 28 × 28 bytes each, and their classes.
  static func demo() throws -> (pixels: [[UInt8]], classes: [Int]) {
    let floats = try ArrayFile.open(DemoNetwork.images).floats(in: 0..<count)
    let classes = try ArrayFile.open(DemoNetwork.labels).int64s(in: 0..<count).map { Int($0) }
    return ((0..<count).map { floats[$0 * 784..<($0 + 1) * 784].map { UInt8($0) } }, classes)
  }

  static func png(_ pixels: [UInt8]) -> Data {
    Data(PNGFile(width: 28, height: 28, .grey, pixels: pixels).bytes)
  }

  /// Writes the images into folders of their classes.
  /// - Returns: the paths from `images`, in the order of the listing, with the numbers that the images have in the demo.
  @discardableResult
  static func writeFolders(in folder: TemporaryFolder) throws -> [(path: String, image: Int)] {
    let (pixels, classes) = try demo()
    var paths: [(path: String, image: Int)] = []
    for image in 0..<count {
      let name = "c\(classes[image])/" + String(format: "%03d", image) + (image % 7 == 0 ? ".PNG" : ".png")
      let path = folder.file("images/\(name)")
      let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      try png(pixels[image]).write(to: URL(fileURLWithPath: path))
      paths.append((name, image))
    }
    return paths.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// Searches with the images in `images` of a folder, or in another listing.
  private static func search(
    in folder: TemporaryFolder, ranks: Int = 1, images: String = "images",
    _ changes: [(path: String, json: String?)] = []
  ) throws -> SearchOutcome {
    try DemoSearch.run(
      in: folder, ranks: ranks,
      [
        ("calibration.inputs", nil), ("calibration.labels", nil), ("calibration.preprocessing", nil),
        ("calibration.images", #""\#(images)""#), ("calibration.preprocess", preprocess),
      ] + changes)
  }

  private static func failure(_ body: () throws -> SearchOutcome) -> String {
    do {
      _ = try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  private static func results(of folder: TemporaryFolder) throws -> [Data] {
    try ["out/ratios.json", "out/sensitivities.npz"].map(folder.contents)
  }

  @Test
  func `images in folders give the bytes that their pixels give as an array`() throws {
    let folder = try TemporaryFolder()
    let listing = try Self.writeFolders(in: folder)
    _ = try Self.search(in: folder)
    let (pixels, classes) = try Self.demo()
    let order = SampleOrder.spread(Self.count, classes: listing.map { classes[$0.image] })
    let arrays = try TemporaryFolder()
    func idx(_ kind: [UInt8], _ extents: [Int], _ content: [UInt8]) -> Data {
      Data(
        [0, 0] + kind
          + extents.flatMap { extent in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: extent >> $0) } } + content)
    }
    let images = order.map { listing[$0].image }
    let inputs = try arrays.write(idx([8, 3], [Self.count, 28, 28], images.flatMap { pixels[$0] }), as: "inputs.idx")
    let labels = try arrays.write(idx([8, 1], [Self.count], images.map { UInt8(classes[$0]) }), as: "labels.idx")
    _ = try DemoSearch.run(
      in: arrays,
      [
        ("calibration.inputs", #""\#(inputs)""#), ("calibration.labels", #""\#(labels)""#),
        ("calibration.preprocessing", #"{"scale": \#(1.0 / 255), "mean": 0.286, "std": 0.353}"#),
      ])
    #expect(try Self.results(of: folder) == Self.results(of: arrays))
  }

  @Test
  func `any number of ranks gives the same bytes, and so does a list`() throws {
    let folder = try TemporaryFolder()
    let listing = try Self.writeFolders(in: folder)
    let (_, classes) = try Self.demo()
    let lines = listing.map { "images/\($0.path) \(classes[$0.image])\r\n" }.joined()
    _ = try folder.write(Data(("\u{FEFF}" + lines + "\n").utf8), as: "list.txt")
    _ = try Self.search(in: folder)
    let expected = try Self.results(of: folder)
    for ranks in [2, 3] {
      try FileManager.default.removeItem(atPath: folder.file("out"))
      _ = try Self.search(in: folder, ranks: ranks)
      #expect(try Self.results(of: folder) == expected, "\(ranks) ranks")
    }
    try FileManager.default.removeItem(atPath: folder.file("out"))
    _ = try Self.search(in: folder, ranks: 2, images: "list.txt")
    #expect(try Self.results(of: folder) == expected)
  }

  private static func attempts(_ folder: TemporaryFolder) throws -> [[String: Any]] {
    let record = try JSONSerialization.jsonObject(with: folder.contents(of: "out/run.json")) as? [String: Any]
    return try #require(record?["attempts"] as? [[String: Any]])
  }

  @Test
  func `a changed image has its own shard measured anew, and no other`() throws {
    let folder = try TemporaryFolder()
    try Self.writeFolders(in: folder)
    _ = try Self.search(in: folder)
    let shards = try #require(try Self.attempts(folder).last?["pieces_computed"] as? Int)
    #expect(shards == 4)
    _ = try Self.search(in: folder)
    #expect(try Self.attempts(folder).last?["pieces_computed"] as? Int == 0)
    let (pixels, classes) = try Self.demo()
    // One of those that are used: the first in order.
    let order = SampleOrder.spread(
      Self.count, classes: try Self.writeFolders(in: folder).map { classes[$0.image] })
    let first = try Self.writeFolders(in: folder)[order[0]]
    var changed = pixels[first.image]
    changed[400] ^= 0x40
    try Self.png(changed).write(to: URL(fileURLWithPath: folder.file("images/\(first.path)")))
    #expect(throws: SearchError.self) { try VerifyRun(folder.file("out"), includesInputs: true) }
    _ = try Self.search(in: folder)
    #expect(try Self.attempts(folder).last?["pieces_computed"] as? Int == 1)
    #expect(try VerifyRun(folder.file("out"), includesInputs: true).inputs.count == 2)
    // Another mean is another input of all shards.
    _ = try Self.search(in: folder, [("calibration.preprocess.mean", "0.3")])
    #expect(try Self.attempts(folder).last?["pieces_computed"] as? Int == shards)
  }

  enum Command: CaseIterable {
    case search, dryRun, compare

    func run(_ config: String) throws {
      let (backend, format) = (OneDNNBackend(), ONNXFormat())
      _ = try InProcess.run(ranks: 1) { world in
        switch self {
        case .search:
          _ = try SearchRun(
            on: world, backend: backend, format: format, logger: DemoSearch.logger, progress: { _ in }
          ).execute(config)
        case .dryRun: _ = try DryRun(on: world, backend: backend, format: format).execute(config)
        case .compare:
          _ = try ComparisonRun(
            on: world, backend: backend, format: format, logger: DemoSearch.logger, progress: { _ in }
          ).execute(config)
        }
      }
    }
  }

  @Test(arguments: Command.allCases)
  func `what is wrong with the model or the target is told before images are looked at`(_ command: Command) throws {
    let folder = try TemporaryFolder()
    // Whoever decodes all images finds none that is whole; their headers are.
    for (path, _) in try Self.writeFolders(in: folder) {
      let image = try Data(contentsOf: URL(fileURLWithPath: folder.file("images/\(path)")))
      _ = try folder.write(image.prefix(image.count / 2), as: "images/\(path)")
    }
    let model = try folder.write(Data("no model".utf8), as: "model.onnx")
    let preprocess = #"{"channels": "GREY", "mean": 0.286, "std": 0.353, "crop": 28}"#
    let changes: [(path: String, json: String?)] = [
      ("calibration", #"{"images": "images", "bad_images": "skip", "preprocess": \#(preprocess)}"#),
      ("compare", command == .compare ? #"{"sensitivity": ["l1", "taylor"]}"# : nil), ("solver", "{}"),
    ]
    func complaint(_ more: [(path: String, json: String?)]) throws -> String {
      let text = try DemoNetwork.configuration(output: folder.file("out"), changes: changes + more)
      let config = try folder.write(text, as: "config.json")
      let error = #expect(throws: (any Error).self) { try command.run(config) }
      return error.map { "\($0)" } ?? ""
    }
    let wrong = try complaint([("model", #""\#(model)""#)])
    #expect(wrong.hasPrefix(model), "\(wrong)")
    let far = try complaint([("target.compression_ratio", "1e9")])
    #expect(far.contains("cannot be reached"), "\(far)")
    let images = try complaint([])
    #expect(images.contains("images cannot be used"), "\(images)")
  }

  @Test
  func `bad images end the run with one name, or are skipped and named in the record`() throws {
    let folder = try TemporaryFolder()
    let listing = try Self.writeFolders(in: folder)
    let (_, classes) = try Self.demo()
    let order = SampleOrder.spread(Self.count, classes: listing.map { classes[$0.image] })
    // The third to be used, the last of the 27, and one that is used in place of these.
    let bad = [2, 26, 28].map { listing[order[$0]].path }
    let whole = try folder.contents(of: "images/\(bad[1])")
    _ = try folder.write(Data("no image".utf8), as: "images/\(bad[0])")
    _ = try folder.write(whole.prefix(400), as: "images/\(bad[1])")
    _ = try folder.write(Data(), as: "images/\(bad[2])")
    let complaint = Self.failure { try Self.search(in: folder, ranks: 2) }
    #expect(complaint.contains(folder.file("images/\(bad[0])")), "\(complaint)")
    #expect(complaint.contains("found text that begins with 'no image'"), "\(complaint)")
    #expect(complaint.contains(#""bad_images": "skip""#), "\(complaint)")

    _ = try Self.search(in: folder, ranks: 2, [("calibration.bad_images", #""skip""#)])
    let skipped = try Self.results(of: folder)
    let record = try JSONSerialization.jsonObject(with: folder.contents(of: "out/run.json")) as? [String: Any]
    let calibration = (record?["configuration"] as? [String: Any])?["calibration"] as? [String: Any]
    #expect(calibration?["bad_images"] as? [String] == bad.map { "images/\($0)" })
    #expect((record?["calibration"] as? [String: Any])?["samples"] as? Int == 27)
    #expect(try VerifyRun(folder.file("out"), includesInputs: true).inputs.count == 2)

    // The same as told by hand, with the images gone from the order and from nothing else.
    let list = "[" + bad.map { #""images/\#($0)""# }.joined(separator: ", ") + "]"
    try FileManager.default.removeItem(atPath: folder.file("out"))
    _ = try Self.search(in: folder, ranks: 3, [("calibration.bad_images", list)])
    #expect(try Self.results(of: folder) == skipped)
  }

  @Test
  func `validate names and counts all bad images that would be used`() throws {
    let folder = try TemporaryFolder()
    let listing = try Self.writeFolders(in: folder)
    for index in [3, 17] { _ = try folder.write(Data("no image".utf8), as: "images/\(listing[index].path)") }
    let text = try DemoNetwork.configuration(
      output: folder.file("out"),
      changes: [
        ("calibration.inputs", nil), ("calibration.labels", nil), ("calibration.preprocessing", nil),
        ("calibration.images", #""images""#), ("calibration.preprocess", Self.preprocess),
      ])
    let configuration = try SearchConfiguration(parsing: [UInt8](text), file: folder.file("config.json"))
    var complaint = ""
    do { try BadImages.check(configuration) } catch { complaint = "\(error)" }
    #expect(complaint.hasPrefix("\(folder.file("images")): 2 of \(Self.count) images cannot be used: "), "\(complaint)")
    for index in [3, 17] { #expect(complaint.contains(listing[index].path), "\(complaint)") }
  }

  private static let all: (path: String, json: String?) = ("calibration.samples", #""all""#)

  private static let mistakes: [(changes: [(path: String, json: String?)], text: String)] = [
    ([("calibration.images", #""nowhere""#)], "nowhere: cannot be read: No such file or directory"),
    ([("calibration.images", #""images/c3""#), all], "images/c3: says no classes, which the loss needs"),
    ([("calibration.images", #""nine""#), all], "nine: has 2 folders, the network 10 classes"),
    ([("calibration.images", #""empty""#)], "empty/b: holds no images"),
    ([("calibration.images", #""mixed""#)], "mixed: holds folders and the image x.png"),
    ([("calibration.images", #""list.txt""#)], "list.txt: line 2: expected a class behind the path"),
    ([("calibration.images", #""high.txt""#), all], "nine/a/x.png has the class 12, the network has classes 0 … 9"),
    ([("calibration.images", #"{"picture": "images"}"#), ("calibration.preprocess", nil)], "'image'"),
    (
      [("calibration.preprocess", #"{"channels": "RGB"}"#)],
      "$.calibration.preprocess: an image becomes a sample of shape [3, 28, 28], the network's input 'image' expects [1, 28, 28]"
    ),
    ([("calibration.preprocess", #"{"channels": "GREY", "crop": 27}"#)], "a sample of shape [1, 27, 27]"),
    ([("calibration.samples", "46")], "asks for 46 samples"),
    (
      [("calibration.bad_images", #"["images/c0/none.png"]"#)],
      "$.calibration.bad_images[0]: no image of images has the path"
    ),
    ([("calibration.labels", #""\#(DemoNetwork.labels)""#)], "has 512 samples, expected 45 as in"),
    ([("calibration.images", #""words.txt""#)], "words.txt: line 2: "),
    ([("calibration.images", #""words.txt""#)], "images/c3/x.png cat cannot be read: No such file or directory"),
    ([("calibration.images", #""nine/a/x.png""#)], "nine/a/x.png: is an image, expected a folder of images"),
    ([("calibration.images", #""\#(DemoNetwork.images)""#)], "is an array or an archive, expected a folder of images"),
  ]

  @Test(arguments: mistakes.indices)
  func `what does not go together is told before anything is computed`(_ index: Int) throws {
    let mistake = Self.mistakes[index]
    let folder = try TemporaryFolder()
    try Self.writeFolders(in: folder)
    for path in ["nine/a", "nine/b", "empty/a", "empty/b", "mixed/a"] {
      try FileManager.default.createDirectory(atPath: folder.file(path), withIntermediateDirectories: true)
    }
    let image = Self.png([UInt8](repeating: 9, count: 784))
    for path in ["nine/a/x.png", "nine/b/x.png", "empty/a/x.png", "mixed/a/x.png", "mixed/x.png"] {
      _ = try folder.write(image, as: path)
    }
    _ = try folder.write(Data("images/c3/x y.png 4\nimages/c3/z.png\n".utf8), as: "list.txt")
    _ = try folder.write(Data("nine/a/x.png 12\n".utf8), as: "high.txt")
    _ = try folder.write(Data("\nimages/c3/x.png cat\n".utf8), as: "words.txt")
    let complaint = Self.failure { try Self.search(in: folder, ranks: 2, mistake.changes) }
    #expect(complaint.contains(mistake.text), "\(complaint)")
    #expect(!complaint.contains("\n"))
    #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
  }

  @Test
  func `an evaluation on images has the accuracy of their classes`() throws {
    let folder = try TemporaryFolder()
    try Self.writeFolders(in: folder)
    let images: [(path: String, json: String?)] = [
      ("calibration.inputs", nil), ("calibration.labels", nil), ("calibration.preprocessing", nil),
      ("calibration.images", #""images""#), ("calibration.preprocess", Self.preprocess),
    ]
    let arrays: [(path: String, json: String?)] = [("calibration.samples", "\(Self.count)")]
    let found = try [images, arrays].map { changes in
      let text = try DemoNetwork.configuration(output: folder.file("out"), changes: changes)
      let path = try folder.write(text, as: "config.json")
      let evaluations = try InProcess.run(ranks: 2) { world in
        try EvaluateRun(on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: DemoSearch.logger)
          .execute([], configuration: path)
      }
      return try #require(evaluations[0]?.first)
    }
    #expect(found[0].accuracy == found[1].accuracy)
    #expect(try #require(found[0].accuracy) > 0.8)
    #expect(abs(found[0].meanLoss - found[1].meanLoss) < 1e-6)
  }

  @Test
  func `unlabelled images serve the network's own predictions`() throws {
    let folder = try TemporaryFolder()
    try Self.writeFolders(in: folder)
    try FileManager.default.createDirectory(atPath: folder.file("flat"), withIntermediateDirectories: true)
    let (pixels, _) = try Self.demo()
    for (image, content) in pixels.enumerated() { _ = try folder.write(Self.png(content), as: "flat/\(image).png") }
    let outcome = try Self.search(in: folder, images: "flat", [("loss", #"{"kind": "agreement"}"#)])
    #expect(outcome.sampleCount == 27)
  }

  @Test
  func `every part of the order of images has every class in proportion`() {
    let classes = (0..<1000).map { $0 / 100 }
    let order = SampleOrder.spread(1000, classes: classes)
    #expect(order.sorted() == Array(0..<1000))
    for count in [10, 100, 333, 640] {
      let counts = Dictionary(grouping: order.prefix(count), by: { classes[$0] }).mapValues(\.count)
      for label in 0..<10 { #expect(abs((counts[label] ?? 0) * 10 - count) <= 15, "\(label) of the first \(count)") }
    }
    // Neighbours and strides have several classes too.
    for stride in [2, 4, 5, 10] {
      let part = Swift.stride(from: 0, to: 1000, by: stride).map { classes[order[$0]] }
      #expect(Set(part.prefix(60)).count == 10, "every \(stride)th")
    }
    #expect(SampleOrder.spread(1000, classes: nil).prefix(20).sorted() != Array(0..<20))
  }
}
