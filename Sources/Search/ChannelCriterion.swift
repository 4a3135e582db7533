public import Channels
public import Networks
public import Sensitivity

/// What decides which channels go where only their number is given; as the command line spells it.
public enum ChannelCriterion: String, Hashable, Sendable, CaseIterable {
  /// The sensitivities that a search has stored.
  case sensitivity
  /// The sum of the magnitudes of a channel's weights.
  case l1
  /// The root of the sum of their squares.
  case l2
  /// The distances of a channel's weights to those of the layer's other channels.
  case geometricMedian = "geometric_median"
  /// The scale of the normalisation behind.
  case normalizationScale = "bn_scale"
  /// What a channel counts for the outputs, passed back through the magnitudes of the weights.
  case nisp

  /// What holds where nothing is asked for: sensitivities where some are stored, else `l2`.
  public static func standard(isStored: Bool) -> ChannelCriterion { isStored ? .sensitivity : .l2 }

  /// The scores of a network's channels.
  ///
  /// - Parameters:
  ///   - network: the analysed network, normalisations not folded.
  ///   - structure: what it was analysed to.
  ///   - stored: the path of the `sensitivities.npz` that `sensitivity` reads.
  /// - Throws: when there is none, or one of another network.
  public func scores(
    of network: Network, _ structure: ChannelStructure, stored: String?
  ) throws -> ChannelScores {
    switch self {
    case .sensitivity:
      guard let stored else {
        throw SearchError(
          .cannotBeRead, file: StoredSensitivities.fileName,
          "the criterion 'sensitivity' needs the sensitivities of a search, expected that file beside the ratios")
      }
      return try StoredSensitivities(reading: stored, for: structure).scores
    case .l1: return try ChannelScores(.l1, of: network, structure)
    case .l2: return try ChannelScores(.l2, of: network, structure)
    case .geometricMedian: return try ChannelScores(.geometricMedian, of: network, structure)
    case .normalizationScale: return try ChannelScores(.normalizationScale, of: network, structure)
    case .nisp: return try ChannelScores(.nisp, of: network, structure)
    }
  }
}
