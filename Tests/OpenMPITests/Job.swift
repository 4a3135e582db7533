import Foundation

/// A run of the conformance program, alone or under `mpirun`, and how it ended.
struct Job {
  /// The exit code; `nil` when the time limit ended it.
  let exitCode: Int32?
  /// Standard output.
  let output: String
  /// Standard error, launcher's words included.
  let errors: String

  /// The lines of standard error that the program itself writes when it fails.
  var complaints: [String] {
    errors.split(separator: "\n").map(String.init).filter { $0.contains("prune-cluster: error:") }
  }

  /// Whether `mpirun` is installed: without it nothing here can run.
  static let isPossible: Bool = {
    let paths = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    let isFound = paths.contains { FileManager.default.isExecutableFile(atPath: "\($0)/mpirun") }
    if !isFound { print("mpirun is not on PATH: tests over MPI are skipped") }
    return isFound
  }()

  /// Starts the program with `arguments` and waits for its end, at most `limitSeconds`.
  ///
  /// - Parameters:
  ///   - ranks: the number of ranks under `mpirun`; `nil` starts the program without it.
  ///   - environment: variables to add.
  init(ranks: Int?, _ arguments: [String], environment: [String: String] = [:], limitSeconds: Double = 60) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    var words = [Self.program.path] + arguments
    if let ranks {
      words = ["mpirun", "-n", "\(ranks)", "--oversubscribe", "--bind-to", "none"] + words
    }
    process.arguments = words
    // The two variables let mpirun start as root, as it does in containers.
    let additions = [
      "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "SWIFT_BACKTRACE": "enable=no",
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(additions) { $1 }.merging(environment) { $1 }

    // Files instead of pipes: nobody has to read while the job runs.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mpi-job-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let outputFile = folder.appendingPathComponent("output")
    let errorFile = folder.appendingPathComponent("errors")
    try Data().write(to: outputFile)
    try Data().write(to: errorFile)
    process.standardOutput = try FileHandle(forWritingTo: outputFile)
    process.standardError = try FileHandle(forWritingTo: errorFile)
    process.standardInput = FileHandle.nullDevice

    try process.run()
    let end = Date().addingTimeInterval(limitSeconds)
    while process.isRunning && Date() < end { Thread.sleep(forTimeInterval: 0.02) }
    let hasEnded = !process.isRunning
    if !hasEnded {
      process.terminate()  // mpirun ends its ranks on SIGTERM
      Thread.sleep(forTimeInterval: 3)
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }
    process.waitUntilExit()
    let isKilled = process.terminationReason == .uncaughtSignal
    exitCode = hasEnded ? process.terminationStatus + (isKilled ? 128 : 0) : nil
    output = String(decoding: try Data(contentsOf: outputFile), as: UTF8.self)
    errors = String(decoding: try Data(contentsOf: errorFile), as: UTF8.self)
  }

  /// The conformance program: the build puts it beside the test bundle.
  private static var program: URL {
    let tests = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return tests.deletingLastPathComponent().appendingPathComponent("conformance")
  }
}
