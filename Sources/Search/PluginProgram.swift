import Configuration
import Logging
import Synchronization
import WorkSharing

import Glibc

/// A program of the user's that does a part of a search: it is given a folder with a request, and leaves its answer there.
///
/// `cancel` may be called while another thread is in `answer`.
final class PluginProgram: Sendable {
  /// What the program is for, as a person reads of it: "criterion".
  let part: String
  private let plugin: SearchConfiguration.Plugin
  /// The object of the configuration that names it.
  private let place: String
  private let file: String
  private let directory: String
  private let outputDirectory: String
  private let stop: StopRequest
  private let logger: Logger
  private let process = Mutex((current: ChildProcess?.none, isCancelled: false))
  private let runs = Atomic(0)

  /// - Parameters:
  ///   - part: what the program is for: "criterion".
  ///   - place: the object of the configuration that names it.
  ///   - outputDirectory: where its folder is made; it is there.
  ///   - stop: what has the program killed.
  init(
    _ plugin: SearchConfiguration.Plugin, as part: String, at place: String, of configuration: SearchConfiguration,
    outputDirectory: String, stop: StopRequest, logger: Logger
  ) {
    (self.plugin, self.part, self.place) = (plugin, part, place)
    (file, directory) = (configuration.file, configuration.directory)
    (self.outputDirectory, self.stop, self.logger) = (outputDirectory, stop, logger)
  }

  /// The program as errors call it.
  var name: String { PluginProgram.name(of: plugin) }

  private static func name(of plugin: SearchConfiguration.Plugin) -> String {
    "the plug-in \(quoted(plugin.command.joined(separator: " ")))"
  }

  /// Runs the program once.
  /// - Parameters:
  ///   - answer: the file that it has to leave.
  ///   - isShared: what `Interruption` says of it.
  ///   - write: writes the request.
  /// - Returns: the file's content.
  /// - Throws: `SearchError` when the program cannot be started, fails, is over its limit or leaves no such file;
  ///   `Interruption` when the run is to stop.
  func answer(_ answer: String, isShared: Bool, request write: (PluginFolder) throws -> Void) throws -> [UInt8] {
    runs.add(1, ordering: .relaxed)
    defer { runs.subtract(1, ordering: .releasing) }
    // What a run that ends makes now nobody would take away.
    guard !stop.isMade, !process.withLock({ $0.isCancelled }) else {
      throw Interruption(of: stop, unit: part, isShared: isShared)
    }
    let folder = try PluginFolder(in: outputDirectory)
    defer { folder.remove() }
    try write(folder)
    let child = ChildProcess()
    let isCancelled = process.withLock { process in
      process.current = child
      return process.isCancelled
    }
    if isCancelled { child.cancel() }

    logger.info("\(part): \(plugin.command.joined(separator: " "))")
    var output = ProgramOutput()
    func show(_ line: String) { logger.info("\(plugin.title): \(line)") }
    let ending: ChildProcess.Ending
    do {
      ending = try child.run(
        plugin.command + [folder.path], in: directory, with: folder.path, timeLimit: plugin.timeLimit,
        isUnwanted: { stop.isMade }
      ) { output.add($0, show: show) }
    } catch {
      throw notStarted(error.code)
    }
    output.end(show: show)
    // Whoever ends a job may end what it has started first.
    if ending != .exit(0), stop.isMade { throw Interruption(of: stop, unit: part, isShared: isShared) }
    let last = output.last.isEmpty ? "" : "; the last that it wrote: \(quoted(output.last))"
    switch ending {
    case .exit(0): break
    case .exit(let code): throw failure("ended with exit code \(code), expected 0\(last)")
    case .signal(let number): throw failure("was ended by signal \(number), expected exit code 0\(last)")
    case .unknown: throw failure("ended, and the system does not tell how, expected exit code 0\(last)")
    case .timeLimit:
      throw failure(
        "was not done after \(plugin.timeLimit) s, the \"time_limit\", and was killed\(last)")
    case .cancelled:
      throw Interruption(of: stop, unit: part, isShared: isShared)
    }
    guard let content = try folder.answer(answer, of: name) else {
      throw failure("ended without an error and has left no \(answer) in its folder\(last)")
    }
    return content
  }

  /// Ends what runs, and waits for a moment until it has tidied up. Nothing is started any more.
  func cancel() {
    process.withLock { process in
      process.isCancelled = true
      process.current?.cancel()
    }
    for _ in 0..<200 where runs.load(ordering: .acquiring) > 0 { usleep(10_000) }
  }

  /// Reads an answer: what is wrong with it is the program's fault.
  func reading<Answer>(
    _ name: String, _ bytes: [UInt8], _ read: (_ bytes: [UInt8], _ file: String) throws(ConfigurationError) -> Answer
  ) throws(SearchError) -> Answer {
    do throws(ConfigurationError) {
      return try read(bytes, "\(name) of \(self.name)")
    } catch {
      throw SearchError(.badContent, file: error.file, "\(error.path): \(error.problem)")
    }
  }

  /// What is wrong with what the program did.
  func failure(_ problem: String) -> SearchError {
    SearchError(.badContent, file: file, "\(place).command: \(name) \(problem)")
  }

  private func notStarted(_ code: Int32) -> SearchError {
    PluginProgram.notStarted(plugin, at: place, file: file, String(cString: strerror(code)))
  }

  private static func notStarted(
    _ plugin: SearchConfiguration.Plugin, at place: String, file: String, _ why: String
  ) -> SearchError {
    SearchError(.configuration, file: file, "\(place).command: \(name(of: plugin)) cannot be started: \(why)")
  }
}

extension PluginProgram {
  /// A path from the root: the program begins in another directory than this process.
  static func absolute(_ path: String) -> String {
    guard let whole = realpath(path, nil) else { return path }
    defer { free(whole) }
    return String(cString: whole)
  }

  /// Sees that the programs of a configuration are there, before anything is computed for them.
  static func check(_ configuration: SearchConfiguration) throws(SearchError) {
    for (plugin, place) in [
      (configuration.sensitivity.plugin, "$.sensitivity"), (configuration.solver.plugin, "$.solver"),
    ] {
      guard let plugin, let program = plugin.command.first else { continue }
      var paths: [String] = []
      if program.contains("/") {
        paths = [
          program.hasPrefix("/") || configuration.directory.isEmpty ? program : "\(configuration.directory)/\(program)"
        ]
      } else if let list = getenv("PATH") {
        paths = String(cString: list).split(separator: ":").map { "\($0)/\(program)" }
      }
      var status = stat()
      guard
        paths.contains(where: { stat($0, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access($0, X_OK) == 0 })
      else {
        throw notStarted(
          plugin, at: place, file: configuration.file,
          program.contains("/")
            ? "\(quoted(paths[0])) is no program that can be run" : "no program \(quoted(program)) is on PATH")
      }
    }
  }
}
