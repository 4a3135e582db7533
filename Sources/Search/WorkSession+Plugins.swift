import WorkSharing

extension WorkSession {
  /// Does what rank 0 alone does while the other ranks are answered; where that ends early, so does the program that it
  /// runs.
  func alone<Result>(
    _ what: String, ending program: PluginProgram?, _ body: @escaping () throws -> Result
  ) throws -> Result {
    do {
      return try alone(what, body)
    } catch {
      program?.cancel()
      throw error
    }
  }
}
