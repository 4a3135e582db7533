import Configuration

extension SearchConfiguration {
  /// What a search with this configuration reads beside the model: samples, labels, tables.
  /// - Throws: what is wrong with a folder or a list of images.
  func dataFiles() throws -> [DataFile] { try calibrationFiles() + tables }

  /// The files of samples and labels that sensitivities are measured on.
  func calibrationFiles() throws -> [DataFile] {
    guard let data = calibration?.data else { return [] }
    let images = try ImageChoice(data, place: "$.calibration", file: file)
    var files = (images?.inputs ?? []).map { input in
      let rows = images?.rows.prefix(data.samples ?? .max) ?? []
      return DataFile(path: input.samples.set.source, images: (input.samples.set, rows.sorted()))
    }
    for array in data.inputs.map(\.array) + [data.labels].compactMap({ $0 })
    where !files.contains(where: { $0.path == array.file.path }) {
      files.append(DataFile(path: array.file.path))
    }
    return files
  }

  private var tables: [DataFile] {
    [latencyTable, measured.savedScores].compactMap { $0.map { DataFile(path: $0.path) } }
  }
}

extension SearchConfiguration.SampleData {
  /// The file that errors of samples name.
  var firstPath: String { inputs.first?.array.file.path ?? images[0].source.path }
}

/// A file, or a set of images, that a run reads.
struct DataFile: Sendable {
  /// The file, or the images' folder or list.
  let path: String
  /// Of a set of images those that are used, by their places in the listing.
  private let images: (set: ImageSet, used: [Int])?

  init(path: String, images: (set: ImageSet, used: [Int])? = nil) {
    self.path = path
    self.images = images
  }

  /// Its SHA-256.
  ///
  /// Of images it is that of what `sha256sum` prints of them in the order of their listing, with paths from the folder; of a
  /// list, which stands there first, from the list's folder.
  func digest() throws -> FileDigest {
    guard let images else { return try FileDigest(reading: path) }
    var lines = ""
    if let list = images.set.list {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      lines += "\(FileDigest(path: name, bytes: list).sha256)  \(name)\n"
    }
    for image in images.used {
      let digest = FileDigest(path: "", bytes: try ImageSamples.file(of: images.set, image).bytes).sha256
      lines += "\(digest)  \(images.set.names[image])\n"
    }
    return FileDigest(path: path, bytes: Array(lines.utf8))
  }

  /// Checks that it is still what was read.
  /// - Returns: its size, of images that of all.
  func check(_ expected: FileDigest) throws -> Int {
    guard let images else {
      let found = try RunOutput(name: path, reading: path)
      try compare(found.sha256, expected)
      return found.size
    }
    try compare(digest().sha256, expected)
    return try images.used.reduce(0) { try $0 + ImageSamples.file(of: images.set, $1).bytes.count }
  }

  private func compare(_ found: String, _ expected: FileDigest) throws {
    guard found != expected.sha256 else { return }
    throw SearchError(
      .badContent, file: path,
      "has the SHA-256 \(found.prefix(12))…, but the search has read \(expected.sha256.prefix(12))…")
  }
}
