// rounded(_:) is a call into libm on some machines, and this import is what links it.
import Glibc

/// Units that share one decision: how many of them go. Which ones follows from their losses.
public struct ChoiceGroup: Equatable, Sendable {
  /// Name for messages and results.
  public let name: String
  /// Estimated change of the loss if the unit is removed; one finite value per unit, in loss units, of any sign.
  public let losses: [Double]
  /// Partitions of the units whose blocks must lose equally many units: one for each grouped convolution they meet.
  public let partitions: [[[Int]]]
  /// Fewest units the search may keep; a group with no more units than that stays whole.
  public let minimumKept: Int
  /// Most units the search may remove.
  public let maximumRemoved: Int
  /// The search keeps a multiple of this, or all units.
  public let multiple: Int
  /// The only counts that the search may keep beside all units; `nil` for any.
  public let widths: [Int]?
  /// Units that have gone before: every plan removes them. Ascending.
  public let alreadyRemoved: [Int]
  /// Units removed by a decision made by hand; the group then takes no part in the search.
  public let fixedRemoved: Int?

  /// Admissible kept counts, descending: from all units that are left down, or the fixed count alone.
  public let ladder: [Int]
  /// Predicted loss change at each count of `ladder`: the sum of the losses of what is removed there.
  public let ladderLosses: [Double]

  let order: RemovalOrder
  /// Loss of each step from one count of `ladder` to the next.
  let stepLosses: [Double]

  /// - Parameters:
  ///   - losses: at least one; NaN and infinities are refused.
  ///   - partitions: each names every unit once, in equally large blocks. Where there are several, all are kept equally
  ///     full by removing in steps that take a fixed number of units from every set of units that share all their
  ///     blocks: sound, though not every admissible removal is offered.
  ///   - maximumRemoved: `nil` leaves it to `minimumKept`; more than there are units is allowed and means the same.
  ///   - widths: positive counts.
  ///   - alreadyRemoved: units that an earlier plan for the same group has removed.
  ///   - fixedRemoved: bound by `partitions` alone, and by one unit having to stay: what is set by hand overrides
  ///     `minimumKept`, `maximumRemoved` and `multiple`. `fixed(atRatio:)` makes such a count from a ratio.
  public init(
    name: String, losses: [Double], partitions: [[[Int]]] = [], minimumKept: Int = 1, maximumRemoved: Int? = nil,
    multiple: Int = 1, widths: [Int]? = nil, alreadyRemoved: [Int] = [], fixedRemoved: Int? = nil
  ) throws(AllocationError) {
    guard !losses.isEmpty else { throw .invalidGroup(name: name, reason: "no units, expected at least one") }
    for (unit, loss) in losses.enumerated() where !loss.isFinite {
      throw .notFinite(place: "group '\(name)': loss of unit \(unit)", value: loss)
    }
    if let fault = RemovalOrder.fault(in: partitions, unitCount: losses.count) {
      throw .invalidGroup(name: name, reason: fault)
    }
    let counts = [
      ("minimumKept", minimumKept, 1), ("maximumRemoved", maximumRemoved ?? 0, 0), ("multiple", multiple, 1),
    ]
    for (label, count, least) in counts where count < least {
      throw .invalidGroup(name: name, reason: "\(label) is \(count), expected at least \(least)")
    }
    self.name = name
    self.losses = losses
    self.partitions = partitions
    self.minimumKept = minimumKept
    self.maximumRemoved = min(maximumRemoved ?? losses.count, losses.count)
    self.multiple = multiple
    self.widths = widths
    self.alreadyRemoved = alreadyRemoved.sorted()
    self.fixedRemoved = fixedRemoved
    let gone = Set(alreadyRemoved)
    order = RemovalOrder(losses: losses, partitions: partitions, first: gone)
    guard gone == Set(order.units.prefix(alreadyRemoved.count)) else {
      throw .invalidGroup(name: name, reason: "the units removed before are not those of an earlier plan")
    }

    let removals = Self.possibleRemovals(order, unitCount: losses.count)
    if let fixedRemoved {
      guard removals.contains(fixedRemoved) else {
        throw .invalidGroup(
          name: name,
          reason: "\(fixedRemoved) of \(losses.count) units removed by hand, "
            + "expected a multiple of \(order.stride) from 0 to \(removals.last ?? 0)")
      }
      ladder = [losses.count - fixedRemoved]
    } else {
      let fewest = max(minimumKept, losses.count - self.maximumRemoved)
      let most = losses.count - alreadyRemoved.count
      ladder = Self.aligned(removals, unitCount: losses.count, multiple: multiple, widths).filter {
        $0 <= most && ($0 == most || $0 >= fewest)
      }
    }
    guard !ladder.isEmpty else {
      throw .invalidGroup(
        name: name, reason: "\(alreadyRemoved.count) of \(losses.count) units removed before leave no admissible count")
    }
    let sums = Self.sums(of: order, losses: losses, between: ladder)
    stepLosses = Array(sums.dropFirst())
    var removed = 0.0
    ladderLosses = sums.map { sum in
      removed += sum
      return removed
    }
    guard let last = ladderLosses.last, last.isFinite else {
      throw .notFinite(place: "group '\(name)': sum of the losses", value: ladderLosses.last ?? 0)
    }
  }

