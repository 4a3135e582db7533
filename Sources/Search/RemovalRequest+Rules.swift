import Allocation
import Channels
import Configuration
import Sensitivity

extension RemovalDraft {
  /// Removes what entries of a pruning config come to, as a search without a target does.
  mutating func remove(
    _ list: LayerRuleList, _ selection: LayerSelection, _ costs: CostModel, scores: ChannelScores
  ) throws {
    do {
      let space = try SearchSpace(structure, list, selection)
      for refusal in space.refusals {
        // What the entries themselves keep cannot be had in another way.
        guard acceptsFrozen, let reason = structure.layers[refusal.layer].reason else {
          throw space.error(refusal, structure)
        }
        try freezeShare(
          refusal.sparsity, of: refusal.layer, path: "\(list.path)[\(refusal.entry)]", reason: reason.description,
          scores: scores)
      }
      let problem = try space.problem(
        structure, costs, .standard, targets: [], AllocationInput(losses: scores.groups))
      let plan = try GreedyAllocator().allocate(problem)
      for (group, choice) in plan.choices.enumerated() { removed[group] = Set(choice.removed) }
    } catch let error as AllocationError {
      throw SearchError(.badContent, file: file, RemovalDraft.text(error))
    } catch let error as SearchError {
      throw SearchError(.badContent, file: error.file, error.problem)
    }
  }

  /// An allocator's error in the words of the file.
  private static func text(_ error: AllocationError) -> String {
    guard case .infeasible(let requirement, let original, let limit, let lowest) = error else { return "\(error)" }
    let asked = ((1 - limit / original) * 1e6).rounded() / 1e6
    let nearest = ((1 - lowest / original) * 1e4).rounded(.down) / 1e4
    return "\(requirement): a sparsity of \(asked) cannot be reached; with everything removed that may go the nearest "
      + "is \(nearest)"
  }
}
