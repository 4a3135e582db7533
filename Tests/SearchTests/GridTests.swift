import Channels
import Configuration
import Execution
import Foundation
import Logging
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Sensitivity
import Synchronization
import Testing
import WorkSharing

@testable import Search

/// Searches in which groups of ranks, here threads, hold the stages of the network.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct GridTests {
  /// What a search left: the files that are the same for every way to run it.
  private static func results(_ folder: TemporaryFolder) throws -> [Data] {
    let names = try DemoSearch.files(in: folder.file("out")).filter { $0 != "run.json" }
    return try names.map { try folder.contents(of: "out/\($0)") }
  }

  private static func config(
    in folder: TemporaryFolder, _ changes: [(path: String, json: String?)]
  ) throws -> String {
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: DemoSearch.small + changes)
    return try folder.write(text, as: "config.json")
  }

  /// Searches into `out` of a folder.
  /// - Parameters:
  ///   - ranks: as many as the grid has, unless said otherwise.
  ///   - stop: what asks all ranks to stop; `nil` for one of each rank.
  ///   - stopAfter: so many samples are measured when a stop is asked for at rank 0.
  private static func search(
    in folder: TemporaryFolder, _ changes: [(path: String, json: String?)] = [], grid: RankGrid? = nil,
    ranks: Int? = nil, backend: any ExecutionBackend = OneDNNBackend(), schedule: Schedule = .dynamic,
    messageLimit: Int = .max, memoryLimit: Int? = nil, stallTimeout: Duration? = nil, stop asked: StopRequest? = nil,
    stopAfter: Int = .max
  ) throws {
    let path = try config(in: folder, changes)
    _ = try InProcess.run(ranks: ranks ?? grid?.rankCount ?? 1, messageLimit: messageLimit) { world in
      var options = WorkSession.Options(stop: asked ?? StopRequest())
      options.schedule = schedule
      options.stallTimeout = stallTimeout
      let stop = options.stop
      let run = SearchRun(
        on: world, backend: backend, format: ONNXFormat(), options: options, memoryLimit: memoryLimit, grid: grid,
        logger: DemoSearch.logger,
        progress: { event in
          if case .advanced(let progress) = event, progress.phase.name == "measure", progress.done >= stopAfter {
            stop.make()
          }
        })
      _ = try run.execute(path)
    }
  }

  private static func problem(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  private static let modes: [[(path: String, json: String?)]] = [
    [],
    [("sensitivity", #"{"order": 2, "curvature": "gauss_newton", "draws": 2, "seed": 7}"#), ("solver", "{}")],
    [("sensitivity", #"{"order": 2}"#), ("loss", nil), ("calibration.labels", nil), ("solver", "{}")],
    [("solver", #"{"iterations": 2}"#)],
  ]

  @Test(arguments: modes.indices)
  func `the results have the same bytes for every grid`(_ mode: Int) throws {
    let whole = try TemporaryFolder()
    try Self.search(in: whole, Self.modes[mode])
    let expected = try Self.results(whole)
    for (batches, layers) in [(1, 1), (2, 1), (1, 2), (2, 2), (1, 4), (2, 3)] {
      let folder = try TemporaryFolder()
      try Self.search(in: folder, Self.modes[mode], grid: RankGrid(batches: batches, layers: layers))
      let isSame = try Self.results(folder) == expected
      #expect(isSame, "\(batches)x\(layers)")
    }
  }

  @Test(arguments: [Schedule.dynamic, .static], [4096, Int.max])
  func `schedules and messages in parts change nothing`(_ schedule: Schedule, _ limit: Int) throws {
    let (whole, folder) = (try TemporaryFolder(), try TemporaryFolder())
    try Self.search(in: whole)
    try Self.search(in: folder, grid: RankGrid(batches: 2, layers: 2), schedule: schedule, messageLimit: limit)
    #expect(try Self.results(folder) == Self.results(whole))
  }

  @Test(arguments: [(1, 3), (2, 2)], [nil, (1, 2), (2, 1)] as [(Int, Int)?])
  func `a search that was stopped goes on with another grid, and nothing finished is computed again`(
    _ first: (Int, Int), _ second: (Int, Int)?
  ) throws {
    let changes: [(path: String, json: String?)] = [("calibration.samples", "200"), ("calibration.batch_size", "4")]
    let (whole, folder) = (try TemporaryFolder(), try TemporaryFolder())
    try Self.search(in: whole, changes)
    let stopped = Self.problem {
      try Self.search(in: folder, changes, grid: RankGrid(batches: first.0, layers: first.1), stopAfter: 20)
    }
    #expect(stopped.hasPrefix("stopped by "), "\(stopped)")
    let saved = try FileManager.default.contentsOfDirectory(atPath: folder.file("out/checkpoint")).count
    #expect((5..<50).contains(saved))
    try Self.search(in: folder, changes, grid: second.flatMap { RankGrid(batches: $0.0, layers: $0.1) })
    #expect(try Self.results(folder) == Self.results(whole))
    let record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    guard case .array(let attempts) = record["attempts"], let last = attempts.last else {
      Issue.record("no attempts in \(record)")
      return
    }
    #expect(last["pieces_restored"] == .integer(saved), "\(last)")
  }

  @Test func `what does not go with a grid is told before anything is computed`() throws {
    func grid(_ batches: Int, _ layers: Int) -> RankGrid? { RankGrid(batches: batches, layers: layers) }
    let cases: [(grid: RankGrid?, ranks: Int, changes: [(path: String, json: String?)], text: String)] = [
      (grid(2, 2), 3, [], "--grid 2x2: needs 4 ranks, there are 3"),
      (grid(1, 2), 1, [], "--grid 1x2: needs 2 ranks, there is 1"),
      (grid(2, 1), 3, [], "--grid 2x1: needs 2 ranks"),
      (grid(1, 1), 2, [], "--grid 1x1: needs 1 rank, there are 2"),
      (grid(1, 200), 200, [], "cannot be cut into 200 stages, into "),
      (grid(1, 2), 2, [("solver", #"{"method": "measured"}"#)], #"$.solver.method: "measured" evaluates whole"#),
      (
        grid(1, 2), 2, [("bits", #"{"search": [4, 8]}"#), ("target.compression_ratio", "6"), ("solver", "{}")],
        "$.bits.search evaluates whole"
      ),
    ]
    for one in cases {
      let folder = try TemporaryFolder()
      let text = Self.problem { try Self.search(in: folder, one.changes, grid: one.grid, ranks: one.ranks) }
      #expect(text.contains(one.text), "\(text)")
      #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
    }
    #expect(RankGrid(batches: 0, layers: 1) == nil)
    #expect(RankGrid(batches: 2, layers: .max) == nil)
  }

  @Test func `an error of a batch in a later stage is told as without stages`() throws {
    // The samples of one batch are so large that the loss is not finite.
    var images = [Float](repeating: 0.5, count: 24 * 28 * 28)
    for index in images.indices where index / (28 * 28) == 10 { images[index] = 3e38 }
    var texts: [String] = []
    for grid in [nil, RankGrid(batches: 1, layers: 3), RankGrid(batches: 2, layers: 2)] {
      let folder = try TemporaryFolder()
      let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (24, 1, 28, 28), }"
      let padded = header + String(repeating: " ", count: 117 - header.count) + "\n"
      let bytes = images.withUnsafeBytes { Data($0) }
      let data = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(padded.utf8.count), 0] + Array(padded.utf8)) + bytes
      let path = try folder.write(data, as: "x.npy")
      texts.append(
        Self.problem {
          try Self.search(
            in: folder,
            [
              ("calibration.inputs", #""\#(path)""#), ("calibration.labels", nil), ("calibration.preprocessing", nil),
              ("calibration.samples", "24"), ("loss", nil),
            ], grid: grid)
        }.replacing(folder.path, with: ""))
    }
    #expect(texts[0].contains("sample"), "\(texts)")
    #expect(Set(texts).count == 1, "\(texts)")
  }

  @Test func `a stage that hangs is named, and not those that wait for it`() throws {
    let folder = try TemporaryFolder()
    let text = Self.problem {
      try Self.search(
        in: folder, grid: RankGrid(batches: 1, layers: 3), backend: HangingBackend(stage: 1, seconds: 8),
        stallTimeout: .seconds(2))
    }
    #expect(text.contains("no sign of life of rank 1 ("), "\(text)")
  }

  @Test func `a rank that fails while others wait for its stage ends the search`() throws {
    let folder = try TemporaryFolder()
    let text = Self.problem {
      try Self.search(
        in: folder, grid: RankGrid(batches: 2, layers: 3),
        backend: HangingBackend(stage: 1, seconds: 0, isOutOfMemory: true))
    }
    #expect(text.contains("there is no memory for this test"), "\(text)")
  }

  @Test func `a stop leaves the batches that are at other ranks`() throws {
    let folder = try TemporaryFolder()
    let (stop, begun) = (StopRequest(), Counter())
    // Four batches are under way; the stop comes with the first at the second stage, which has it for three seconds.
    let text = Self.problem {
      try Self.search(
        in: folder, [("calibration.batch_size", "2")], grid: RankGrid(batches: 1, layers: 3),
        backend: HangingBackend(stage: 1, seconds: 3) {
          begun.number.add(1, ordering: .relaxed)
          stop.make()
        }, stop: stop)
    }
    #expect(text.hasPrefix("stopped by "), "\(text)")
    #expect((1...2).contains(begun.number.load(ordering: .relaxed)))
  }

  @Test func `a rank that holds a stage knows of the network what rank 0 knows, but for the weights`() throws {
    let folder = try TemporaryFolder()
    let path = try Self.config(in: folder, [])
    let configuration = try SearchConfiguration(
      parsing: Array(try Data(contentsOf: URL(fileURLWithPath: path))), file: path)
    let source = try ONNXFormat().read(configuration.model.path)
    let whole = try Preparation(configuration, model: source.message, ONNXFormat(), isSolving: false)
    let own = try NetworkOutline(try #require(whole.network), whole.execution(without: []).request)
    let outlines = try InProcess.run(ranks: 2) { world in
      try NetworkOutline(world.rank == 0 ? own : nil, on: world)
    }
    for outline in outlines {
      let light = try Preparation(configuration, outline)
      #expect(light.network == nil)
      #expect(light.weightBytes == 0)
      #expect(light.plan == whole.plan)
      #expect(light.layout.unitCount == whole.layout.unitCount)
      #expect(light.structure.groups.map(\.unitCount) == whole.structure.groups.map(\.unitCount))
      #expect(light.structure.layers.map(\.name) == whole.structure.layers.map(\.name))
      #expect(String(describing: light.loss) == String(describing: whole.loss))
    }
  }

  @Test func `memory per stage is told beforehand, and a limit on it changes no byte`() throws {
    let (folder, free) = (try TemporaryFolder(), try TemporaryFolder())
    let changes: [(path: String, json: String?)] = [("calibration.batch_size", "256"), ("calibration.samples", "512")]
    let path = try Self.config(in: folder, changes)
    let grid = RankGrid(batches: 1, layers: 3)
    let backend = OneDNNBackend()
    let whole = try SearchRun.validate(path, ONNXFormat(), backend: backend)
    let stages = try SearchRun.validate(path, ONNXFormat(), backend: backend, grid: grid)
    #expect(whole.stages.isEmpty)
    #expect(stages.stages.count == 3)
    let plans = try InProcess.run(ranks: 3) { world in
      try DryRun(on: world, backend: backend, format: ONNXFormat(), grid: grid).execute(path)
    }
    let plan = try #require(plans[0])
    #expect(plan.summary.stages.count == 3)
    #expect(try #require(plan.time).secondsPerRun > 0)
    #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
    // Down to the least that is possible: values are computed twice then, by one worker.
    var limit = MemoryForecast.mebibytes(stages.stages.map(\.bytes).max() ?? 0) << 20
    var least: Int?
    var problem = ""
    while problem.isEmpty {
      problem = Self.problem {
        let limited = try SearchRun.validate(
          path, ONNXFormat(), backend: backend, memoryLimit: limit, grid: grid)
        for stage in limited.stages { #expect(stage.bytes <= limit) }
        least = limit
      }
      limit -= 1 << 20
    }
    // It is refused for what it lacks, and what the message asks for is what was enough.
    #expect(problem.contains("needs at least \((least ?? 0) >> 20) MiB"), "\(problem)")
    #expect(least != nil)
    try Self.search(in: free, changes, grid: grid)
    try Self.search(in: folder, changes, grid: grid, memoryLimit: least)
    #expect(try Self.results(folder) == Self.results(free))
    let text = Self.problem {
      _ = try SearchRun.validate(
        path, ONNXFormat(), backend: backend, memoryLimit: 8 << 20, grid: grid)
    }
    #expect(text.contains("but a rank with stage 1 of 3 needs at least "), "\(text)")
  }
}

/// What threads count together.
private final class Counter: Sendable {
  let number = Atomic(0)
}

/// Kernels of one stage that take their time.
private struct HangingBackend: StagedBackend {
  let stage: Int
  let seconds: Int
  /// Whether no executor can be made there.
  let isOutOfMemory: Bool
  /// Called as a batch begins there.
  let onBegin: @Sendable () -> Void
  private let base = OneDNNBackend()

  init(stage: Int, seconds: Int, isOutOfMemory: Bool = false, onBegin: @escaping @Sendable () -> Void = {}) {
    self.stage = stage
    self.seconds = seconds
    self.isOutOfMemory = isOutOfMemory
    self.onBegin = onBegin
  }

  var description: String { base.description }

  func program(for request: ExecutionRequest, executorLimit: Int?) throws(ExecutionError) -> any ExecutionProgram {
    try base.program(for: request, executorLimit: executorLimit)
  }

  func program(
    for request: ExecutionRequest, stage: Int, of stages: NetworkStages, executorLimit: Int?
  ) throws(ExecutionError) -> any StageProgram {
    let program = try base.program(for: request, stage: stage, of: stages, executorLimit: executorLimit)
    guard stage == self.stage else { return program }
    return Slow(program: program, seconds: seconds, isOutOfMemory: isOutOfMemory, onBegin: onBegin)
  }

  private struct Slow: StageProgram {
    let program: any StageProgram
    let seconds: Int
    let isOutOfMemory: Bool
    let onBegin: @Sendable () -> Void

    var memory: MemoryRequirement { program.memory }
    var traffic: StageTraffic { program.traffic }

    func makeExecutor() throws(ExecutionError) -> any StageExecutor {
      if isOutOfMemory { throw ExecutionError(.failed, "stage", "there is no memory for this test") }
      return Executor(base: try program.makeExecutor(), seconds: seconds, onBegin: onBegin)
    }
  }

  private final class Executor: StageExecutor {
    private let base: any StageExecutor
    private let seconds: Int
    private let onBegin: @Sendable () -> Void

    init(base: any StageExecutor, seconds: Int, onBegin: @escaping @Sendable () -> Void) {
      self.base = base
      self.seconds = seconds
      self.onBegin = onBegin
    }

    func forward(_ batch: Batch, _ values: [UInt8]) throws(ExecutionError) -> [UInt8] {
      onBegin()
      sleep(UInt32(seconds))
      return try base.forward(batch, values)
    }

    func complete(_ batch: Batch, _ values: [UInt8], gradients: [UInt8]) throws(ExecutionError) -> StageResult {
      try base.complete(batch, values, gradients: gradients)
    }
  }
}
