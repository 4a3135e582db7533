import Channels
import Configuration
import Foundation
import Logging
import MessagePassing
import Networks
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Synchronization
import Testing

@testable import Search

/// Times that depend on the layer alone, and a count of how many were taken.
private final class CountingTimer: LayerTimer {
  private let taken = Mutex<[SingleLayer]>([])
  private let limit: Int

  struct Stopped: Error {}

  /// - Parameter limit: takes so many times, then fails.
  init(limit: Int = .max) { self.limit = limit }

  var layers: [SingleLayer] { taken.withLock { $0 } }

  func nanoseconds(of layer: SingleLayer) throws -> Int {
    let count = taken.withLock { taken in
      taken.append(layer)
      return taken.count
    }
    guard count <= limit else { throw Stopped() }
    return 1000 + layer.inputs * layer.outputs * layer.shape.kernel.reduce(1, *)
  }
}

/// Filling a table on the ranks.
@Suite(.timeLimit(.minutes(30)))
struct ProfileRunTests {
  /// Profiles the network that ships with the project.
  private static func profile(
    _ output: String, ranks: Int = 1, by timer: CountingTimer = CountingTimer(), batch: Int = 1, widths: Int = 4
  ) throws -> ProfileOutcome {
    let outcomes = try InProcess.run(ranks: ranks) { world in
      let run = ProfileRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), timer: timer,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, progress: { _ in })
      var options = ProfileRun.Options()
      (options.batchSize, options.widths) = (batch, widths)
      return try run.execute(DemoNetwork.model, output: output, options)
    }
    return try #require(outcomes[0])
  }

  @Test func `the table has the same bytes for 1, 2, 3 and 4 ranks, and no layer is timed twice`() throws {
    let folder = try TemporaryFolder()
    for ranks in 1...4 {
      let timer = CountingTimer()
      let outcome = try Self.profile(folder.file("\(ranks).json"), ranks: ranks, by: timer)
      #expect(try folder.contents(of: "\(ranks).json") == folder.contents(of: "1.json"))
      let cells = Set(timer.layers.map { "\($0.shape) \($0.inputs) \($0.outputs)" })
      #expect(cells.count == timer.layers.count)
      #expect(outcome.measured == timer.layers.count)
      #expect(outcome.layers.count > 10)
    }
  }

  @Test func `a second run takes no time, and one on a table in part takes what is missing`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("latency.json")
    let first = try Self.profile(path)
    let whole = try folder.contents(of: "latency.json")
    let idle = CountingTimer()
    #expect(try Self.profile(path, by: idle).measured == 0)
    #expect(idle.layers.isEmpty)
    #expect(try folder.contents(of: "latency.json") == whole)

    var table = try LatencyTable(reading: path)
    var left = LatencyTable(file: path, machine: table.machine)
    var lost = 0
    for (number, shape) in table.shapes.enumerated() {
      for (place, row) in table.rows(of: shape).enumerated() {
        for (outputs, time) in zip(row.outputs, row.nanoseconds) {
          // Whole shapes, rows, and cells out of rows.
          if number % 3 == 0 || number % 3 == 1 && place == 1 || outputs % 5 == 0 {
            lost += 1
          } else {
            // What is in the file is trusted, not timed again.
            left.record(time + 7, shape, inputs: row.inputs, outputs: outputs)
          }
        }
      }
    }
    try left.write()
    let timer = CountingTimer()
    #expect(try Self.profile(path, ranks: 2, by: timer).measured == lost)
    #expect(timer.layers.count == lost && lost > 10 && lost < first.measured)
    for layer in timer.layers {
      #expect(left.nanoseconds(layer.shape, inputs: layer.inputs, outputs: layer.outputs) == nil)
    }
    table = try LatencyTable(reading: path)
    for shape in left.shapes {
      for row in left.rows(of: shape) {
        for (outputs, time) in zip(row.outputs, row.nanoseconds) {
          #expect(table.nanoseconds(shape, inputs: row.inputs, outputs: outputs) == time)
        }
      }
    }
  }

  @Test func `more widths are added to those that a table has, until all pairs are timed`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("latency.json")
    let few = try Self.profile(path, widths: 2)
    let more = try Self.profile(path, widths: 5)
    #expect(few.measured > 0 && more.measured > few.measured)
    #expect(try Self.profile(path, widths: 3).measured == 0)
    let table = try LatencyTable(reading: path)
    for shape in table.shapes {
      #expect(Set(table.rows(of: shape).map(\.outputs)).count == 1)
    }
  }

  @Test func `a run that fails leaves the table that was there`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("latency.json")
    _ = try Self.profile(path, widths: 2)
    let before = try folder.contents(of: "latency.json")
    for ranks in [1, 3] {
      var text = ""
      do {
        _ = try Self.profile(path, ranks: ranks, by: CountingTimer(limit: 20), widths: 6)
      } catch {
        text = "\(error)"
      }
      #expect(text.contains("cannot be timed at the widths"), "\(text)")
      #expect(try folder.contents(of: "latency.json") == before)
    }
    #expect(try folder.names == ["latency.json"])
  }

  @Test func `a table of another machine or batch size is refused, and what is no table too`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("latency.json")
    _ = try Self.profile(path, widths: 2)
    let text = String(decoding: try folder.contents(of: "latency.json"), as: UTF8.self)
    for changed in [
      text.replacingOccurrences(of: #""processor": ""#, with: #""processor": "Another "#),
      text.replacingOccurrences(of: "oneDNN", with: "twoDNN"),
      text.replacingOccurrences(of: #""batch_size": 1"#, with: #""batch_size": 8"#), "{}", "",
    ] {
      _ = try folder.write(Data(changed.utf8), as: "latency.json")
      let timer = CountingTimer()
      #expect(throws: SearchError.self) { try Self.profile(path, by: timer, widths: 2) }
      #expect(timer.layers.isEmpty)
      #expect(try folder.contents(of: "latency.json") == Data(changed.utf8))
    }
  }

  @Test func `every layer of a network is timed as itself`() throws {
    let network = try BranchedNetwork()
    for layer in network.structure.layers {
      let shape = LayerShape(layer)
      let single = SingleLayer(shape: shape, inputs: shape.fullInputs, outputs: shape.outputs, batchSize: 2)
      let alone = ChannelStructure(of: try single.network())
      let same = try #require(alone.layers.first { $0.name == SingleLayer.nodeName })
      #expect(LayerShape(same) == shape)
    }
  }

  @Test func `the clock gives a time for every kind of layer at narrow and full widths`() throws {
    let network = try BranchedNetwork()
    let timer = KernelTimer(OneDNNBackend())
    let table = LatencyTable(
      file: "", machine: LatencyMachine(processor: "", executor: "", batchSize: 1))
    let plan = ProfilePlan(network.structure, table, rungs: 2)
    #expect(plan.shapeCount == network.structure.layers.count)
    for piece in plan.pieces {
      for outputs in piece.outputs {
        let layer = SingleLayer(shape: piece.shape, inputs: piece.inputs, outputs: outputs, batchSize: 1)
        #expect(try timer.nanoseconds(of: layer) > 0)
      }
    }
  }

  @Test(arguments: [1, 2])
  func `a search meets a target in latency`(_ ranks: Int) throws {
    let folder = try TemporaryFolder()
    _ = try Self.profile(folder.file("latency.json"), batch: 4, widths: 8)
    let text = try DemoNetwork.configuration(
      output: folder.file("out"),
      changes: [
        ("calibration.samples", "32"), ("target", #"{"metric": "latency", "compression_ratio": 2.5}"#),
        ("latency.table", #""\#(folder.file("latency.json"))""#),
      ])
    let config = try folder.write(text, as: "config.json")
    let outcomes = try InProcess.run(ranks: ranks) { world in
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let run = SearchRun(on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: logger, progress: { _ in })
      return try run.execute(config)
    }
    let ratios = try #require(outcomes[0]?.ratios)
    let structure = try DemoSearch.structure()
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    let channels = Dictionary(
      uniqueKeysWithValues: ratios.layers.indices.map { ($0, ratios.layers[$0].prunedChannels) })
    let removed = try structure.units(removingExactly: channels)
    let kept = zip(costs.unitCounts, removed).map { $0 - $1.count }
    let table = try LatencyTable(reading: folder.file("latency.json"))
    let (before, after) = (
      try table.milliseconds(structure, costs, model: DemoNetwork.model, kept: costs.unitCounts),
      try table.milliseconds(structure, costs, model: DemoNetwork.model, kept: kept)
    )
    #expect(before / after >= 2.5)
    // A rung of the ladders is a few percent of the whole.
    #expect(before / after < 2.5 * 1.3)
  }

  @Test func `a search whose table lacks a layer names it`() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write(
      Data(
        #"{"format_version": 1, "machine": {"processor": "P", "executor": "E", "threads": 1, "batch_size": 1}, "entries": []}"#
          .utf8),
      as: "latency.json")
    let text = try DemoNetwork.configuration(
      output: folder.file("out"),
      changes: [
        ("target", #"{"metric": "latency", "limit": 1}"#), ("latency.table", #""\#(folder.file("latency.json"))""#),
      ])
    let config = try folder.write(text, as: "config.json")
    var complaint = ""
    do {
      _ = try SearchRun.validate(config, ONNXFormat(), backend: OneDNNBackend())
    } catch {
      complaint = "\(error)"
    }
    #expect(complaint.contains("latency.json: has no times of layer '/stem/"), "\(complaint)")
    #expect(complaint.contains("prune-cluster profile \(DemoNetwork.model) --output"), "\(complaint)")
  }
}
