import Allocation
public import Channels
public import Configuration
public import Sensitivity

/// What is to be removed from one network: a `RatioFile` brought to its channel units.
public struct RemovalRequest: Hashable, Sendable {
  /// By group id the units that go. Of every layer a channel stays, and every block of a partition loses equally many.
  public let removed: [Set<Int>]

  /// Channels that are asked for and cannot go; none unless the caller can do without them in another way.
  public let frozen: [FrozenChannels]

  /// Channels of one layer that its consumers are to do without, though the layer goes on making them.
  public struct FrozenChannels: Hashable, Sendable {
    /// Index into `ChannelStructure.layers`.
    public let layer: Int
    /// Its output channels, ascending; one at least is not among them.
    public let channels: [Int]
    /// Why they stay, for people.
    public let reason: String
  }

  /// Brings a file to the units of a network.
  ///
  /// - Channels of a `ratios.json` have to be complete: whatever goes with a listed channel is listed too. Channels by
  ///   hand are completed: a channel takes its whole unit.
  /// - Ratios: a group loses round(units × ratio) units, or the next smaller number that grouped convolutions allow, those
  ///   of the lowest scores first. Layers that share their channels must not be given different ratios; one that the file
  ///   does not name follows those that it does. The ratio of a layer counts all its channels: where some cannot go, or
  ///   belong to groups whose ratio other layers settle, the others make up for them.
  /// - Entries of a pruning config mean what they mean in `config_list`, without a target: a layer that no entry selects
  ///   stays as it is, and so does what shares its channels.
  ///
  /// - Parameters:
  ///   - structure: of the network as imported.
  ///   - costs: what its layers cost; `total_sparsity` is chosen by it.
  ///   - scores: called once where channels have to be chosen, not where the file lists them.
  ///   - acceptsFrozen: whether channels that cannot go are given in `frozen` instead of being an error.
  /// - Throws: `SearchError` with the place in the file; or what `scores` throws.
  public init(
    _ file: RatioFile, for structure: ChannelStructure, _ costs: CostModel, acceptsFrozen: Bool = false,
    scores: () throws -> ChannelScores
  ) throws {
    var draft = RemovalDraft(file: file.file, structure: structure, acceptsFrozen: acceptsFrozen)
    let layers = structure.layers.map(\.identity)
    do {
      switch file.content {
      case .result(let entries): try draft.remove(complete: file.matched(entries, to: layers))
      case .channels(let entries): try draft.remove(completing: file.matched(entries, to: layers))
      case .ratios(let entries):
        try draft.remove(file.matched(entries, to: layers), scores: RemovalRequest.checked(scores(), structure))
      case .rules(let list):
        let selection = try list.selection(of: layers, isTargetGiven: false)
        try draft.remove(list, selection, costs, scores: RemovalRequest.checked(scores(), structure))
      }
      try draft.checkWhole()
    } catch let error as ConfigurationError {
      throw SearchError(.badContent, file: error.file, "\(error.path): \(error.problem)")
    }
    removed = draft.removed
    frozen = draft.frozenChannels
  }

  private static func checked(_ scores: ChannelScores, _ structure: ChannelStructure) -> ChannelScores {
    precondition(
      scores.layers.map(\.count) == structure.layers.map(\.outputs)
        && scores.groups.map(\.count) == structure.groups.map(\.unitCount), "scores of another network")
    return scores
  }
}

extension RatioFile {
  /// What a file holds.
  /// - Throws: `SearchError` when it cannot be read, or with the place in it that is wrong.
  public static func read(_ path: String) throws -> RatioFile {
    let bytes = try FileHandleReader.contents(of: path, limit: SearchRun.configurationSizeLimit)
    do {
      return try RatioFile(parsing: bytes, file: path)
    } catch {
      throw SearchError(.badContent, file: path, "\(error.path): \(error.problem)")
    }
  }
}
