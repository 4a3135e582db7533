import ArrayFiles
public import Configuration
import Digests

import Glibc

/// Checks that a finished search's files are those that it has written.
public struct VerifyRun {
  /// A file that was found as it should be.
  public struct File: Hashable, Sendable {
    /// The path: in the directory for a result, as recorded for an input.
    public let path: String
    /// 64 hexadecimal digits.
    public let sha256: String
    /// Its size.
    public let bytes: Int
  }

  /// The files of the result.
  public let outputs: [File]
  /// Model, calibration files and what else the search has read; empty unless asked for.
  public let inputs: [File]

  /// Reads `run.json` in a directory and every file that it names.
  /// - Parameter includesInputs: whether model and data are read too.
  /// - Throws: `SearchError`, `cannotBeRead` where there is no record, else the first file that is not as it should be.
  public init(_ directory: String, includesInputs: Bool = false) throws {
    let record = try FinishedRecord(reading: directory)
    outputs = try record.outputs().map { output in
      try VerifyRun.check(directory + "/" + output.name, output)
      return File(path: output.name, sha256: output.sha256, bytes: output.size)
    }
    inputs = includesInputs ? try record.inputs().map(VerifyRun.check) : []
  }

  /// Checks a file of the result. Links are not followed: what lies elsewhere is no part of the directory.
  static func check(_ path: String, _ expected: RunOutput) throws {
    func wrong(_ problem: String) -> SearchError { SearchError(.badContent, file: path, problem) }
    let hash = SHA256()
    switch SizedFile.scan(path, byteCount: expected.size, { hash.append($0) }) {
    case .whole: break
    case .absent:
      throw wrong("is missing, expected \(expected.size) bytes with the SHA-256 \(expected.sha256.prefix(12))…")
    case .unfit(let problem): throw wrong(problem)
    }
    let found = hash.hexadecimal
    guard found == expected.sha256 else {
      throw wrong("has the SHA-256 \(found.prefix(12))…, expected \(expected.sha256.prefix(12))…")
    }
  }

  /// Checks a file that was read.
  private static func check(_ file: DataFile, _ expected: FileDigest) throws -> File {
    File(path: file.path, sha256: expected.sha256, bytes: try file.check(expected))
  }

  /// What was checked, for a script.
  public var json: JSONValue {
    func list(_ files: [File]) -> JSONValue {
      .array(
        files.map { ["path": .string($0.path), "sha256": .string($0.sha256), "bytes": .integer($0.bytes)] })
    }
    return ["outputs": list(outputs), "inputs": list(inputs)]
  }

  /// A line per file, as the usual tools for checksums write it.
  public var text: String { (outputs + inputs).map { "\($0.sha256)  \($0.path.printable())\n" }.joined() }
}

extension FinishedRecord {
  /// The files of the result.
  func outputs() throws -> [RunOutput] {
    var outputs: [RunOutput] = []
    var names: Set<String> = []
    let list = try required("outputs")
    do throws(ConfigurationError) {
      for place in try list.elements(allowsNone: false) {
        let output = try RunOutput(place)
        guard names.insert(output.name).inserted else { throw place.error("'\(output.name)' stands twice") }
        outputs.append(output)
      }
    } catch {
      throw SearchError(.badContent, file: path, "\(error.path): \(error.problem)")
    }
    return outputs
  }

  /// The files that were read, where the configuration of the search finds them.
  fileprivate func inputs() throws -> [(DataFile, FileDigest)] {
    let configuration = try self.configuration()
    let model = try digests("model")
    let folder = configuration.model.path.lastIndex(of: "/").map { String(configuration.model.path[...$0]) } ?? ""
    let paths = [configuration.model.path] + model.dropFirst().map { folder + $0.path }
    let data = try digests("data")
    let files = try paths.map { DataFile(path: $0) } + configuration.dataFiles()
    guard files.count == model.count + data.count else {
      throw SearchError(
        .badContent, file: path,
        "$.data names \(data.count) files, the configuration \(files.count - model.count)")
    }
    return Array(zip(files, model + data))
  }

  private func configuration() throws -> SearchConfiguration {
    let (configuration, directory) = (try required("configuration"), try required("configuration_directory"))
    do throws(ConfigurationError) {
      return try SearchConfiguration(configuration, relativeTo: directory.string())
    } catch {
      throw SearchError(.badContent, file: path, "\(error.path): \(error.problem)")
    }
  }

  /// The files that a list of the record names, each with its digest.
  func digests(_ key: String) throws -> [FileDigest] {
    let list = try required(key)
    do throws(ConfigurationError) {
      var digests: [FileDigest] = []
      for place in try list.elements() {
        let members = try place.members(["path", "sha256"])
        digests.append(
          FileDigest(path: try members.required("path").string(), sha256: try members.required("sha256").string()))
      }
      return digests
    } catch {
      throw SearchError(.badContent, file: path, "\(error.path): \(error.problem)")
    }
  }
}
