/// How a job that cannot go on ends: the sentence that the user sees, and the exit code of the whole job.
public struct JobFailure: Equatable, Sendable {
  /// What went wrong, without the program's name; printed on one line.
  public let message: String
  /// The exit code of every process, and so of `mpirun`: 1 ... 255.
  public let exitCode: Int32

  /// A failure with its exit code.
  public init(message: String, exitCode: Int32) {
    precondition((1...255).contains(exitCode), "an exit code of 0 would look like success")
    self.message = message
    self.exitCode = exitCode
  }
}
