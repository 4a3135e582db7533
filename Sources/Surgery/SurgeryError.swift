/// Why a layer cannot be repaired.
public struct SurgeryError: Error, Hashable, CustomStringConvertible {
  /// The operation or statistic at fault.
  public let place: String
  /// What is wrong there: expected, found.
  public let problem: String

  /// An error at a place.
  public init(_ place: String, _ problem: String) {
    self.place = place
    self.problem = problem
  }

  /// Place and problem.
  public var description: String { "\(place): \(problem)" }
}
