/// The slow executor that all others are checked against.
public struct ReferenceBackend: ExecutionBackend {
  /// A backend.
  public init() {}

  /// What `run.json` would record.
  public var description: String { "reference (float64 loops)" }

  /// Compiles a network; every operation is supported.
  public func compile(_ request: ExecutionRequest) throws(ExecutionError) -> any NetworkExecutor {
    try ReferenceExecutor(request)
  }
}
