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

  /// Makes the directory, with those above it, and sees that files can be made in it: before anything is computed.
  func prepareDirectory() throws {
    var path = directory.hasPrefix("/") ? "/" : ""
    for step in directory.split(separator: "/") {
      path += step + "/"
      if mkdir(path, 0o777) != 0, errno != EEXIST {
        throw cannotCreate(path, String(cString: strerror(errno)))
      }
    }
    var status = stat()
    guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw cannotCreate(directory, "it is no directory")
    }
    guard access(directory, W_OK | X_OK) == 0 else { throw cannotCreate(directory, String(cString: strerror(errno))) }
  }

  private func cannotCreate(_ path: String, _ why: String) -> SearchError {
    SearchError(.cannotCreate, file: path, "the output directory cannot be used: \(why)")
  }

  /// Writes the result: sensitivities first, so that who finds the ratios finds both.
  func write(_ ratios: RatioConfig, _ table: SensitivityTable, _ preparation: Preparation) throws {
    var arrays: [(name: String, array: NumPyArray)] = []
    var names: Set<String> = []
    for (layer, values) in zip(preparation.structure.layers, table.layers) {
      // Layers that share one weight are told apart by their nodes.
      let name = names.insert(layer.weight).inserted ? layer.weight : "\(layer.weight)@\(layer.name)"
      arrays.append((name, NumPyArray(.doubles(values))))
    }
    for (group, values) in table.groups.enumerated() { arrays.append(("group/\(group)", NumPyArray(.doubles(values)))) }
    try NumPyArchive.write(arrays, to: directory + "/sensitivities.npz")
    try AtomicFile.write(Array(ratios.json.text().utf8), to: directory + "/ratios.json")
  }

  /// Writes the record of the run.
  func write(_ record: JSONValue) throws {
    try AtomicFile.write(Array(record.text().utf8), to: directory + "/run.json")
  }
}
