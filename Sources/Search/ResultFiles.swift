import ArrayFiles
import Channels
import Configuration
import Interchange
import Sensitivity

import Glibc

/// The files that a search leaves: each is written whole, or not at all.
struct ResultFiles {
  /// Where they are.
  let directory: String

  init(in directory: String) { self.directory = directory }

  /// What a search writes.
  static let names = [
    "sensitivities.npz", StoredSetLoss.fileName, QuantizationTable.fileName, EvaluationScores.fileName, ratiosForAMCT,
    "ratios.json", StoredFrontier.fileName, report, RunJournal.fileName,
  ]

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

  /// Sees that the directory could be made, or used as it is, and makes nothing.
  func checkDirectory() throws {
    var path = directory
    var status = stat()
    while stat(path.isEmpty ? "." : path, &status) != 0, errno == ENOENT, !path.isEmpty {
      path = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }
    // Of an absolute path nothing is left before its first slash.
    if path.isEmpty { path = directory.hasPrefix("/") ? "/" : "." }
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw cannotCreate("\(path) is no directory")
    }
    guard access(path, W_OK | X_OK) == 0 else { throw cannotCreate("\(path): \(String(cString: strerror(errno)))") }
  }

  private func cannotCreate(_ why: String) -> SearchError {
    SearchError(.cannotCreate, file: directory, "the output directory cannot be used: \(why)")
  }

  /// The arrays' names in `sensitivities.npz`: the layers' weights, then the groups.
  ///
  /// Layers that share one weight are told apart by their nodes.
  static func names(_ structure: ChannelStructure) -> (layers: [String], groups: [String], errors: [String]) {
    var names: Set<String> = []
    let layers = structure.layers.map { layer in
      names.insert(layer.weight).inserted ? layer.weight : "\(layer.weight)@\(layer.name)"
    }
    return (layers, structure.groups.map { "group/\($0.id)" }, structure.groups.map { "error/\($0.id)" })
  }

  /// Checks before anything is measured that no two arrays would have one name, and that none is too long for a file.
  static func checkNames(_ structure: ChannelStructure, file: String) throws {
    let names = names(structure)
    var seen: Set<String> = []
    for name in names.groups + names.errors + names.layers {
      guard seen.insert(name).inserted else {
        throw SearchError(.badContent, file: file, "a weight is called '\(name)' like another array of the results")
      }
      guard name.utf8.count <= 60_000 else {
        throw SearchError(
          .badContent, file: file, "a weight's name has \(name.utf8.count) bytes, at most 60000 are stored")
      }
    }
  }

  /// Writes the result: what it is made from first, so that who finds the ratios finds all.
  func write(
    _ ratios: RatioConfig, _ measurement: SensitivityMeasurement, _ quantization: QuantizationTable?,
    _ structure: ChannelStructure
  ) throws {
    let (table, names) = (measurement.table, ResultFiles.names(structure))
    var arrays: [(name: String, array: NumPyArray)] = []
    for (name, values) in zip(names.layers + names.groups + names.errors, table.layers + table.groups + table.errors) {
      arrays.append((name, NumPyArray(.doubles(values))))
    }
    // What earlier searches left would not go with what comes now.
    let solved = ["ratios.json", ResultFiles.ratiosForAMCT, StoredFrontier.fileName].map { "solved/\($0)" }
    let own = [StoredSetLoss.fileName, QuantizationTable.fileName, StoredFrontier.fileName, ResultFiles.report]
    for stale in own + solved { unlink("\(directory)/\(stale)") }
    if let setLoss = measurement.setLoss {
      try NumPyArchive.write(setLoss.arrays, to: "\(directory)/\(StoredSetLoss.fileName)")
    }
    try quantization?.write(to: "\(directory)/\(QuantizationTable.fileName)", structure.layers)
    try NumPyArchive.write(arrays, to: directory + "/sensitivities.npz")
    try write(ratios)
  }

  /// Writes the ratios alone.
  func write(_ ratios: RatioConfig) throws {
    let layers = ratios.layers.map {
      LayerRatio(
        name: $0.name, opType: $0.opType, weight: $0.weight, channels: $0.channels, pruned: $0.prunedChannels.count)
    }
    let text = AMCTConfiguration.text(layers: layers)
    try AtomicFile.write(Array(text.utf8), to: directory + "/" + ResultFiles.ratiosForAMCT)
    try AtomicFile.write(Array(ratios.json.text().utf8), to: directory + "/ratios.json")
  }

  /// The ratios as a prune config of AMCT.
  static let ratiosForAMCT = "ratios.cfg"
  /// The result as a page for people.
  static let report = "report.html"
}
