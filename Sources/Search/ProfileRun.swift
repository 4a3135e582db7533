import Channels
public import Execution
public import Logging
public import MessagePassing
public import WorkSharing

import Glibc

/// Fills a table of latencies with what the layers of a model take on this machine.
///
/// Every rank times other widths, one layer at a time on one thread: more ranks than idle processors would time each
/// other. What a file has is not timed again, and what was timed is saved every few seconds, so that a run that was ended
/// goes on where it was.
public struct ProfileRun {
  private let world: any Communicator
  private let options: WorkSession.Options
  private let format: any ModelFormat
  private let timer: any LayerTimer
  private let executor: String
  private let logger: Logger
  private let progress: @Sendable (ProgressEvent) -> Void

  /// A run on the ranks of `world`, which must all be on machines of one kind.
  ///
  /// - Parameters:
  ///   - timer: takes the times; `nil` for the clock.
  ///   - progress: called at rank 0, by the thread that runs it, as phases begin, go on and end.
  public init(
    on world: any Communicator, backend: any ExecutionBackend, format: any ModelFormat, timer: (any LayerTimer)? = nil,
    options: WorkSession.Options = WorkSession.Options(), logger: Logger,
    progress: @escaping @Sendable (ProgressEvent) -> Void
  ) {
    self.world = world
    self.options = options
    self.format = format
    self.timer = timer ?? KernelTimer(backend)
    executor = backend.description
    self.logger = logger
    self.progress = progress
  }

  /// How a table is filled.
  public struct Options: Sendable {
    /// Samples per run.
    public var batchSize = 1
    /// The most widths per side of a layer.
    public var widths = Options.standardWidths
    /// Extents of one sample by input name, for axes that the model leaves open.
    public var sampleShapes: [String: [Int]] = [:]

    /// What holds where nothing else is asked for.
    public init() {}

    /// Widths per side where nothing else is asked for.
    public static let standardWidths = 16
  }

  /// Rank 0 saves what all ranks have timed so often.
  private static let interval = Duration.seconds(4)

  /// Times what the file lacks.
  ///
  /// - Parameters:
  ///   - model: the model file; only rank 0 opens it.
  ///   - output: the table; times of other models that it holds stay.
  /// - Returns: what the model's layers take at rank 0, `nil` elsewhere.
  /// - Throws: what is wrong with the model or the table, a table of another machine included; nothing is timed then.
  public func execute(_ model: String, output: String, _ profile: Options = Options()) throws -> ProfileOutcome? {
    let phases = RunPhases(telling: world.rank == 0 ? progress : nil)
    phases.begin(.prepare)
    let (structure, found) = try prepare(model, output, profile)
    var table = found
    let plan = ProfilePlan(structure, table, rungs: profile.widths)
    if world.rank == 0 {
      let seconds = plan.seconds(batchSize: profile.batchSize) / Double(world.size)
      let known = plan.knownCount > 0 ? " (\(plan.knownCount) are known)" : ""
      logger.info(
        "layers: \(structure.layers.count) of \(plan.shapeCount) shapes, times to take: \(plan.count)\(known), about \(ProfileRun.text(seconds: seconds)) on \(world.size == 1 ? "1 rank" : "\(world.size) ranks")"
      )
    }
    if world.location.localSize > ProcessorShare.available, world.location.localRank == 0 {
      logger.warning(
        "\(world.location.localSize) ranks share \(ProcessorShare.available) processors: times taken on busy processors are too long"
      )
    }
    phases.begin(.measure, total: plan.count, unit: "time")
    try measure(plan, profile.batchSize, model: model, &table, phases)
    phases.end()
    guard world.rank == 0 else { return nil }
    return try ProfileOutcome(
      structure, table, model: model, measured: plan.count,
      seconds: phases.seconds.first { $0.name == RunPhase.measure.name }?.seconds ?? 0)
  }

