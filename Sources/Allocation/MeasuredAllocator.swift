/// Removes from every group as much as keeps its measured score above a floor that all groups share.
///
/// A group has candidates: kept counts whose score has been measured with this group alone pruned. For a floor, it goes
/// from its mildest candidate down and stops in front of the first whose score is below; if already the mildest is, the
/// group stays whole. The highest floor at which every requirement is met is found by bisection over the scores
/// themselves. Of the steps that this floor allows and the next higher one does not, those of the first groups are taken
/// until all requirements are met; then steps that are not needed are given back, the one of the lowest score first.
///
/// The result meets every requirement exactly, and to give back a step of any group would break one. After the greedy
/// compression-ratio selection of AIMET, which ends its bisection within a tolerance of the target and may miss it.
public struct MeasuredAllocator: Allocator {
  /// The name in plans and configs.
  public static let method = "measured"

  /// A kept count with its score.
  public struct Candidate: Equatable, Sendable {
    /// Units kept, on the group's ladder, fewer than all.
    public let kept: Int
    /// What the network with this group alone so pruned is worth; larger is better.
    public let score: Double

    /// A kept count with its score.
    public init(kept: Int, score: Double) {
      self.kept = kept
      self.score = score
    }
  }

  /// The score of the network as it is.
  public let originalScore: Double
  /// By group of the problem its candidates, the mildest first; none for a group that stays as it is.
  public let candidates: [[Candidate]]

  /// An allocator that goes by measured scores.
  /// - Parameter isFitted: whether the scores of each group are replaced by their isotonic regression over the kept
  ///   counts, so that they never rise where fewer are kept.
  public init(originalScore: Double, candidates: [[Candidate]], isFitted: Bool = false) {
    self.originalScore = originalScore
    self.candidates = isFitted ? candidates.map(Self.fitted) : candidates
  }

  private static func fitted(_ candidates: [Candidate]) -> [Candidate] {
    let ascending = Array(candidates.reversed())
    let fit = IsotonicRegression.nonDecreasing(ascending.map(\.score))
    return zip(ascending, fit).map { Candidate(kept: $0.kept, score: $1) }.reversed()
  }

  /// The kept counts at which a group is measured, the mildest first: for the ratios i ÷ `count`, i = count − 1 … 1, the
  /// next admissible count that is at least units × ratio, each once. None for a group set by hand.
  /// - Parameter count: at least 2.
  public static func keptCounts(of group: ChoiceGroup, candidates count: Int) -> [Int] {
    guard group.fixedRemoved == nil else { return [] }
    var counts: [Int] = []
    for ratio in (1..<count).reversed() {
      let next = group.ladder.last { Double($0) * Double(count) >= Double(group.unitCount) * Double(ratio) }
      if let next, next < counts.last ?? group.unitCount { counts.append(next) }
    }
    return counts
  }

  /// Throws `infeasible`, for the first requirement that stays missed with every group at its smallest candidate: what
  /// can be told before anything is measured.
  /// - Parameter count: of candidates, as `keptCounts(of:candidates:)` takes it.
  public static func checkReachable(_ problem: AllocationProblem, candidates count: Int) throws(AllocationError) {
    try checkReachable(
      problem, least: problem.groups.map { keptCounts(of: $0, candidates: count).last ?? $0.ladder[0] })
  }

  private static func checkReachable(_ problem: AllocationProblem, least: [Int]) throws(AllocationError) {
    let whole = problem.groups.map(\.unitCount)
    for requirement in problem.requirements where requirement.cost(least) > requirement.limit {
      throw .infeasible(
        requirement: requirement.name, original: requirement.cost(whole), limit: requirement.limit,
        lowest: requirement.cost(least))
    }
  }

  /// The plan of the highest floor that meets every requirement.
  ///
  /// Its loss changes are sums of measured ones: by how much each group's candidate, alone, scores below the original, in
  /// the unit of the scores; nothing for groups set by hand, which are not measured.
  /// - Throws: `infeasible` when a requirement stays missed with every group at its smallest candidate; `invalidPlan`
  ///   when the candidates are not this problem's.
  public func allocate(_ problem: AllocationProblem) throws(AllocationError) -> AllocationPlan {
    try check(problem)
    try Self.checkReachable(problem, least: zip(problem.groups, candidates).map { $1.last?.kept ?? $0.ladder[0] })
    var walk = ScoreWalk(problem, candidates)
    if !walk.meetsAll { walk.descend() }
    walk.giveBack()
    let plan = try AllocationPlan(for: problem, kept: walk.kept, method: Self.method)
    let changes = walk.steps.indices.map { group in
      let step = walk.steps[group]
      return step == 0 ? 0 : originalScore - candidates[group][step - 1].score
    }
    return AllocationPlan(plan, lossChanges: changes)
  }

