import ArrayFiles
import Configuration

import Glibc

/// Keeps `run.json` up to date over a search, at rank 0: who finds a directory learns whether what lies there is whole.
///
/// It is written first of all, and last of all names every other file with its digest. Everything that differs from run to
/// run is in this file and only here.
struct RunJournal {
  /// What a search calls the file.
  static let fileName = "run.json"

  private let directory: String
  /// What is known from the start.
  private let head: JSONObject
  private let earlier: [JSONValue]
  private var attempt: RunAttempt

  private static let sizeLimit = 64 << 20

  /// Begins a run: an earlier one's result counts no more from now on, its list of attempts goes on.
  /// - Parameters:
  ///   - model: the model's files.
  ///   - directory: where results go; it is there.
  init(
    beginning attempt: RunAttempt, of configuration: SearchConfiguration, model: [FileDigest], in directory: String
  ) throws {
    var head = JSONObject()
    head["version"] = .string(ProductVersion.text)
    head["configuration_directory"] = .string(RunJournal.absolute(configuration.directory))
    head["configuration"] = configuration.canonicalJSON
    head["model"] = .array(model.map(\.json))
    self.directory = directory
    self.head = head
    self.attempt = attempt
    earlier = RunJournal.record(in: directory).map { EarlierAttempts.of($0, sameAs: head) } ?? []
    AtomicFile.removeLeftovers(in: directory)
    try write(.running)
  }

  /// Ends the run before it is done.
  ///
  /// Nothing is thrown: why the run ends is what has to be told.
  mutating func end(_ state: RunState, reason: String, pieces: (restored: Int, computed: Int)) {
    attempt.pieces = pieces
    attempt.end(state, reason: reason)
    try? write(state)
  }

  /// Ends the run's work: what its record says but for the outputs, which may be made from it.
  mutating func finish(_ record: RunRecord, pieces: (restored: Int, computed: Int)) -> JSONValue {
    attempt.pieces = pieces
    attempt.end(.complete)
    return document(.complete, record.members)
  }

  /// Ends the run with all files in place.
  /// - Parameters:
  ///   - record: what `finish` gave.
  ///   - outputs: the names of all files of the result.
  func complete(_ record: JSONValue, outputs: [String]) throws {
    var record = record
    record["outputs"] = .array(try outputs.map { try RunOutput($0, in: directory) }.map(\.json))
    try RunJournal.write(record, in: directory)
  }

  private func document(_ state: RunState, _ members: JSONObject = JSONObject()) -> JSONValue {
    var document: JSONObject = ["format_version": 1, "state": .string(state.rawValue)]
    for part in [head, members] {
      for member in part.members { document[member.key] = member.value }
    }
    document["attempts"] = .array(earlier + [attempt.json])
    return .object(document)
  }

  private func write(_ state: RunState) throws { try RunJournal.write(document(state), in: directory) }

  /// Writes a record.
  static func write(_ record: JSONValue, in directory: String) throws {
    try AtomicFile.write(Array(record.text().utf8), to: directory + "/" + fileName)
  }

  /// The record that an earlier run has left; `nil` where there is none that can be read.
  private static func record(in directory: String) -> JSONValue? {
    let path = directory + "/" + fileName
    guard let text = try? FileHandleReader.contents(of: path, limit: sizeLimit) else { return nil }
    return try? JSONValue(parsing: text, file: path)
  }

  /// A directory as it can be found from anywhere.
  private static func absolute(_ directory: String) -> String {
    guard !directory.hasPrefix("/"), let here = getcwd(nil, 0) else { return directory }
    defer { free(here) }
    return directory.isEmpty ? String(cString: here) : String(cString: here) + "/" + directory
  }
}