  /// Number of units before anything is removed.
  public var unitCount: Int { losses.count }

  /// The units in the order in which they go: ascending loss, ties by index, block steps kept together.
  ///
  /// Units that no step can reach without emptying a block are not in it.
  public var removalOrder: [Int] { order.units }

  /// The units to remove so that `kept` remain, ascending.
  /// - Precondition: `kept` is on the ladder.
  public func removedUnits(keeping kept: Int) -> [Int] {
    precondition(ladder.contains(kept), "a kept count must be on the ladder")
    return order.units.prefix(unitCount - kept).sorted()
  }

  /// This group with a prune ratio set by hand, out of the search.
  ///
  /// Removes round(units × ratio), ties to even, or the next smaller number that the partitions, `multiple` and one
  /// unit staying allow: 20 units at 0.25 keep 15, and 16 where 16 is the multiple.
  /// - Parameter ratio: removed ÷ all units, from 0 to below 1.
  public func fixed(atRatio ratio: Double) throws(AllocationError) -> ChoiceGroup {
    guard ratio >= 0, ratio < 1 else {
      throw .invalidGroup(name: name, reason: "prune ratio \(ratio), expected 0 or more and less than 1")
    }
    let wanted = unitCount - Int((Double(unitCount) * ratio).rounded(.toNearestOrEven))
    let removals = Self.possibleRemovals(order, unitCount: unitCount)
    let counts = Self.aligned(removals, unitCount: unitCount, multiple: multiple, widths)
    let kept = counts.last { $0 >= wanted } ?? unitCount
    return try ChoiceGroup(
      name: name, losses: losses, partitions: partitions, minimumKept: minimumKept, maximumRemoved: maximumRemoved,
      multiple: multiple, widths: widths, alreadyRemoved: alreadyRemoved, fixedRemoved: unitCount - kept)
  }

  /// The most units that may go under a largest prune ratio: units × ratio, rounded down.
  ///
  /// A product that misses a whole number by rounding alone counts as that number: 0.29 of 100 is 29.
  /// - Parameter ratio: removed ÷ all units; brought into 0 … 1, NaN counts as 0.
  public static func mostRemoved(of unitCount: Int, atRatio ratio: Double) -> Int {
    guard ratio > 0 else { return 0 }
    let product = Double(unitCount) * min(ratio, 1)
    let nearest = product.rounded()
    return Int((product - nearest).magnitude <= product * 1e-12 ? nearest : product.rounded(.down))
  }

  /// What the partitions allow, ascending, with at least one unit staying.
  private static func possibleRemovals(_ order: RemovalOrder, unitCount: Int) -> [Int] {
    Array(stride(from: 0, through: min(order.units.count, unitCount - 1), by: order.stride))
  }

  /// The kept counts that are multiples and widths, and all units; descending.
  private static func aligned(_ removals: [Int], unitCount: Int, multiple: Int, _ widths: [Int]?) -> [Int] {
    removals.map { unitCount - $0 }.filter { kept in
      kept == unitCount || (kept.isMultiple(of: multiple) && widths?.contains(kept) ?? true)
    }
  }

  /// For each count of the ladder the losses of the units that go between the count before it and this one.
  private static func sums(of order: RemovalOrder, losses: [Double], between ladder: [Int]) -> [Double] {
    var removed = 0
    return ladder.map { kept in
      let units = order.units[removed..<losses.count - kept]
      removed = losses.count - kept
      return units.reduce(0) { $0 + losses[$1] }
    }
  }
}
