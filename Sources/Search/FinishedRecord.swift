import Configuration

/// The `run.json` of a search that has finished.
struct FinishedRecord {
  /// The file.
  let path: String
  /// Its content.
  let root: JSONValue

  private static let sizeLimit = 64 << 20

  /// Reads the record in a directory.
  /// - Throws: `SearchError`, `cannotBeRead` where there is none, `badContent` when it is damaged or the search has not
  ///   finished.
  init(reading directory: String) throws {
    path = directory + "/" + RunJournal.fileName
    let text = try FileHandleReader.contents(of: path, limit: FinishedRecord.sizeLimit)
    do {
      root = try JSONValue(parsing: text, file: path)
    } catch {
      throw SearchError(.badContent, file: path, "\(error.path): \(error.problem)")
    }
    guard root["format_version"] == 1 else {
      throw SearchError(.badContent, file: path, "$.format_version: expected 1, the only version that is read")
    }
    try RunState.checkComplete(root, file: path)
  }

  /// The value of a key.
  func required(_ key: String) throws -> LocatedJSON {
    do throws(ConfigurationError) {
      let members = try LocatedJSON(root: root, file: path).namedMembers(expected: "the record of a search")
      guard let member = members.first(where: { $0.name == key }) else {
        throw ConfigurationError(file: path, path: "$.\(key)", problem: "is missing: this is no record of a search")
      }
      return member.place
    } catch {
      throw SearchError(.badContent, file: path, "\(error.path) \(error.problem)")
    }
  }
}