  private func check(_ problem: AllocationProblem) throws(AllocationError) {
    guard candidates.count == problem.groups.count else {
      throw .invalidPlan(reason: "candidates of \(candidates.count) groups for \(problem.groups.count)")
    }
    guard originalScore.isFinite else { throw .notFinite(place: "score of the original", value: originalScore) }
    for (group, own) in zip(problem.groups, candidates) {
      var last = group.ladder[0]
      for candidate in own {
        guard candidate.score.isFinite else {
          throw .notFinite(place: "group '\(group.name)': score at \(candidate.kept) kept", value: candidate.score)
        }
        guard candidate.kept < last, group.ladder.contains(candidate.kept) else {
          throw .invalidPlan(
            reason: "group '\(group.name)' has a candidate that keeps \(candidate.kept), expected an admissible count "
              + "below \(last)")
        }
        last = candidate.kept
      }
    }
  }
}

/// How far every group has gone along its candidates.
private struct ScoreWalk {
  private let requirements: [Requirement]
  /// By group what is kept after so many steps.
  private let counts: [[Int]]
  /// By group the score of each step.
  private let scores: [[Double]]
  /// Steps taken, by group.
  private(set) var steps: [Int]
  /// Units kept, by group.
  private(set) var kept: [Int]

  init(_ problem: AllocationProblem, _ candidates: [[MeasuredAllocator.Candidate]]) {
    requirements = problem.requirements
    counts = zip(problem.groups, candidates).map { [$0.ladder[0]] + $1.map(\.kept) }
    scores = candidates.map { $0.map(\.score) }
    steps = [Int](repeating: 0, count: counts.count)
    kept = counts.map { $0[0] }
  }

  var meetsAll: Bool { requirements.allSatisfy { $0.cost(kept) <= $0.limit } }

  /// Goes down to the highest floor at which every requirement is met, and at that floor no further than needed.
  /// - Precondition: some floor meets them.
  mutating func descend() {
    let descending = Set(scores.joined()).sorted(by: >)
    var (low, high) = (0, descending.count - 1)
    while low < high {
      let middle = (low + high) / 2
      set(steps(above: descending[middle]))
      if meetsAll { high = middle } else { low = middle + 1 }
    }
    let goal = steps(above: descending[low])
    set(low == 0 ? [Int](repeating: 0, count: steps.count) : steps(above: descending[low - 1]))
    for group in goal.indices {
      while steps[group] < goal[group], !meetsAll { set(steps[group] + 1, of: group) }
    }
  }

  /// Takes back every step that is not needed, the one of the lowest score first, ties by group.
  mutating func giveBack() {
    // What cannot be given back now cannot be later: the others only grow meanwhile.
    var open = steps.indices.filter { steps[$0] > 0 }
    while let group = open.min(by: { score(of: $0) < score(of: $1) }) {
      set(steps[group] - 1, of: group)
      let isNeeded = !meetsAll
      if isNeeded { set(steps[group] + 1, of: group) }
      if isNeeded || steps[group] == 0 { open.removeAll { $0 == group } }
    }
  }

  /// The score at which a group stands. - Precondition: it has taken a step.
  private func score(of group: Int) -> Double { scores[group][steps[group] - 1] }

  private func steps(above floor: Double) -> [Int] {
    scores.map { scores in scores.prefix { $0 >= floor }.count }
  }

  private mutating func set(_ steps: [Int]) {
    for group in steps.indices { set(steps[group], of: group) }
  }

  private mutating func set(_ step: Int, of group: Int) {
    steps[group] = step
    kept[group] = counts[group][step]
  }
}

extension AllocationPlan {
  /// A plan with other loss changes than the sums of its units' losses.
  fileprivate init(_ plan: AllocationPlan, lossChanges: [Double]) {
    choices = zip(plan.choices, lossChanges).map { choice, change in
      Choice(
        name: choice.name, unitCount: choice.unitCount, kept: choice.kept, removed: choice.removed, lossChange: change,
        isFixed: choice.isFixed)
    }
    outcomes = plan.outcomes
    predictedLossChange = lossChanges.reduce(0, +)
    method = plan.method
    options = plan.options
    lowerBound = nil
    prices = []
  }
}
