import ArrayFiles
import Channels
import Configuration
import Execution
import Foundation
import Networks
import ONNXFormat
import ProgramRuns
import ReferenceData
import Testing
import WorkSharing

@testable import Search

/// What the results of pieces of work are kept under: all that they depend on, and nothing else.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct MeasurementBasisTests {
  /// The keys of all shards of a search.
  private static func keys(
    _ changes: [(path: String, json: String?)] = [], executor: String = "an executor", without removed: [[Int]] = []
  ) throws -> [PieceKey] {
    let text = try DemoNetwork.configuration(output: "out", changes: DemoSearch.small + changes)
    let configuration = try SearchConfiguration(parsing: Array(text), file: "config.json")
    let source = try ONNXFormat().read(configuration.model.path)
    let preparation = try Preparation(configuration, model: source.message, ONNXFormat(), isSolving: true)
    let basis = MeasurementBasis(ofTables: preparation, model: source.digests, executor: executor, without: removed)
    let checkpoint = SearchCheckpoint(PieceStore(directory: "nowhere"), preparation.plan, preparation.data)
    return try checkpoint.ranges.indices.map { basis.key(of: checkpoint.ranges[$0], try checkpoint.digest(of: $0)) }
  }

  @Test func `every shard has a key of its own`() throws {
    let keys = try Self.keys()
    #expect(keys.count == 4)
    #expect(Set(keys).count == 4)
    #expect(try Self.keys() == keys)
  }

  private static let elsewhere: [(path: String, json: String?)] = [
    ("target.compression_ratio", "3"), ("target.metric", #""params""#), ("solver", #"{"method": "greedy"}"#),
    ("solver", #"{"iterations": 2}"#), ("bits", #"{"weight": 4}"#), ("bits", #"{"search": [4, 8]}"#),
    ("config_list", #"[{"op_names": ["stage1.0.conv1"], "exclude": true}]"#), ("output.directory", #""elsewhere""#),
    ("repair", #""none""#), ("sensitivity", #"{"reduction": "mean_abs", "bootstrap": 5}"#),
  ]

  @Test(arguments: elsewhere.indices)
  func `what is done with measurements is no part of their keys`(_ index: Int) throws {
    let base: [(path: String, json: String?)] = [("sensitivity", #"{"reduction": "mean_abs"}"#), ("solver", "{}")]
    #expect(try Self.keys(base + [Self.elsewhere[index]]) == Self.keys(base))
  }

  @Test func `whatever a table depends on is part of its key`() throws {
    let settings = [
      "{}", #"{"reduction": "abs_mean"}"#, #"{"reduction": "mean_abs"}"#, #"{"level": "sample"}"#,
      #"{"group_reduction": "sum_abs"}"#, #"{"order": 2, "set_loss": "additive"}"#, #"{"order": 2}"#,
      #"{"order": 2, "set_loss": "additive", "curvature": "fisher"}"#, #"{"order": 2, "curvature": "gauss_newton"}"#,
      #"{"order": 2, "curvature": "gauss_newton", "draws": 3}"#,
      #"{"order": 2, "curvature": "gauss_newton", "seed": 5}"#,
      #"{"order": 2, "curvature": "gauss_newton", "curvature_labels": "ranked", "classes": 2}"#,
      #"{"order": 2, "set_loss": "logits", "classes": 2}"#, #"{"order": 2, "set_loss": "logits", "classes": 3}"#,
    ]
    var all: [PieceKey] = []
    for setting in settings { all += try Self.keys([("sensitivity", setting)]) }
    let plain: [(path: String, json: String?)] = [("sensitivity", "{}")]
    all += try Self.keys(plain + [("loss", #"{"kind": "agreement"}"#)])
    all += try Self.keys(plain + [("calibration.batch_size", "9")])
    all += try Self.keys(plain + [("calibration.preprocessing", nil)])
    all += try Self.keys(plain, executor: "another executor")
    all += try Self.keys(plain, without: [[0], []])
    all += try Self.keys(plain, without: [[], [0]])
    all += try Self.keys(plain, without: [[0, 1], []])
    #expect(Set(all).count == all.count)
    #expect(try Self.keys(plain, without: [[], []]) == Self.keys(plain), "nothing was removed")
  }

  @Test func `another model has other keys`() throws {
    let folder = try TemporaryFolder()
    // A field that no reader knows: the same network, but not the same file.
    let model = try Data(contentsOf: URL(fileURLWithPath: DemoNetwork.model)) + [0xA0, 0x06, 0x01]
    let path = try folder.write(model, as: "other.onnx")
    let other = try Self.keys([("model", #""\#(path)""#)])
    #expect(Set(other).isDisjoint(with: try Self.keys()))
  }

  @Test(arguments: [28, 32, 40, 90])
  func `more samples leave the keys of the full shards before them as they are`(_ count: Int) throws {
    let (before, after) = (try Self.keys(), try Self.keys([("calibration.samples", "\(count)")]))
    #expect(after.prefix(3) == before.prefix(3))
    #expect(after[3] != before[3])
    #expect(Set(after).count == (count + 7) / 8)
  }

  @Test func `samples are known by their values, wherever and however they are stored`() throws {
    let folder = try TemporaryFolder()
    let images = try ArrayFile.open(DemoNetwork.images)
    let labels = try ArrayFile.open(DemoNetwork.labels)
    var pixels = try images.floats(in: 0..<40)
    var classes = try labels.int64s(in: 0..<40)
    func keys(_ name: String) throws -> [PieceKey] {
      try NumPyArchive.write(
        [
          ("images", NumPyArray(shape: [40, 28, 28], .floats(pixels))), ("labels", NumPyArray(.int64s(classes))),
        ], to: folder.file(name))
      return try Self.keys([
        ("calibration.inputs", #""\#(folder.file(name)):images""#),
        ("calibration.labels", #""\#(folder.file(name)):labels""#),
      ])
    }
    let first = try Self.keys()
    #expect(try keys("same.npz") == first)
    pixels[10 * 28 * 28 + 300] += 1
    let changed = try keys("pixel.npz")
    #expect(zip(changed, first).map { $0 == $1 } == [true, false, true, true])
    classes[26] = (classes[26] + 1) % 10
    let relabelled = try keys("label.npz")
    #expect(zip(relabelled, first).map { $0 == $1 } == [true, false, true, false])
    // The same samples in another place have another key: numbers are drawn by the place.
    let kept = (pixels, classes)
    pixels.replaceSubrange(0..<8 * 28 * 28, with: pixels[8 * 28 * 28..<16 * 28 * 28])
    classes.replaceSubrange(0..<8, with: classes[8..<16])
    #expect(Set(try keys("twice.npz")).count == 4)
    (pixels, classes) = kept
    // Beyond the 27 samples that are used.
    classes[27] = (classes[27] + 1) % 10
    #expect(try keys("beyond.npz") == relabelled)
  }

  @Test func `a digest does not depend on how many samples are taken at a time`() throws {
    let demo = try SubjectCase.demo()
    let data = demo.preparation.data
    let whole = try data.digest(of: 3..<20)
    for step in [1, 4, 17, 32] {
      var digest = SampleDigest(of: data)
      for part in (3..<20).runs(of: step) {
        let (batch, contents) = try data.read(part, size: step)
        digest.add(contents, batch.targets, count: batch.sampleCount, size: step)
      }
      #expect(digest.key == whole, "\(step) at a time")
    }
    #expect(try data.digest(of: 3..<19) != whole)
    #expect(try data.digest(of: 4..<20) != whole)
  }

  @Test func `no two changes of a network have one key`() throws {
    let demo = try SubjectCase.demo()
    let basis = MeasurementBasis(of: demo.subject, model: demo.digests)
    let grid = Quantization(scale: 0.1, steps: -3...3)
    let variants: [NetworkVariant] = [
      .original, .masking([:]), .masking(["a": [1]]), .masking(["a": [1, 2]]), .masking(["a": [12]]),
      .masking(["a": [1], "b": [2]]), .masking(["a": [2], "b": [1]]), .masking(["b": [1]]),
      .masking(["a 1": []]), .masking(["a": [], "1": []]), .quantizingWeights(layer: "a", bits: 2),
      .quantizingWeights(layer: "a", bits: 3), .quantizingWeights(layer: "b", bits: 2),
      .quantizingInput(layer: "a", grid), .quantizingInput(layer: "b", grid),
      .quantizingInput(layer: "a", Quantization(scale: grid.scale.nextUp, steps: -3...3)),
      .quantizingInput(layer: "a", Quantization(scale: grid.scale, steps: -3...4)),
      .quantizingInput(layer: "a", Quantization(scale: grid.scale, steps: -4...3)),
    ]
    let (here, there) = (PieceKey(["here"]), PieceKey(["there"]))
    var keys: [PieceKey] = []
    for variant in variants {
      keys.append(basis.key(of: variant, on: [(0..<8, here)]))
      keys.append(basis.key(of: variant, on: [(0..<8, there)]))
      keys.append(basis.key(of: variant, on: [(0..<7, here)]))
      keys.append(basis.key(of: variant, on: [(0..<8, here), (8..<16, there)]))
    }
    #expect(Set(keys).count == keys.count)
    #expect(MeasurementBasis(of: demo.subject, model: []).key != basis.key)
  }
}
