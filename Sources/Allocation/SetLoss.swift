/// What removing a set of units together is predicted to do to the loss.
///
/// Every row r is a sample with one label, and t_r(u) what the unit contributes to that loss to first order: removing the
/// set R shifts it by y_r = Σ_{u∈R} t_r(u). A form turns these shifts into a loss change; units that undo each other's
/// effect, or double it, are seen. All forms are convex in the units and 0 for the empty set.
public struct SetLoss: Equatable, Sendable {
  /// How shifts become a loss change.
  public enum Form: Equatable, Sendable {
    /// ½ Σ_r weight(r) · y_r².
    case quadratic(weights: [Double])
    /// The cross-entropy of shifted logits. A sample's rows are its classes, one after the other; with z the class's
    /// log-probability as it was, Σ_n weight(n) · (log Σ_c exp(z_c + y_c) − Σ_c target_c · y_c) − (the same without y).
    case softmax(classes: Int, logProbabilities: [Double], targets: [Double], weights: [Double])
  }

  /// Units of every group; columns and linear terms stand group after group.
  public let unitCounts: [Int]
  /// Rows of t.
  public let rowCount: Int
  /// t by unit: the `rowCount` numbers of a unit stand together.
  public let columns: [Float]
  /// Per unit what its removal adds beside the form; 0 where there is nothing.
  public let linear: [Double]
  /// How shifts become a loss change.
  public let form: Form

  /// A set loss.
  /// - Throws: `AllocationError.notFinite` for a number that is none.
  /// - Precondition: the counts go together; weights are not negative; a sample's targets are not negative and add up
  ///   to 1.
  public init(unitCounts: [Int], columns: [Float], linear: [Double], form: Form) throws(AllocationError) {
    let units = unitCounts.reduce(0, +)
    let rows: Int
    let numbers: [Double]
    switch form {
    case .quadratic(let weights): (rows, numbers) = (weights.count, weights)
    case .softmax(let classes, let logProbabilities, let targets, let weights):
      rows = classes * weights.count
      precondition(logProbabilities.count == rows && targets.count == rows, "counts of a set loss")
      numbers = logProbabilities + targets + weights
    }
    precondition(linear.count == units && columns.count == units * rows, "counts of a set loss")
    if let place = columns.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(
        place: "set loss: row \(place % rows) of unit \(place / rows)", value: Double(columns[place]))
    }
    if let place = linear.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(place: "set loss: linear term of unit \(place)", value: linear[place])
    }
    if let place = numbers.firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(place: "set loss: number \(place) of its form", value: numbers[place])
    }
    self.unitCounts = unitCounts
    rowCount = rows
    self.columns = columns
    self.linear = linear
    self.form = form
  }
}