  /// Reads model and table at rank 0, sends them, and checks that all ranks are alike.
  private func prepare(
    _ model: String, _ output: String, _ profile: Options
  ) throws -> (ChannelStructure, LatencyTable) {
    let machine = LatencyMachine(
      processor: LatencyMachine.processorName, executor: executor, batchSize: profile.batchSize)
    var (message, bytes): ([UInt8], [UInt8]) = ([], [])
    if world.rank == 0 {
      let source = try format.read(model)
      message = source.message
      _ = try structure(message, of: model, profile)
      try ProfileRun.prepareDirectory(of: output)
      // What is there and no table is refused, so that nothing is written over by mistake.
      if access(output, F_OK) == 0 {
        bytes = try FileHandleReader.contents(of: output, limit: LatencyTable.sizeLimit)
        let found = try LatencyTable(parsing: bytes, file: output).machine
        guard found == machine else {
          throw SearchError(
            .cannotCreate, file: output,
            "holds times of \(found), this is \(machine); expected another --output")
        }
      }
    }
    try world.broadcast(&message, from: 0)
    try world.broadcast(&bytes, from: 0)
    let machines = try world.gather(machine.description, at: 0) ?? []
    if let other = machines.firstIndex(where: { $0 != machines[0] }) {
      throw SearchError(
        .cannotCreate, file: output,
        "is of one machine, but rank 0 runs on \(machines[0]) and rank \(other) on \(machines[other])")
    }
    let table =
      bytes.isEmpty ? LatencyTable(file: output, machine: machine) : try LatencyTable(parsing: bytes, file: output)
    return (try structure(message, of: model, profile), table)
  }

  private static func prepareDirectory(of output: String) throws {
    let start = output.lastIndex(of: "/").map { output.index(after: $0) } ?? output.startIndex
    let (folder, name) = (String(output[..<start]), String(output[start...]))
    guard !name.isEmpty else {
      throw SearchError(.cannotCreate, file: output, "is the name of a directory, expected that of a file")
    }
    try ResultFiles(in: folder.isEmpty ? "." : folder).prepareDirectory(for: [name])
  }

  private func structure(_ message: [UInt8], of model: String, _ profile: Options) throws -> ChannelStructure {
    // With two samples it shows which axis is theirs.
    let network = try format.decode(message, sampleShapes: profile.sampleShapes).network(batchSize: 2)
    try network.checkSampleShapes(profile.sampleShapes, model: model)
    return ChannelStructure(of: network)
  }

  /// Takes the times of a plan; rank 0 puts them into the table and saves it every few seconds.
  private func measure(
    _ plan: ProfilePlan, _ batchSize: Int, model: String, _ table: inout LatencyTable, _ phases: RunPhases
  ) throws {
    let session = try WorkSession(on: world, options: options, logger: logger, phases: phases)
    let (timer, longest) = (timer, plan.pieces.map(\.outputs.count).max() ?? 0)
    let clock = ContinuousClock()
    var saved = clock.now
    var (piece, done) = (0, 0)
    do {
      try session.perform("width", plan.pieces.count, length: longest, by: WorkerPool(count: 1) { timer }) {
        number, timer, pulse in
        let piece = plan.pieces[number]
        var times: [Double] = []
        for outputs in piece.outputs {
          times.append(Double(try ProfileRun.nanoseconds(piece, outputs, batchSize, timer, model: model)))
          try pulse.beat()
        }
        return times + [Double](repeating: 0, count: longest - times.count)
      } combine: { times in
        for (outputs, time) in zip(plan.pieces[piece].outputs, times) {
          table.record(Int(time), plan.pieces[piece].shape, inputs: plan.pieces[piece].inputs, outputs: outputs)
          done += 1
        }
        piece += 1
        if clock.now - saved > ProfileRun.interval {
          try table.write()
          saved = clock.now
        }
        phases.advance(to: done)
      }
    } catch let error as Interruption {
      if world.rank == 0 { try table.write() }
      throw error
    }
    guard world.rank == 0 else { return }
    try table.write()
  }

  private static func nanoseconds(
    _ piece: ProfilePlan.Piece, _ outputs: Int, _ batchSize: Int, _ timer: any LayerTimer, model: String
  ) throws -> Int {
    let layer = SingleLayer(shape: piece.shape, inputs: piece.inputs, outputs: outputs, batchSize: batchSize)
    do {
      return try timer.nanoseconds(of: layer)
    } catch {
      throw SearchError(
        .badContent, file: model,
        "a layer like \(piece.shape) cannot be timed at the widths \(piece.inputs) and \(outputs): \(error)")
    }
  }

  private static func text(seconds: Double) -> String {
    seconds < 90 ? "\(max(Int(seconds.rounded()), 1)) s" : "\(Int((seconds / 60).rounded())) min"
  }
}
