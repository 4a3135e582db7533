public import Configuration
public import Execution
public import Logging
public import MessagePassing
import Sensitivity
public import WorkSharing

/// Several criteria with several solvers at several targets on one network: what each plan is predicted to lose, and what
/// the network loses by it.
///
/// Every criterion measures once, as a search does; rank 0 makes every plan from it; then all ranks evaluate the network
/// without what each plan removes. A combination that cannot be run is told and ends nothing, unless all are such.
public struct ComparisonRun {
  /// Measures and solves.
  let search: SearchRun
  private let options: WorkSession.Options
  let format: any ModelFormat

  var world: any Communicator { search.world }

  /// A comparison on the ranks of `world`.
  ///
  /// - Parameters:
  ///   - options: how work is shared, and what ends the run before it is done.
  ///   - memoryLimit: the most bytes that each rank may hold, or `nil`. It changes no result.
  ///   - progress: called at rank 0, by the thread that runs the comparison, as phases begin, go on and end.
  public init(
    on world: any Communicator, backend: any ExecutionBackend, format: any ModelFormat,
    options: WorkSession.Options = WorkSession.Options(), memoryLimit: Int? = nil, logger: Logger,
    progress: @escaping @Sendable (ProgressEvent) -> Void
  ) {
    search = SearchRun(
      on: world, backend: backend, format: format, options: options, memoryLimit: memoryLimit, outlivesCriteria: true,
      logger: logger, progress: progress)
    self.options = options
    self.format = format
  }

  /// Runs the comparison.
  ///
  /// - Parameters:
  ///   - path: the configuration file; only rank 0 opens it.
  ///   - changes: made to the configuration before it is read.
  /// - Returns: the outcome at rank 0, `nil` elsewhere.
  /// - Throws: what is wrong with configuration, model, data or output; the first failure where no combination can be run.
  public func execute(_ path: String, changes: [ConfigurationChange] = []) throws -> ComparisonOutcome? {
    let session = try search.session(.prepare)
    let (candidates, base, source) = try prepare(path, changes, session)
    try ExecutorAgreement.check(search.backend, on: world)
    try search.tellPlacement()
    guard world.rank == 0 else {
      _ = try compare(candidates, base, source, session)
      return nil
    }
    let directory = ComparisonFiles.directory(of: candidates.configuration)
    let lock = try OutputLock(directory)
    defer { withExtendedLifetime(lock) {} }
    PluginFolder.removeLeftovers(in: directory)
    var journal = try RunJournal(
      beginning: RunAttempt(hosts: session.hosts, schedule: options.schedule.rawValue), of: candidates.configuration,
      model: source.digests, in: directory)
    func pieces() -> (restored: Int, computed: Int) { (session.usage.restored, session.usage.received) }
    do {
      guard let found = try compare(candidates, base, source, session) else { return nil }
      session.phases.begin(.report)
      try journal.complete(
        journal.finish(found.record, pieces: pieces()),
        outputs: found.outcome.files.filter { $0 != RunJournal.fileName })
      session.phases.end()
      return found.outcome
    } catch {
      journal.end(error is Interruption ? .stopped : .failed, reason: "\(error)", pieces: pieces())
      throw error
    }
  }

  /// Reads and checks at rank 0, then sends.
  private func prepare(
    _ path: String, _ changes: [ConfigurationChange], _ session: WorkSession
  ) throws -> (ComparisonCandidates, Preparation, ModelSource) {
    var (name, text, message): ([UInt8], [UInt8], [UInt8]) = (Array(path.utf8), [], [])
    var read: ComparisonInput?
    if world.rank == 0 {
      let found = try session.alone("reading the model") {
        let input = try ComparisonInput(reading: path, changes, format) { search.logger.warning("\($0)") }
        try ComparisonFiles.prepareDirectory(of: input.candidates.configuration)
        return input
      }
      let all = found.candidates.all
      search.logger.info(
        "combinations: \(all.count), to be run: \(all.count { $0.isRun }), batches: \(found.base.plan.batches.count), ranks: \(world.size)"
      )
      (text, message) = (found.text, found.source.message)
      read = found
    }
    try world.broadcast(&name, from: 0)
    try world.broadcast(&text, from: 0)
    try world.broadcast(&message, from: 0)
    if let read {
      var flags = read.candidates.flags
      try world.broadcast(&flags, from: 0)
      return (read.candidates, read.base, source(read.candidates, message, read.source.digests))
    }
    var candidates = ComparisonCandidates(
      try SearchConfiguration(parsing: text, file: String(decoding: name, as: UTF8.self)))
    var flags: [Int64] = []
    try world.broadcast(&flags, from: 0)
    candidates.flags = flags
    guard let first = candidates.first else { preconditionFailure("rank 0 goes on only with what can be run") }
    let base = try Preparation(first, model: message, format, isSolving: false)
    return (candidates, base, source(candidates, message, []))
  }

  /// What is kept of the model as it was read: repairs alone need it again.
  private func source(
    _ candidates: ComparisonCandidates, _ message: [UInt8], _ digests: [FileDigest]
  ) -> ModelSource {
    ModelSource(message: candidates.configuration.comparison?.repairs == true ? message : [], digests: digests)
  }
}
