import Foundation

/// A run of one of this package's programs, alone or under `mpirun`, and how it ended.
package struct ProgramRun {
  /// The exit code; 128 + signal when a signal ended it, `nil` when the time limit did.
  package let exitCode: Int32?
  /// Standard output.
  package let output: String
  /// Standard error, launcher's words included.
  package let errors: String

  /// Whether `mpirun` itself has crashed at its end, which takes the job's exit code with it: Open MPI 4.1 was seen to do so
  /// in an aborted job, in the library for processes that it closes last.
  package var hasLauncherCrashed: Bool { exitCode == 139 && errors.contains("PMIx_server_finalize") }

  /// The lines of standard error that the program itself writes when it fails.
  package var complaints: [String] {
    errors.split(separator: "\n").map(String.init).filter { $0.contains("prune-cluster: error:") }
  }

  /// Whether `mpirun` is installed: without it nothing over MPI can run.
  package static let hasLauncher: Bool = {
    let paths = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    let isFound = paths.contains { FileManager.default.isExecutableFile(atPath: "\($0)/mpirun") }
    if !isFound { print("mpirun is not on PATH: tests over MPI are skipped") }
    return isFound
  }()

  /// Seconds after which a run is ended: well above what any takes on a busy machine, and well below for ever.
  static let limitSeconds = 600.0

  /// Starts a program with `arguments` and waits for its end, but not for ever.
  ///
  /// - Parameters:
  ///   - program: the executable's name, when the build puts it beside the test bundle; else its path.
  ///   - ranks: the number of ranks under `mpirun`; `nil` starts the program without it.
  ///   - tracer: a command that starts the program, such as `strace` with its options; it runs inside `mpirun`.
  ///   - environment: variables to add.
  ///   - interruptAfter: seconds after which Ctrl-C (SIGINT) is sent; `nil` for never.
  ///   - signal: another signal, sent once as soon as its condition holds; `nil` for none.
  package init(
    _ program: String, ranks: Int? = nil, under tracer: [String] = [], _ arguments: [String],
    environment: [String: String] = [:],
    interruptAfter: Double? = nil, signal: (number: Int32, when: () -> Bool)? = nil
  ) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    var words = tracer + [Self.path(of: program)] + arguments
    if let ranks {
      words = ["mpirun", "-n", "\(ranks)", "--oversubscribe", "--bind-to", "none"] + words
    }
    // Threads of a test runner may have signals blocked, and children would inherit that.
    process.arguments = (signal.map { ["--default-signal=\($0.number)"] } ?? []) + words
    // The first two let mpirun start as root, as it does in containers.
    let additions = [
      "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "SWIFT_BACKTRACE": "enable=no",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(additions) { $1 }.merging(environment) { $1 }

    // Files instead of pipes: nobody has to read while the job runs.
    let folder = try TemporaryFolder()
    let outputFile = try folder.write(Data(), as: "output")
    let errorFile = try folder.write(Data(), as: "errors")
    process.standardOutput = FileHandle(forWritingAtPath: outputFile)
    process.standardError = FileHandle(forWritingAtPath: errorFile)
    process.standardInput = FileHandle.nullDevice

    let start = Date()
    try process.run()
    var isInterrupted = false
    while process.isRunning, Date().timeIntervalSince(start) < Self.limitSeconds {
      Thread.sleep(forTimeInterval: 0.02)
      if let interruptAfter, !isInterrupted, Date().timeIntervalSince(start) >= interruptAfter {
        kill(process.processIdentifier, SIGINT)
        isInterrupted = true
      }
      if let signal, !isInterrupted, signal.when() {
        kill(process.processIdentifier, signal.number)
        isInterrupted = true
      }
    }
    let hasEnded = !process.isRunning
    if !hasEnded {
      process.terminate()  // mpirun ends its ranks on SIGTERM
      Thread.sleep(forTimeInterval: 3)
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
    process.waitUntilExit()
    let isKilled = process.terminationReason == .uncaughtSignal
    exitCode = hasEnded ? process.terminationStatus + (isKilled ? 128 : 0) : nil
    output = String(decoding: try folder.contents(of: "output"), as: UTF8.self)
    errors = String(decoding: try folder.contents(of: "errors"), as: UTF8.self)
  }

  /// Where a program of this package is, or the path itself.
  package static func path(of program: String) -> String {
    guard !program.contains("/") else { return program }
    let tests = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return tests.deletingLastPathComponent().appendingPathComponent(program).path
  }
}
