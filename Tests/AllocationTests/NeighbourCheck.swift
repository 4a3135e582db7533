import Allocation
import Testing

/// Expects that no step of the plan can be given back, and none swapped for a cheaper one of another group.
///
/// Worked out from ladders and costs alone, by trying every step and every pair of steps. A step of negative loss may
/// stay although it is not needed.
func expectNoBetterNeighbour(of plan: AllocationPlan, in problem: AllocationProblem, _ context: String) throws {
  func meetsAll(_ kept: [Int]) -> Bool { problem.requirements.allSatisfy { $0.cost(kept) <= $0.limit } }
  let rungs = try zip(problem.groups, plan.kept).map { try #require($0.ladder.firstIndex(of: $1)) }
  // A step's loss is a difference of prefix sums here, so it carries the rounding of the larger of them.
  let rounding = 1e-12 * problem.groups.reduce(1) { max($0, $1.ladderLosses.map(\.magnitude).max() ?? 0) }
  for (index, group) in problem.groups.enumerated() where rungs[index] > 0 {
    var kept = plan.kept
    kept[index] = group.ladder[rungs[index] - 1]
    let returned = group.ladderLosses[rungs[index]] - group.ladderLosses[rungs[index] - 1]
    #expect(!meetsAll(kept) || returned < 0, "\(context): step of group \(index) given back")
    for (other, neighbour) in problem.groups.enumerated() where other != index {
      guard rungs[other] + 1 < neighbour.ladder.count else { continue }
      let taken = neighbour.ladderLosses[rungs[other] + 1] - neighbour.ladderLosses[rungs[other]]
      guard taken < returned - rounding else { continue }
      var swapped = kept
      swapped[other] = neighbour.ladder[rungs[other] + 1]
      #expect(!meetsAll(swapped), "\(context): step of group \(index) swapped for one of \(other)")
    }
  }
}
