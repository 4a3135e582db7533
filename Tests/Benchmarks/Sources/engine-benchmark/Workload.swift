/// Something to be run again and again by the workers of a rank.
protocol Workload {
  /// What is said of it once, when it is ready.
  associatedtype Description: Encodable
  /// What is said of it when results or a profile are asked for.
  associatedtype Details: Encodable

  /// What it is.
  var description: Description { get }

  /// Runs it, `count` times on every worker at the same time.
  func run(_ count: Int) throws

  /// What came out, to be compared with what a peer got.
  func results() throws -> Details

  /// Where the time goes.
  func profile() throws -> Details
}
