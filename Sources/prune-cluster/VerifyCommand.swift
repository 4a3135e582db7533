import ArgumentParser
import Configuration
import Search

/// `verify RUN_DIR`: whether the files of a search are whole and its own.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that a search has finished and that its files are those that it has written.",
    discussion: """
      Reads run.json in the output directory of a search and compares size and SHA-256 of every file that it names. Ends \
      with 0 and a line per file, SHA-256 first; with 65 when the search has not finished or a file is missing or other, \
      which one line names; with 66 when there is no run.json.

      EXAMPLES
        prune-cluster verify out
        prune-cluster verify --inputs --json out
      """)

  @Argument(help: ArgumentHelp("The output directory of a search.", valueName: "run-dir"), completion: .directory)
  var directory: String

  @Flag(help: "Also read model and calibration files again, and compare them with those that were searched.")
  var inputs = false

  @Flag(help: "The files for a script.")
  var json = false

  func run() throws {
    guard Launch.isFirstRank else { return }
    let verified = try VerifyRun(directory, includesInputs: inputs)
    try StandardOutput.write(json ? verified.json.text() : verified.text)
  }
}
