import ArrayFiles
import Channels
import Configuration
import Foundation
import ProgramRuns
import Search
import Testing

/// Every way to search: the files, their bytes, and what is kept.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct SearchModeTests {
  @Test(arguments: SearchMode.ofOneStep + SearchMode.others + PluginScripts.modes)
  func `every file has the same bytes for 1, 2 and 3 ranks, and every target is met`(_ mode: SearchMode) throws {
    var first: [String: Data] = [:]
    for ranks in 1...3 {
      let folder = try TemporaryFolder()
      let outcome = try DemoSearch.run(in: folder, ranks: ranks, mode.changes)
      let names = try DemoSearch.files(in: folder.file("out"))
      #expect(names == (DemoSearch.names + (mode.hasCurve ? ["frontier.json"] : []) + mode.files).sorted())
      #expect(outcome.files.sorted() == names)
      var files: [String: Data] = [:]
      for name in names where name != "run.json" { files[name] = try folder.contents(of: "out/\(name)") }
      // All of the page but how it came about.
      let page = String(decoding: try #require(files["report.html"]), as: UTF8.self)
      let start = try #require(page.range(of: "<section id=\"run\"")), end = try #require(page.range(of: "</main>"))
      files["report.html"] = Data((page[..<start.lowerBound] + page[end.upperBound...]).utf8)
      if ranks == 1 { first = files }
      for (name, bytes) in files {
        let isSame = bytes == first[name]
        #expect(isSame, "\(name) of \(ranks) ranks")
      }
      #expect(DemoSearch.meetsTargets(outcome.ratios), "\(outcome.ratios.costs)")
      #expect(outcome.ratios.layers.contains { !$0.prunedChannels.isEmpty })
    }
  }

  @Test func `channels are kept at the widths given, or all of them`() throws {
    let mode = try #require(SearchMode.ofOneStep.first { $0.testDescription == "channel_widths" })
    let outcome = try DemoSearch.run(in: try TemporaryFolder(), mode.changes)
    for layer in outcome.ratios.layers {
      let kept = layer.channels - layer.prunedChannels.count
      #expect(kept == layer.channels || [4, 8, 12, 24, 48].contains(kept), "\(layer.name)")
    }
  }

  @Test func `chosen bits are among the widths, given ones stay, and the cost is that of the bits`() throws {
    let mode = try #require(SearchMode.ofOneStep.first { $0.testDescription == "bits, joint" })
    let folder = try TemporaryFolder()
    let outcome = try DemoSearch.run(in: folder, mode.changes)
    for layer in outcome.ratios.layers {
      let bits = try #require(layer.bits)
      #expect([4, 8].contains(bits.activation) && [4, 8].contains(bits.weight))
      if layer.name.contains("head") { #expect(bits.activation == 8 && bits.weight == 8) }
    }
    #expect(outcome.ratios.layers.contains { $0.bits?.weight == 4 })
    let result = try JSONValue(parsing: Array(try folder.contents(of: "out/ratios.json")), file: "ratios.json")
    guard case .array(let layers)? = result["layers"] else {
      Issue.record("no layers")
      return
    }
    for (layer, json) in zip(outcome.ratios.layers, layers) {
      #expect(json["bits"]?["weight"] == layer.bits.map { .integer($0.weight) })
      #expect(json["bits"]?["activation"] == layer.bits.map { .integer($0.activation) })
    }
  }

  @Test func `every layer's ratio lies in no wider an interval than its resamples gave, and without them none is told`()
    throws
  {
    let plain = try DemoSearch.run(in: try TemporaryFolder(), [])
    #expect(plain.ratios.layers.allSatisfy { $0.interval == nil })
    let resampled = try DemoSearch.run(
      in: try TemporaryFolder(), [("sensitivity", #"{"bootstrap": 40}"#), ("solver", #"{"method": "optimal"}"#)])
    let intervals = try resampled.ratios.layers.map { try #require($0.interval) }
    #expect(intervals.allSatisfy { (0...1).contains($0.lowerBound) && (0...1).contains($0.upperBound) })
    #expect(intervals.contains { $0.lowerBound < $0.upperBound }, "four shards of 27 samples differ")
    // Channels that never go stay in every resample.
    for (layer, interval) in zip(resampled.ratios.layers, intervals) where layer.reason != nil {
      #expect(interval == 0...0)
    }
    let inside = zip(resampled.ratios.layers, intervals).count { $1.contains($0.pruneRatio) }
    #expect(inside * 4 >= intervals.count * 3, "most layers lie inside: \(inside) of \(intervals.count)")
  }

  @Test(arguments: [
    (#"{"order": 2, "curvature": "fisher"}"#, 27), (#"{"order": 2, "curvature": "gauss_newton", "draws": 2}"#, 54),
    (#"{"order": 2, "curvature": "gauss_newton", "curvature_labels": "ranked", "classes": 3}"#, 81),
    // The network has ten classes: more are not counted.
    (#"{"order": 2, "set_loss": "logits", "classes": 40}"#, 270),
  ])
  func `set_loss.npz has a row for every sample and label`(_ sensitivity: String, _ rows: Int) throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(in: folder, [("sensitivity", sensitivity), ("solver", "{}")])
    let archive = try NumPyArchive(folder.file("out/set_loss.npz"))
    let shape = try archive.array(named: "rows").shape
    let units = try archive.array(named: "slopes").doubles().count
    #expect(shape == [rows, units])
    #expect(try archive.array(named: "counts").int64s() == [27, Int64(rows / 27), 0])
    let losses = try archive.array(named: "losses").doubles()
    #expect(losses.count == (sensitivity.contains("logits") ? rows : 0))
    if !losses.isEmpty {
      for sample in 0..<27 {
        let sum = losses[sample * 10..<sample * 10 + 10].reduce(0.0) { $0 + exp(-$1) }
        #expect(abs(sum - 1) < 1e-6, "all classes together are certain")
      }
    }
  }

  @Test func `a search that keeps no set loss takes an earlier one away`() throws {
    let folder = try TemporaryFolder()
    _ = try DemoSearch.run(
      in: folder, [("sensitivity", #"{"order": 2}"#), ("solver", "{}"), ("bits", #"{"search": [4, 8]}"#)])
    _ = try DemoSearch.run(in: folder, [])
    let names = try DemoSearch.files(in: folder.file("out"))
    #expect(names == (DemoSearch.names + ["frontier.json"]).sorted())
  }

  @Test(arguments: [
    (#"{"bootstrap": 5}"#, "{}", "$.sensitivity.bootstrap: the calibration samples make one batch"),
    ("{}", #"{"robust": true}"#, "$.solver.robust: the calibration samples make one batch"),
  ])
  func `what needs several shards is refused for one`(_ sensitivity: String, _ solver: String, _ text: String) throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: SearchError.self) {
      try DemoSearch.run(
        in: folder, [("calibration.samples", "8"), ("sensitivity", sensitivity), ("solver", solver)])
    }
    #expect(error?.kind == .configuration)
    #expect(error?.problem.hasPrefix(text) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    (#"{"order": 2, "set_loss": "logits"}"#, #"{"limit": 1, "metric": "macs"}"#, "a limit of 1.0 in macs"),
    (
      #"{"order": 2}"#, #"[{"compression_ratio": 2}, {"compression_ratio": 1e6, "metric": "memory"}]"#,
      "$.target[1].compression_ratio: a compression ratio of 1000000.0 in memory"
    ),
    ("{}", #"{"compression_ratio": 1000, "metric": "activation_memory"}"#, "of 1000.0 in activation_memory"),
  ])
  func `a target beyond reach is told before anything is computed`(
    _ sensitivity: String, _ target: String, _ text: String
  ) throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: SearchError.self) {
      try DemoSearch.run(in: folder, ranks: 1, [("sensitivity", sensitivity), ("target", target), ("solver", "{}")])
    }
    #expect(error?.kind == .configuration)
    #expect("\(error.map { "\($0)" } ?? "")".contains(text), "\(String(describing: error))")
    #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
  }
}
