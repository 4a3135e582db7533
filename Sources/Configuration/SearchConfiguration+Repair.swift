extension SearchConfiguration {
  /// How a pruned network is repaired without training; `"none"` in the file turns all of it off.
  public struct Repair: Hashable, Sendable {
    /// Whether the mean of what removed channels gave is added to the next layer's bias.
    public let biasCorrection: Bool
    /// How weights are fitted to the outputs of the original network.
    public let reconstruction: Reconstruction
    /// Whether the statistics of normalisations are measured anew.
    public let batchNormAdaptation: Bool
    /// Share of the calibration samples that decides whether a repair is kept, 0 ≤ h < 1; with 0 every repair is kept.
    public let heldOut: Double
    /// What is added to the diagonal of a layer's Gram matrix, as a share of the diagonal's mean; ≥ 0.
    public let ridge: Double
    /// The most equations that one layer is fitted with.
    public let rows: Int

    /// How weights are fitted.
    public enum Reconstruction: String, CaseIterable, Sendable {
      /// Layer after layer, each with inputs from the network as pruned and repaired so far.
      case sequential
      /// All layers at once, with inputs from the pruned network.
      case onePass = "one_pass"
      /// Not at all.
      case none
    }

    /// What holds where the file says nothing.
    public static let standard = Repair(
      biasCorrection: true, reconstruction: .sequential, batchNormAdaptation: true, heldOut: 0.25, ridge: 0.1,
      rows: 20_000)

    /// No repair.
    public static let none = Repair(
      biasCorrection: false, reconstruction: .none, batchNormAdaptation: false, heldOut: standard.heldOut,
      ridge: standard.ridge, rows: standard.rows)

    /// Whether nothing is repaired.
    public var isNone: Bool { !biasCorrection && reconstruction == .none && !batchNormAdaptation }
  }

  /// How a pruned network is made and checked.
  public struct Apply: Hashable, Sendable {
    /// The largest relative difference between the pruned network and the masked original that passes; > 0.
    public var tolerance: Double
    /// Random samples that the two are compared on, beside the calibration data.
    public let probes: Int
    /// Whether a Gather may stand in front of a layer that is to lose inputs whose producer cannot lose them.
    public let gatherInputs: Bool

    /// What holds where the file says nothing.
    public static let standard = Apply(tolerance: 1e-4, probes: 64, gatherInputs: false)
  }
}

extension SearchConfiguration.Repair {
  static let shares = Interval(from: 0, below: 1)
  static let ridges = Interval(from: 0)

  /// - Parameter hasSamples: whether there are calibration samples, without which nothing is repaired.
  init(_ place: LocatedJSON?, hasSamples: Bool) throws(ConfigurationError) {
    let standard = Self.standard
    guard let place else {
      self = hasSamples ? standard : .none
      return
    }
    if place.value == "none" {
      self = .none
      return
    }
    guard case .object = place.value else { throw place.error(expected: "an object, or \"none\" for no repair") }
    let members = try place.members(ConfigurationKeys.repair, advice: ConfigurationKeys.advice)
    biasCorrection = try members["bias_correction"]?.boolean() ?? standard.biasCorrection
    reconstruction = try members["reconstruction"]?.choice() ?? standard.reconstruction
    batchNormAdaptation = try members["batch_norm_adaptation"]?.boolean() ?? standard.batchNormAdaptation
    heldOut =
      try members["held_out"]?.number(expected: "a number from 0 to less than 1", where: Self.shares.contains)
      ?? standard.heldOut
    ridge =
      try members["ridge"]?.number(expected: "a number of at least 0", where: Self.ridges.contains) ?? standard.ridge
    rows = try members["rows"]?.integer(in: SearchConfiguration.SampleData.counts) ?? standard.rows
    guard hasSamples || isNone else {
      throw place.error("a repair is fitted to the samples of $.calibration, and there are none: expected \"none\"")
    }
  }

  var json: JSONValue {
    [
      "bias_correction": .boolean(biasCorrection),
      "reconstruction": .string(reconstruction.rawValue),
      "batch_norm_adaptation": .boolean(batchNormAdaptation),
      // Adding zero turns -0.0 into 0.0.
      "held_out": .number(heldOut + 0),
      "ridge": .number(ridge + 0),
      "rows": .integer(rows),
    ]
  }
}

extension SearchConfiguration.Apply {
  static let tolerances = Interval(above: 0, below: 1)
  static let probeCounts = 0...(1 << 20)

  init(_ place: LocatedJSON?) throws(ConfigurationError) {
    let members = try place?.members(ConfigurationKeys.apply, advice: ConfigurationKeys.advice)
    let standard = Self.standard
    tolerance =
      try members?["tolerance"]?.number(
        expected: "a number greater than 0 and less than 1", where: Self.tolerances.contains)
      ?? standard.tolerance
    probes = try members?["probes"]?.integer(in: Self.probeCounts) ?? standard.probes
    gatherInputs = try members?["gather_inputs"]?.boolean() ?? standard.gatherInputs
  }

  var json: JSONValue {
    ["tolerance": .number(tolerance), "probes": .integer(probes), "gather_inputs": .boolean(gatherInputs)]
  }
}
