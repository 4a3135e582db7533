/// How a job that cannot go on ends: the sentence that the user sees, and the exit code of the whole job.
public struct JobFailure: Equatable, Sendable {
  /// What went wrong, without the program's name; printed on one line.
  public let message: String
  /// The exit code of every process, and so of `mpirun`: 1 ... 255.
  public let exitCode: Int32
  /// Whether every rank fails in this way, at the same place between its calls, so that none waits for another.
  ///
  /// Such a job needs no abort: MPI ends in order.
  public let isShared: Bool
  /// What is written in front of the line, in the same call.
  public let preface: String

  /// A failure with its exit code.
  public init(message: String, exitCode: Int32, isShared: Bool = false, preface: String = "") {
    precondition((1...255).contains(exitCode), "an exit code of 0 would look like success")
    self.message = message
    self.exitCode = exitCode
    self.isShared = isShared
    self.preface = preface
  }
}
