import CommunicatorContract
import Glibc
import MessagePassing
import OpenMPI

/// What `OpenMPITests` starts under `mpirun`: the communicator contract, and jobs that end in all the ways there are.
@main
enum Conformance {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      guard let scenario = Scenario(arguments) else {
        throw Complaint(description: "no scenario in \(arguments)", exitCode: 64)
      }
      let code = try MPI.withWorld(
        program: "prune-cluster", stallTimeout: scenario.stallTimeout, messageLimit: scenario.messageLimit,
        failure: jobFailure
      ) { world in
        try scenario.perform(on: world)
        return world.rank == 0 ? scenario.exitCode : 0
      }
      if case .startTwice = scenario {
        try MPI.withWorld(program: "prune-cluster", failure: jobFailure) { _ in }
      }
      exit(code)
    } catch {
      let failure = jobFailure(error)
      let line = "prune-cluster: error: \(failure.message)\n"
      _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
      exit(failure.exitCode)
    }
  }

  private static func jobFailure(_ error: any Error) -> JobFailure {
    switch error {
    case let error as Complaint:
      JobFailure(message: error.description, exitCode: error.exitCode, isShared: error.isShared)
    case let error as CommunicationError: JobFailure(message: error.description, exitCode: 69)
    default: JobFailure(message: "\(error)", exitCode: 70)
    }
  }
}

/// An error with an exit code of its own.
struct Complaint: Error, CustomStringConvertible {
  let description: String
  let exitCode: Int32
  var isShared = false
}
