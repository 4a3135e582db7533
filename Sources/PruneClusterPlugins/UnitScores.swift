/// The scores of a criterion: one for each unit of each prunable group.
public struct UnitScores: Hashable, Sendable {
  struct Scored: Hashable, Sendable {
    let index: Int
    let scores: [Double]
  }

  let groups: [Scored]

  /// Asks for the scores of each prunable group.
  /// - Parameters:
  ///   - network: whose groups.
  ///   - scores: gives a finite number for each unit of a group. The lowest go first, and the sum of what goes is minimised.
  /// - Throws: `PluginError` for a wrong number of scores and for a number that is not finite; what `scores` throws.
  public init(of network: PrunableNetwork, by scores: (PrunableNetwork.Group) throws -> [Double]) throws {
    groups = try network.groups.filter(\.isPrunable).map { group in
      let own = try scores(group)
      guard own.count == group.unitCount else {
        throw PluginError(
          .badContent, "expected \(group.unitCount) scores, one per unit of group \(group.index), found \(own.count)")
      }
      if let unit = own.firstIndex(where: { !$0.isFinite }) {
        throw PluginError(.badContent, "the score of unit \(unit) of group \(group.index) is \(own[unit])")
      }
      return Scored(index: group.index, scores: own)
    }
  }
}
