/// What a sensitivity, a sum of them, and what a plan is predicted to lose are in.
public enum PredictionUnit: Hashable, Sendable {
  /// A change of the loss.
  case loss
  /// The square of one: it ranks plans, and is not to be compared with a measured change.
  case squaredLoss
  /// A change of the accuracy.
  case accuracy
  /// A number that only has an order.
  case score
}

extension SearchConfiguration.Sensitivity {
  /// What the criterion's numbers are in.
  public var predictionUnit: PredictionUnit {
    guard isLoss else { return .score }
    return method == .taylor && order == 1 && reduction == .meanSquare ? .squaredLoss : .loss
  }
}

extension SearchConfiguration {
  /// What a plan is predicted to lose is in.
  public var predictionUnit: PredictionUnit {
    guard solver.method == .measured else { return sensitivity.predictionUnit }
    return measured.score == .accuracy ? .accuracy : .loss
  }
}
