import Configuration

extension SearchConfiguration {
  /// Sees that there are error bars where the solver is to go by them: expansions alone have some, of sums over samples.
  func checkErrorBars() throws(SearchError) {
    guard solver.robust, !sensitivity.method.isExpansion || sensitivity.method == .influence else { return }
    throw SearchError(
      .configuration, file: file,
      "$.solver.robust: scores by \"\(sensitivity.method.rawValue)\" have no error bars")
  }
}
