import ArrayFiles
import Channels
import Configuration
import Sensitivity

import Glibc

/// The files that a search leaves: each is written whole, or not at all.
struct ResultFiles {
  /// Where they are.
  let directory: String

  init(in directory: String) { self.directory = directory }

  /// What a search writes.
  static let names = ["sensitivities.npz", "ratios.json", "run.json"]

  /// Makes the directory, with those above it, and sees that files can be made in it: before anything is computed.
  func prepareDirectory(for names: [String]) throws {
    var path = directory.hasPrefix("/") ? "/" : ""
    for step in directory.split(separator: "/") {
      path += step + "/"
      if mkdir(path, 0o777) != 0, errno != EEXIST {
        throw cannotCreate(String(cString: strerror(errno)))
      }
    }
    var status = stat()
    guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw cannotCreate("it is no directory")
    }
    guard access(directory, W_OK | X_OK) == 0 else { throw cannotCreate(String(cString: strerror(errno))) }
    for name in names {
      guard stat("\(directory)/\(name)", &status) != 0 || status.st_mode & S_IFMT == S_IFREG else {
        throw cannotCreate("\(name) in it is no regular file")
      }
    }
  }

  private func cannotCreate(_ why: String) -> SearchError {
    SearchError(.cannotCreate, file: directory, "the output directory cannot be used: \(why)")
  }

  /// The arrays' names in `sensitivities.npz`: the layers' weights, then the groups.
  ///
  /// Layers that share one weight are told apart by their nodes.
  static func names(_ structure: ChannelStructure) -> (layers: [String], groups: [String]) {
    var names: Set<String> = []
    let layers = structure.layers.map { layer in
      names.insert(layer.weight).inserted ? layer.weight : "\(layer.weight)@\(layer.name)"
    }
    return (layers, structure.groups.map { "group/\($0.id)" })
  }

  /// Checks before anything is measured that no two arrays would have one name, and that none is too long for a file.
  static func checkNames(_ structure: ChannelStructure, file: String) throws {
    let names = names(structure)
    var seen: Set<String> = []
    for name in names.groups + names.layers {
      guard seen.insert(name).inserted else {
        throw SearchError(.badContent, file: file, "a weight is called '\(name)' like another array of the results")
      }
      guard name.utf8.count <= 60_000 else {
        throw SearchError(
          .badContent, file: file, "a weight's name has \(name.utf8.count) bytes, at most 60000 are stored")
      }
    }
  }

  /// Writes the result: sensitivities first, so that who finds the ratios finds both.
  func write(_ ratios: RatioConfig, _ table: SensitivityTable, _ preparation: Preparation) throws {
    var arrays: [(name: String, array: NumPyArray)] = []
    let names = ResultFiles.names(preparation.structure)
    for (name, values) in zip(names.layers + names.groups, table.layers + table.groups) {
      arrays.append((name, NumPyArray(.doubles(values))))
    }
    try NumPyArchive.write(arrays, to: directory + "/sensitivities.npz")
    try AtomicFile.write(Array(ratios.json.text().utf8), to: directory + "/ratios.json")
  }

  /// Writes the record of the run.
  func write(_ record: JSONValue) throws {
    try AtomicFile.write(Array(record.text().utf8), to: directory + "/run.json")
  }
}
