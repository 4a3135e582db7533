import Configuration

extension SearchConfiguration {
  /// The files beside the model that a search with this configuration reads: samples, labels, tables.
  var dataPaths: [String] {
    var paths: [String] = []
    let arrays = (calibration?.inputs ?? []).map(\.array) + [calibration?.labels].compactMap { $0 }
    for file in arrays.map(\.file) where !paths.contains(file.path) { paths.append(file.path) }
    return paths + [latencyTable, measured.savedScores].compactMap { $0?.path }
  }
}
