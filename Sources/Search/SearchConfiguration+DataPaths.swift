import Configuration

extension SearchConfiguration {
  /// The files beside the model that a search with this configuration reads: samples, labels, tables.
  var dataPaths: [String] {
    let data = calibration.data
    var paths: [String] = []
    for file in data.inputs.map(\.array.file) + [data.labels?.file].compactMap({ $0 }) where !paths.contains(file.path)
    {
      paths.append(file.path)
    }
    return paths + [latencyTable, measured.savedScores].compactMap { $0?.path }
  }
}
