extension LagrangianModel {
  /// Kept counts and alternatives of labels.
  func choices(_ labels: [Int]) -> (kept: [Int], options: [Int]) {
    ((0..<groupCount).map { problem.groups[$0].ladder[flipped(labels[$0], of: $0)] }, Array(labels[groupCount...]))
  }

  /// The labels of a plan.
  func labels(of plan: AllocationPlan) -> [Int] {
    plan.kept.enumerated().map { group, kept in
      values[group].firstIndex(of: Double(kept)) ?? counts[group] - 1
    } + plan.options
  }

  /// The label of least loss of each variable, the fewest removed where several tie.
  var leastLossLabels: [Int] {
    losses.map { losses in losses.indices.reversed().min { losses[$0] < losses[$1] } ?? 0 }
  }

  /// Rungs of labels.
  func rungs(_ labels: [Int]) -> [Int] { (0..<groupCount).map { flipped(labels[$0], of: $0) } }
}
