import Configuration

extension ReportRun {
  /// The record of the search in a directory.
  static func record(in directory: String) throws -> FinishedRecord {
    do {
      return try FinishedRecord(reading: directory)
    } catch let error as SearchError {
      // Whoever has only compared names the directory that the configuration does.
      let comparison = "\(directory)/\(SearchConfiguration.comparisonFolder)"
      guard error.kind == .cannotBeRead, FileIdentity("\(comparison)/\(RunJournal.fileName)") != nil else {
        throw error
      }
      throw SearchError(
        error.kind, file: error.file,
        "\(error.problem); the comparison in \(comparison) has tables and no page: a page is made of a search")
    }
  }

  /// Checks that a page elsewhere is written over nothing that the search has written or read.
  static func checkOutput(
    _ request: Request, _ finished: FinishedRecord, _ outputs: [RunOutput], _ configuration: SearchConfiguration
  ) throws {
    guard let output = request.output else { return }
    let directory = request.directory
    let slash = output.lastIndex(of: "/")
    let name = slash.map { String(output[output.index(after: $0)...]) } ?? output
    let folder = slash.map { String(output[...$0]) } ?? "."
    let isBeside = FileIdentity(folder).map { $0 == FileIdentity(directory) } ?? false
    guard !isBeside || !(ResultFiles.names + PrunedModelFiles.names).contains(name) else {
      throw SearchError(
        .cannotCreate, file: output,
        name == ResultFiles.report
          ? "is the search's own page, which run.json names; without --output it is made again"
          : "is the name of a file of the search; expected another output")
    }
    guard let own = FileIdentity(output) else { return }
    let results = (outputs.map(\.name) + [RunJournal.fileName]).map { "\(directory)/\($0)" }
    let read = try finished.modelPaths(request.model ?? configuration.model.path) + configuration.readPaths
    guard let taken = (results + read).first(where: { FileIdentity($0) == own }) else { return }
    throw SearchError(
      .cannotCreate, file: output,
      "would be written over \(taken), which the search has \(results.contains(taken) ? "written" : "read"); "
        + "expected another output")
  }
}

extension FinishedRecord {
  /// The model's files, given where the first lies.
  fileprivate func modelPaths(_ model: String) throws -> [String] {
    let folder = model.lastIndex(of: "/").map { String(model[...$0]) } ?? ""
    return [model] + (try digests("model").dropFirst().map { folder + $0.path })
  }
}

extension SearchConfiguration {
  /// The files beside the model that a search with this configuration reads, as far as they are still there.
  fileprivate var readPaths: [String] {
    var paths = [latencyTable, measured.savedScores].compactMap { $0?.path }
    for data in [calibration?.data, evaluation].compactMap({ $0 }) {
      paths += (data.inputs.map(\.array) + [data.labels].compactMap { $0 }).map(\.file.path)
      for input in data.images {
        paths.append(input.source.path)
        if let set = try? ImageSet(input.source) { paths += set.names.indices.map(set.path) }
      }
    }
    return paths
  }
}
