import FoundationEssentials
import Glibc
import Logging
import MessagePassing
import ONNXFormat
import OneDNN
import OpenMPI
import Search

/// Runs one search as `prune-cluster search` does, on all ranks, and writes what each of them did and when.
///
/// `scripts/bench scaling` starts it and takes the constants of its model of a search from the lines (`Trace.text`).
@main
enum ScalingTrace {
  private static let programName = "scaling-trace"

  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 || arguments.count == 4 && arguments[3] == "ready" else {
      end(
        JobFailure(
          message: "usage: scaling-trace CONFIG FOLDER [ready]: writes FOLDER/RANK.trace; ready: with memory at hand",
          exitCode: 64))
    }
    do {
      try MPI.withWorld(program: programName, failure: failure) { world in
        if arguments.count == 4 { ReadyMemory.touch() }
        try world.barrier()
        let trace = Trace()
        let search = SearchRun(
          on: TracingCommunicator(world, trace), backend: TracingBackend(OneDNNBackend(), trace), format: ONNXFormat(),
          logger: Logger(label: programName) { _ in SwiftLogNoOpLogHandler() }, progress: { _ in })
        _ = try search.execute(arguments[1])
        trace.add(.end, from: trace.now)
        try Data(trace.text.utf8).write(to: URL(filePath: "\(arguments[2])/\(world.rank).trace"))
      }
    } catch {
      end(failure(error))
    }
  }

  private static func failure(_ error: any Error) -> JobFailure { JobFailure(message: "\(error)", exitCode: 70) }

  private static func end(_ failure: JobFailure) -> Never {
    let line = "\(programName): error: \(failure.message)\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(failure.exitCode)
  }
}
