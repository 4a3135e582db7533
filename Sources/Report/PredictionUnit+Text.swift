import Configuration

extension PredictionUnit {
  /// What a plan's prediction is called.
  var title: String {
    switch self {
    case .loss: "predicted loss change"
    case .squaredLoss: "predicted loss change, squared"
    case .accuracy: "predicted change of accuracy"
    case .score: "sum of the scores of what goes"
    }
  }

  /// The same where there is little room.
  var axis: String { self == .score ? "sum of scores" : title }

  /// The title of a column of them.
  var column: String {
    switch self {
    case .loss, .accuracy: "predicted"
    case .squaredLoss: "predicted, squared"
    case .score: axis
    }
  }

  /// What is to be known of its numbers.
  var note: String {
    switch self {
    case .loss: "in units of the loss"
    case .squaredLoss: "in squared units of the loss: it ranks plans, and is not to be compared with a measured one"
    case .accuracy: "the sum of what layers lose alone"
    case .score: "they only have an order, and predict no loss"
    }
  }
}
