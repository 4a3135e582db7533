import ArrayFiles
import Foundation
import ImageFiles
import MessagePassing
import OneDNN
import ProgramRuns
import Testing

@testable import Search

/// Searches on image files that go together with other images, with arrays, and with targets that are no class.
@Suite(.timeLimit(.minutes(30)))
struct PictureSearchTests {
  private static let count = 21
  private static let side = PictureFormat.side

  /// The pixels of one image, row by row, of two pictures of one scene.
  private static func pixels(_ image: Int, _ input: Int) -> [UInt8] {
    (0..<side * side * 3).map { UInt8(($0 * (5 + 2 * input) + image * 37 + image * $0 % 29) % 256) }
  }

  /// Writes the images of an input into folders of three classes, in the order of their listing.
  private static func write(_ name: String, _ input: Int, classes: Int = 3, in folder: TemporaryFolder) throws {
    for image in 0..<count {
      let path = folder.file("\(name)/c\(image * classes / count)/" + String(format: "%02d.png", image))
      let parent = URL(fileURLWithPath: path).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
      try Data(PNGFile(width: side, height: side, pixels: pixels(image, input)).bytes)
        .write(to: URL(fileURLWithPath: path))
    }
  }

  /// What the network takes of some images, as an array in the order of channels, rows, columns.
  private static func array(_ images: [Int], _ input: Int) -> NumPyArray {
    let values = images.flatMap { image in
      let pixels = pixels(image, input)
      return (0..<3).flatMap { channel in
        stride(from: channel, to: pixels.count, by: 3).map { Float((Double(pixels[$0]) / 255 - 0.5) / 0.25) }
      }
    }
    return NumPyArray(shape: [images.count, 3, side, side], .floats(values))
  }

  private static let preprocess = #"{"mean": 0.5, "std": 0.25}"#

  /// Searches, and gives the bytes of what comes out of it.
  private static func search(
    in folder: TemporaryFolder, ranks: Int, _ format: PictureFormat, _ calibration: String, loss: String
  ) throws -> [Data] {
    try? FileManager.default.removeItem(atPath: folder.file("out"))
    let text = """
      {"model": "picture.onnx", "calibration": {\(calibration), "batch_size": 4}, "loss": {"kind": "\(loss)"},
       "target": {"compression_ratio": 1.6}, "output": {"directory": "out"}}
      """
    let path = try folder.write(Data(text.utf8), as: "config.json")
    _ = try InProcess.run(ranks: ranks) { world in
      try SearchRun(
        on: world, backend: OneDNNBackend(), format: format, report: nil, logger: DemoSearch.logger, progress: { _ in }
      ).execute(path)
    }
    return try ["out/ratios.json", "out/sensitivities.npz"].map(folder.contents)
  }

  /// Searches with the pixels of both inputs as arrays, and their three classes.
  private static func searchArrays(
    of images: [Int], in folder: TemporaryFolder, _ format: PictureFormat
  ) throws -> [Data] {
    for input in 0..<2 { try array(images, input).write(to: folder.file("x\(input).npy")) }
    try NumPyArray(shape: [images.count], .int64s(images.map { Int64($0 * 3 / count) }))
      .write(to: folder.file("classes.npy"))
    return try search(
      in: folder, ranks: 1, format, #""inputs": {"x0": "x0.npy", "x1": "x1.npy"}, "labels": "classes.npy""#,
      loss: "cross_entropy")
  }

  /// The order in which the images are used.
  private static func order(classes: Int = 3) -> [Int] {
    SampleOrder.spread(count, classes: (0..<count).map { $0 * classes / count })
  }

