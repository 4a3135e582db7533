import ArgumentParser
import Configuration
import Report
import Search
import WorkSharing

import Glibc

/// The program: parses the command line, runs one command, turns what went wrong into one line and an exit code.
@main
struct PruneCluster: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: ProgramName.text,
    abstract: "Finds how many channels each layer of a trained convolutional network can lose.",
    discussion: """
      Measures how the loss depends on every channel, works out what each channel costs, and chooses, over the whole \
      network, the cheapest loss for the compression asked.

      EXAMPLES
        prune-cluster inspect model.onnx
        prune-cluster validate config.json
        prune-cluster search config.json
        mpirun -n 8 --bind-to none prune-cluster search config.json
        prune-cluster solve out --compression-ratio 3
      """,
    version: "\(ProgramName.text) \(ProductVersion.text)",
    subcommands: [
      InitCommand.self, SearchCommand.self, CompareCommand.self, SolveCommand.self, ApplyCommand.self,
      EvaluateCommand.self, InspectCommand.self, ProfileCommand.self, ConvertCommand.self, ReportCommand.self,
      ValidateCommand.self, VerifyCommand.self, SchemaCommand.self,
    ])

  static func main() {
    // A reader that goes away (`| head`) must not look like a crash; a failed write to stdout is no loss of a result.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error where Failure.isOfCommandLine(error) {
      Self.end(withCommandLine: error)
    } catch let error as Interruption {
      // Nothing is wrong: what was asked for has happened.
      StandardError.write("\(ProgramName.text): \(error)\n")
      end(StopRequest.exitCode)
    } catch {
      let failure = Failure(error)
      StandardError.write("\(ProgramName.text): \(StandardError.style.error("error:")) \(failure.message)\n")
      end(failure.exitCode)
    }
  }

  /// Ends the process. Threads that nobody could wait for may still be computing: what libraries do at an exit would pull
  /// the ground from under them.
  private static func end(_ code: Int32) -> Never {
    fflush(nil)
    _exit(code)
  }

  /// Help and version go to stdout; wrong usage is one line in our form, then the usage.
  private static func end(withCommandLine error: any Error) -> Never {
    let code = exitCode(for: error)
    guard Launch.isFirstRank else {
      // All ranks have the same command line, and the launcher ends the job with the first that fails: it should speak.
      if code != .success { sleep(1) }
      Glibc.exit(code == .success ? 0 : Failure.usage)
    }
    guard code != .success else { exit(withError: error) }
    let text = fullMessage(for: error)
    let said = text.hasPrefix("Error: ") ? String(text.dropFirst("Error: ".count)) : text
    let line = unknownCommand.map { $0 + said.drop { $0 != "\n" } } ?? said
    StandardError.write("\(ProgramName.text): \(StandardError.style.error("error:")) \(line)\n")
    Glibc.exit(Failure.usage)
  }
}

extension PruneCluster {
  /// What is wrong with the first word where it should be a command and is none; `nil` where it is one, or an option.
  fileprivate static var unknownCommand: String? {
    guard let word = CommandLine.arguments.dropFirst().first, !word.hasPrefix("-") else { return nil }
    let known = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
    guard !known.contains(word) else { return nil }
    let advice =
      NearestName.of(word, among: known).map { "did you mean '\($0)'?" }
      ?? "expected \(known.dropLast().joined(separator: ", ")) or \(known[known.count - 1])"
    return "unknown command '\(word.printable())'; \(advice)"
  }
}

/// What the program is called in messages.
enum ProgramName {
  static let text = "prune-cluster"
}
