import Configuration

/// How far a search has come: what `state` in `run.json` says.
enum RunState: String, CaseIterable {
  /// It is at work, or was killed at work.
  case running
  /// It was asked to stop; what was finished is saved.
  case stopped
  /// It ended with an error.
  case failed
  /// All files of the result are there.
  case complete

  /// Refuses the record of a search that has not finished.
  /// - Parameter file: the record's, for the error.
  static func checkComplete(_ record: JSONValue, file: String) throws {
    guard let place = record["state"] else {
      throw SearchError(.badContent, file: file, "$.state is missing: this is no record of a search")
    }
    guard case .string(let text) = place, let state = RunState(rawValue: text) else {
      let states = allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
      throw SearchError(.badContent, file: file, "$.state: expected one of \(states)")
    }
    guard state == .complete else {
      throw SearchError(
        .badContent, file: file, "$.state is \"\(text)\": the search has not finished: run it again")
    }
  }
}
