import Configuration

extension ResultFiles {
  /// The files of a search's result, apart from those of the pruned model and the record.
  /// - Parameters:
  ///   - hasRows: whether the loss of sets is measured.
  ///   - hasCurve: whether the curve of loss over compression is drawn.
  ///   - hasReport: whether the report is made.
  static func names(
    _ configuration: SearchConfiguration, hasRows: Bool, hasCurve: Bool = false, hasReport: Bool = false
  ) -> [String] {
    var names = ["ratios.json", ratiosForAMCT, "sensitivities.npz"]
    if hasRows { names.append(StoredSetLoss.fileName) }
    if configuration.bits.search.contains(where: { $0 <= QuantizationTable.largestWidth }) {
      names.append(QuantizationTable.fileName)
    }
    if configuration.solver.method == .measured { names.append(EvaluationScores.fileName) }
    if hasCurve { names.append(StoredFrontier.fileName) }
    if hasReport { names.append(report) }
    return names
  }
}
