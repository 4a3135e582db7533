import Configuration

extension ResultFiles {
  /// The files of a search's result, apart from those of the pruned model and the record.
  /// - Parameter hasRows: whether the loss of sets is measured.
  static func names(_ configuration: SearchConfiguration, hasRows: Bool) -> [String] {
    var names = ["ratios.json", ratiosForAMCT, "sensitivities.npz"]
    if hasRows { names.append(StoredSetLoss.fileName) }
    if configuration.bits.search.contains(where: { $0 <= QuantizationTable.largestWidth }) {
      names.append(QuantizationTable.fileName)
    }
    if configuration.solver.method == .measured { names.append(EvaluationScores.fileName) }
    return names
  }
}
