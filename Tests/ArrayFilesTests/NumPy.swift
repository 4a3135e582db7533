import Foundation

/// NumPy itself, where the machine has it.
enum NumPy {
  /// Whether `python3` can import NumPy.
  static let isAvailable: Bool = {
    let isThere = (try? run("import numpy", [])) != nil
    if !isThere { print("skipped where NumPy is needed: python3 with numpy is not on this machine") }
    return isThere
  }()

  struct Failure: Error { let output: String }

  /// Runs a script and gives what it prints.
  static func run(_ script: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(output: output) }
    return output
  }
}
