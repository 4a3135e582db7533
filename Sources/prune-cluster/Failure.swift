import ArgumentParser
import ArrayFiles
import Configuration
import Execution
import MessagePassing
import Networks
import ONNX
import OpenMPI
import Search
import WorkSharing

/// How the program ends when something went wrong: one line, and the exit code that sysexits gives the cause.
struct Failure {
  /// Wrong usage of the command line.
  static let usage: Int32 = 64
  private static let badContent: Int32 = 65
  private static let cannotBeRead: Int32 = 66
  private static let rankLost: Int32 = 69
  private static let program: Int32 = 70
  private static let cannotCreate: Int32 = 73
  private static let inputOutput: Int32 = 74
  private static let configuration: Int32 = 78

  /// What went wrong, in one line.
  let message: String
  /// What the process ends with.
  let exitCode: Int32
  /// Whether all ranks end in this way together, none of them waiting for another.
  let isShared: Bool

  /// Whether the command line itself is at fault, or asked for help.
  static func isOfCommandLine(_ error: any Error) -> Bool {
    let code = PruneCluster.exitCode(for: error)
    return code == .success || code == .validationFailure
  }

  init(_ error: any Error) {
    isShared = (error as? Interruption)?.isShared ?? false
    (message, exitCode) = Failure.text(of: error)
  }

  private static func text(of error: any Error) -> (String, Int32) {
    switch error {
    case let error as ConfigurationError: ("\(error)", Failure.configuration)
    case let error as SearchError: ("\(error)", Failure.code(of: error.kind))
    case let error as ArrayFileError: ("\(error)", Failure.code(of: error.kind))
    case let error as ONNXError:
      ("\(error)" + Failure.advice(on: error.kind), Failure.code(of: error.kind))
    case let error as NetworkError: ("\(error)", Failure.badContent)
    case let error as ExecutionError:
      ("\(error)", error.kind == .failed ? Failure.program : Failure.badContent)
    case let error as OutputError: ("\(error)", Failure.inputOutput)
    case let error as Interruption: ("\(error)", StopRequest.exitCode)
    case let error as CommunicationError: ("\(error)", Failure.rankLost)
    default: ("\(error)", Failure.program)
    }
  }

  private static func code(of kind: SearchError.Kind) -> Int32 {
    switch kind {
    case .configuration: configuration
    case .usage: usage
    case .badContent: badContent
    case .cannotBeRead: cannotBeRead
    case .cannotCreate: cannotCreate
    case .program: program
    }
  }

  private static func code(of kind: ONNXError.Kind) -> Int32 {
    kind == .unreadable ? cannotBeRead : badContent
  }

  /// What settles it where a configuration says all that is known; commands without one have an option for it.
  private static func advice(on kind: ONNXError.Kind) -> String {
    guard case .openShape = kind else { return "" }
    return "; \"calibration\" with samples of this input gives them, else the model has to fix them"
  }

  private static func code(of kind: ArrayFileError.Kind) -> Int32 {
    switch kind {
    case .badContent: badContent
    case .cannotBeRead: cannotBeRead
    case .cannotBeCreated: cannotCreate
    case .inputOutput: inputOutput
    }
  }

  /// The same for a job of several ranks.
  /// - Parameter preface: what is written in front of the line.
  func ofJob(behind preface: String = "") -> JobFailure {
    JobFailure(message: message, exitCode: exitCode, isShared: isShared, preface: preface)
  }
}