  @Test
  func `images of two inputs that make one sample give the bytes of their pixels, for any number of ranks`() throws {
    let format = PictureFormat(inputs: 2)
    let folder = try TemporaryFolder()
    try Self.write("left", 0, in: folder)
    try Self.write("right", 1, in: folder)
    let order = Self.order()
    let expected = try Self.searchArrays(of: order, in: folder, format)
    let preprocess = #""preprocess": {"x0": \#(Self.preprocess), "x1": \#(Self.preprocess)}"#
    for (left, right) in [("x0", "x1"), ("x1", "x0")] {
      // Told the other way round the left pictures still feed the input that they are named for.
      let images =
        #""images": {"\#(left)": "\#(left == "x0" ? "left" : "right")", "\#(right)": "\#(right == "x1" ? "right" : "left")"}"#
      for ranks in [1, 2] {
        let found = try Self.search(in: folder, ranks: ranks, format, "\(images), \(preprocess)", loss: "cross_entropy")
        #expect(found == expected, "\(ranks) ranks, \(left) first")
      }
    }
    let swapped = try Self.search(
      in: folder, ranks: 1, format, #""images": {"x0": "right", "x1": "left"}, \#(preprocess)"#, loss: "cross_entropy")
    #expect(swapped != expected)

    // One input from images, the other from an array in the order of their listing.
    try Self.array(Array(0..<Self.count), 1).write(to: folder.file("listed.npy"))
    for ranks in [1, 2] {
      let mixed = try Self.search(
        in: folder, ranks: ranks, format,
        #""images": {"x0": "left"}, "inputs": {"x1": "listed.npy"}, "preprocess": {"x0": \#(Self.preprocess)}"#,
        loss: "cross_entropy")
      #expect(mixed == expected, "\(ranks) ranks")
    }
  }

  @Test func `a bad image of one input leaves out its sample, whichever input it is`() throws {
    let format = PictureFormat(inputs: 2)
    let preprocess = #""preprocess": {"x0": \#(Self.preprocess), "x1": \#(Self.preprocess)}"#
    for bad in ["left", "right"] {
      let folder = try TemporaryFolder()
      try Self.write("left", 0, in: folder)
      try Self.write("right", 1, in: folder)
      let sound = Self.order().filter { $0 != 9 }
      let expected = try Self.searchArrays(of: sound, in: folder, format)
      _ = try folder.write(Data("no image".utf8), as: "\(bad)/c1/09.png")
      for told in [#""skip""#, #"["\#(bad)/c1/09.png"]"#] {
        let found = try Self.search(
          in: folder, ranks: 2, format,
          #""images": {"x0": "left", "x1": "right"}, \#(preprocess), "bad_images": \#(told)"#, loss: "cross_entropy")
        #expect(found == expected, "\(bad) \(told)")
      }
    }
  }

  /// Targets of another kind than a class, by image in the order of the listing.
  private enum Targets: CaseIterable {
    case segmentation
    case regression

    var head: PictureFormat.Head { self == .segmentation ? .classesOfPixels : .numbers }
    var loss: String { self == .segmentation ? "cross_entropy" : "mse" }

    func array(_ images: [Int]) -> NumPyArray {
      switch self {
      case .segmentation:
        NumPyArray(
          shape: [images.count, side, side],
          .int64s(images.flatMap { image in (0..<side * side).map { Int64((image * 5 + $0 * $0) % 3) } }))
      case .regression:
        NumPyArray(
          shape: [images.count, 4],
          .floats(images.flatMap { image in (0..<4).map { Float(image % 7) / 7 - Float($0) } }))
      }
    }
  }

  @Test(arguments: Targets.allCases)
  private func `targets of pixels and of numbers go with their images, listed as folders or lines`(
    _ targets: Targets
  ) throws {
    let format = PictureFormat(head: targets.head)
    let folder = try TemporaryFolder()
    try Self.write("images", 0, in: folder)
    let classed = Self.order()
    let listed = Self.order(classes: 1)
    try targets.array(Array(0..<Self.count)).write(to: folder.file("targets.npy"))
    let lines = (0..<Self.count).map { "images/c\($0 * 3 / Self.count)/" + String(format: "%02d.png\n", $0) }.joined()
    _ = try folder.write(Data(lines.utf8), as: "list.txt")
    for (source, order) in [("images", classed), ("list.txt", listed)] {
      try Self.array(order, 0).write(to: folder.file("x.npy"))
      try targets.array(order).write(to: folder.file("ordered.npy"))
      let expected = try Self.search(
        in: folder, ranks: 1, format, #""inputs": "x.npy", "labels": "ordered.npy""#, loss: targets.loss)
      for ranks in [1, 2] {
        let found = try Self.search(
          in: folder, ranks: ranks, format,
          #""images": "\#(source)", "preprocess": \#(Self.preprocess), "labels": "targets.npy""#, loss: targets.loss)
        #expect(found == expected, "\(source), \(ranks) ranks")
      }
    }
  }

  @Test(arguments: Targets.allCases)
  private func `targets that do not go with the network are told with their file`(_ targets: Targets) throws {
    let folder = try TemporaryFolder()
    try Self.write("images", 0, in: folder)
    func complaint(_ labels: String?) -> String {
      let told = labels.map { #", "labels": "\#($0)""# } ?? ""
      do {
        _ = try Self.search(
          in: folder, ranks: 2, PictureFormat(head: targets.head),
          #""images": "images", "preprocess": \#(Self.preprocess)\#(told)"#, loss: targets.loss)
        return ""
      } catch {
        return "\(error)"
      }
    }
    try NumPyArray(shape: [Self.count], .int64s([Int64](repeating: 0, count: Self.count)))
      .write(to: folder.file("one.npy"))
    let one = complaint("one.npy")
    switch targets {
    case .segmentation:
      #expect(
        one.contains("one.npy: a label has shape [], expected [8, 8]: one class index per sample and position"),
        "\(one)")
      let none = complaint(nil)
      #expect(
        none.contains("images: says one class for each image, the network's output has [8, 8] positions"), "\(none)")
    case .regression:
      #expect(one.contains("one.npy: a target has shape [], the network's output has [4, 1, 1]"), "\(one)")
    }
    try targets.array(Array(0..<Self.count - 1)).write(to: folder.file("few.npy"))
    let few = complaint("few.npy")
    #expect(few.contains("few.npy: has \(Self.count - 1) samples, expected \(Self.count) as in "), "\(few)")
  }
}
