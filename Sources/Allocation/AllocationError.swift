// rounded(_:) is a call into libm on some machines, and this import is what links it.
import Glibc

/// What is wrong with an allocation problem, or with a plan made for it.
public enum AllocationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A group of choices that cannot be: no units, blocks that are no partition, a count out of range.
  case invalidGroup(name: String, reason: String)
  /// A requirement that cannot be: an unknown group, a cost that falls where widths grow, a ratio out of range.
  case invalidRequirement(name: String, reason: String)
  /// An option that cannot be: no alternatives, an original that is none of them.
  case invalidOption(name: String, reason: String)
  /// A table of measured costs that cannot be: widths that do not ascend, negative entries.
  case invalidTable(reason: String)
  /// A number that is NaN, infinite, or too large to be added up; `place` says which.
  case notFinite(place: String, value: Double)
  /// A requirement that stays missed with everything admissible removed; costs in the requirement's own unit.
  case infeasible(requirement: String, original: Double, limit: Double, lowest: Double)
  /// Each requirement could be met alone, but no choice of options was found that meets them all.
  case conflictingRequirements(names: [String])
  /// Kept counts that are no plan for the problem.
  case invalidPlan(reason: String)

  /// One line: what, where, expected and found.
  public var description: String {
    switch self {
    case .invalidGroup(let name, let reason): "group '\(name)': \(reason)"
    case .invalidRequirement(let name, let reason): "requirement '\(name)': \(reason)"
    case .invalidOption(let name, let reason): "option '\(name)': \(reason)"
    case .invalidTable(let reason): "table: \(reason)"
    case .notFinite(let place, let value): "\(place) is \(value), expected a finite number"
    case .infeasible(let requirement, let original, let limit, let lowest):
      """
      requirement '\(requirement)': compression ratio \(Self.text(original / limit, rounded: .toNearestOrEven)) asked \
      (cost \(Self.text(limit)) of \(Self.text(original))), nearest reachable ratio is \
      \(Self.text(CostRange(original: original, lowest: lowest).largestRatio, rounded: .down)) \
      (cost \(Self.text(lowest)), everything admissible removed)
      """
    case .conflictingRequirements(let names):
      "requirements \(names.map { "'\($0)'" }.joined(separator: ", ")): no choice of options found that meets them all"
    case .invalidPlan(let reason): "plan: \(reason)"
    }
  }

  /// A ratio with at most four decimals. Rounded down, the ratio named can itself be asked for.
  private static func text(_ ratio: Double, rounded rule: FloatingPointRoundingRule) -> String {
    guard ratio.magnitude < 1e9 else { return text(ratio) }
    return text((ratio * 1e4).rounded(rule) / 1e4)
  }

  /// Whole numbers without a fraction: most costs are counts.
  private static func text(_ value: Double) -> String {
    guard let whole = Int64(exactly: value), value.magnitude < 1e15 else { return "\(value)" }
    return "\(whole)"
  }
}
