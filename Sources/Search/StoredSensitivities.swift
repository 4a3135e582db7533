import ArrayFiles
public import Channels
public import Sensitivity

import Glibc

/// The sensitivities that a search has left in `sensitivities.npz`.
public struct StoredSensitivities: Sendable {
  /// What a search calls the file.
  public static let fileName = "sensitivities.npz"

  /// The sensitivities of every layer's channels and of every group's units.
  public let scores: ChannelScores
  /// Per group the standard errors of its units' sensitivities; 0 where the file has none.
  let errors: [[Double]]

  /// Reads a file, every array of it.
  /// - Parameter structure: of the network that the sensitivities are of.
  /// - Throws: when the file cannot be read, or its arrays are not those of this network.
  public init(reading path: String, for structure: ChannelStructure) throws {
    let archive = try NumPyArchive(path)
    let names = ResultFiles.names(structure)
    let found = Set(archive.names)
    func mismatch(_ problem: String) -> SearchError {
      SearchError(.badContent, file: path, "\(problem): these are the sensitivities of another network")
    }
    if let missing = (names.layers + names.groups).first(where: { !found.contains($0) }) {
      throw mismatch("has no array '\(missing)', which the network asks for")
    }
    if let extra = found.subtracting(names.layers + names.groups + names.errors).min() {
      throw mismatch("has an array '\(extra)', which the network does not ask for")
    }
    func values(_ name: String, count: Int) throws -> [Double] {
      let array = try archive.array(named: name)
      guard array.shape == [count] else {
        throw mismatch("'\(name)' has shape \(array.shape), expected [\(count)]")
      }
      let values = try array.doubles()
      if let place = values.firstIndex(where: { !$0.isFinite }) {
        throw SearchError(
          .badContent, file: path, "'\(name)' is \(values[place]) at \(place), expected a finite number")
      }
      return values
    }
    scores = ChannelScores(
      layers: try zip(names.layers, structure.layers).map { try values($0, count: $1.outputs) },
      groups: try zip(names.groups, structure.groups).map { try values($0, count: $1.unitCount) })
    errors = try zip(names.errors, structure.groups).map { name, group in
      found.contains(name)
        ? try values(name, count: group.unitCount) : [Double](repeating: 0, count: group.unitCount)
    }
  }

  /// Per group the sensitivities at the upper ends of their error bars.
  var upperGroups: [[Double]] { SensitivityTable.upperEnds(scores.groups, errors) }

  /// The path of the file that a search has left beside another one of its results; `nil` where there is none.
  public static func beside(_ path: String) -> String? {
    let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
    return access(folder + fileName, F_OK) == 0 ? folder + fileName : nil
  }
}
