extension PrunableNetwork {
  /// What a search measures for a criterion: arrays with a row for each shard of the calibration data, a batch as a rule.
  public enum Quantity: String, CaseIterable, Sendable {
    /// By channel the mean of |a| behind the activation function, over a row's samples and all positions.
    case meanMagnitude = "mean_magnitude"
    /// By channel the share of a ≠ 0.
    case nonzeroShare = "nonzero_share"
    /// By channel Σ t over a row's samples; t = Σ a·∂L/∂a over positions, L being the loss of one sample. To first order the
    /// loss changes by −t when the channel goes.
    case channelSums = "channel_sums"
    /// By channel Σ t².
    case channelSquares = "channel_squares"
    /// By unit Σ t, t being summed over all channels that make the unit.
    case unitSums = "unit_sums"
    /// By unit Σ t².
    case unitSquares = "unit_squares"

    /// The entry of `inputs` in the configuration that has it measured, and the key that it stands under.
    package var input: String {
      switch self {
      case .meanMagnitude, .nonzeroShare: "activations"
      case .channelSums, .channelSquares, .unitSums, .unitSquares: "gradients"
      }
    }

    /// Whether its columns are units; they are channels else.
    var isByUnit: Bool { self == .unitSums || self == .unitSquares }

    /// Whether a row holds means over its samples; it holds sums else.
    var holdsMeans: Bool { input == "activations" }
  }

  /// How many columns arrays by channel have.
  public var channelCount: Int { layers.reduce(0) { $0 + $1.outputs } }

  /// How many columns arrays by unit have.
  public var unitCount: Int { groups.reduce(0) { $0 + $1.unitCount } }

  /// How many samples were run; 0 where nothing was measured.
  public var sampleCount: Int { rowSamples.reduce(0, +) }

  /// A measured array: rows × channels or rows × units.
  /// - Throws: `PluginError` when the configuration does not ask for it in `inputs`.
  public func rows(of quantity: Quantity) throws(PluginError) -> StoredArray {
    guard let array = measured[quantity] else {
      // With "error: " in front no more than the 80 letters that the search repeats.
      throw PluginError(
        .configuration, "\(quantity.rawValue) is not measured: add \"\(quantity.input)\" to $.sensitivity.inputs")
    }
    return array
  }

  /// What was measured, as a mean over all samples: of Σ t the mean of t, of a mean the mean weighted by samples.
  /// - Returns: one value per channel or unit.
  /// - Throws: `PluginError` when the configuration does not ask for it in `inputs`, or its file cannot be read.
  public func mean(of quantity: Quantity) throws(PluginError) -> [Double] {
    let array = try rows(of: quantity)
    var sums = [Double](repeating: 0, count: array.rowLength)
    for (row, samples) in rowSamples.enumerated() {
      let weight = quantity.holdsMeans ? Double(samples) : 1
      for (column, value) in zip(sums.indices, try array.doubles(in: row..<row + 1)) { sums[column] += weight * value }
    }
    return sums.map { $0 / Double(sampleCount) }
  }
}
