extension SearchConfiguration {
  /// What the cost of the whole network must come down to.
  public struct Target: Hashable, Sendable {
    /// How far.
    public let bound: Bound
    /// The cost. Default: `bitComplexity`.
    public let metric: Metric

    /// How far a cost must come down.
    public enum Bound: Hashable, Sendable {
      /// Cost of the original network ÷ cost of the pruned one is at least this, > 1.
      case compressionRatio(Double)
      /// The pruned network costs at most this, in the metric's unit, > 0.
      case limit(Double)
    }

    /// The ratio, where the target is one.
    public var compressionRatio: Double? {
      if case .compressionRatio(let ratio) = bound { ratio } else { nil }
    }

    /// A target.
    public init(_ bound: Bound, in metric: Metric) {
      self.bound = bound
      self.metric = metric
    }
  }

  /// What is counted as cost.
  public enum Metric: String, CaseIterable, Sendable {
    /// FLOPs × bits of an activation × bits of a weight, summed over layers.
    case bitComplexity = "bit_complexity"
    /// Two per multiply-accumulate.
    case flops
    /// Multiply-accumulates.
    case macs
    /// Weights, biases, and scale and shift of normalisations.
    case params
    /// Bytes of the parameters, weights at their bits.
    case memory
    /// Bytes of the layers' outputs for one sample, at the bits of activations.
    case activationMemory = "activation_memory"
    /// Milliseconds for one sample, by a measured table.
    case latency
  }
}

extension SearchConfiguration.Target {
  static let ratios = Interval(above: 1)
  static let limits = Interval(above: 0)

  /// One target, or a list of them.
  static func targets(_ place: LocatedJSON?) throws(ConfigurationError) -> [Self] {
    guard let place else { return [] }
    guard case .array = place.value else { return [try Self(place)] }
    let elements = try place.elements()
    guard !elements.isEmpty else { throw place.error(expected: "at least one target") }
    var targets: [Self] = []
    for element in elements {
      let target = try Self(element)
      guard !targets.contains(where: { $0.metric == target.metric }) else {
        throw element.error("a second target in \(quoted(target.metric.rawValue))")
      }
      targets.append(target)
    }
    return targets
  }

  private init(_ place: LocatedJSON) throws(ConfigurationError) {
    let members = try place.members(ConfigurationKeys.target, advice: ConfigurationKeys.advice)
    metric = try members["metric"]?.choice() ?? .bitComplexity
    if let limit = members["limit"] {
      if let ratio = members["compression_ratio"] {
        throw ratio.error("\"compression_ratio\" and \"limit\" exclude each other")
      }
      bound = .limit(
        try limit.number(
          expected: "a number greater than 0, what the pruned network may cost", where: Self.limits.contains))
      return
    }
    let ratio = try members.required("compression_ratio")
    let expected = "a number greater than 1 (cost of the original ÷ cost of the pruned network)"
    let asked = try ratio.number(expected: expected)
    guard Self.ratios.contains(asked) else {
      let inverse = 1 / asked
      throw ratio.error(expected: expected)
        .adding(inverse > 1 && inverse.isFinite ? "did you mean 1/\(asked) = \(inverse)?" : nil)
    }
    bound = .compressionRatio(asked)
  }

  /// The target as a configuration has it.
  public var json: JSONValue {
    switch bound {
    case .compressionRatio(let ratio): ["compression_ratio": .number(ratio), "metric": .string(metric.rawValue)]
    case .limit(let limit): ["limit": .number(limit), "metric": .string(metric.rawValue)]
    }
  }
}
