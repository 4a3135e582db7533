extension SearchConfiguration {
  /// The data on which the sensitivities are measured.
  public struct Calibration: Hashable, Sendable {
    /// The samples.
    public let data: SampleData
    /// Samples per batch; the last batch may be shorter. Default: 32.
    public let batchSize: Int

    /// The inputs that arrays feed, in the order of their names' bytes.
    public var inputs: [SampleData.Input] { data.inputs }
    /// The classes, or with `mse` the values, that the outputs should have.
    public var labels: ArrayReference? { data.labels }
    /// How many samples are used, of arrays from the first on; `nil` for all.
    public var samples: Int? { data.samples }
  }
}

extension SearchConfiguration.Calibration {
  init(_ place: LocatedJSON, relativeTo directory: String) throws(ConfigurationError) {
    let members = try place.members(ConfigurationKeys.calibration, advice: ConfigurationKeys.advice)
    data = try SearchConfiguration.SampleData(members, relativeTo: directory)
    batchSize = try members["batch_size"]?.integer(in: SearchConfiguration.SampleData.counts) ?? 32
  }

  var json: JSONValue { .object(data.json(batchSize: batchSize)) }
}

extension SearchConfiguration {
  /// Samples per batch; 1 where there are none.
  public var batchSize: Int { calibration?.batchSize ?? 1 }

  /// What cannot be had without calibration samples, as an error says it; `nil` where all can.
  var needForSamples: String? {
    if !sensitivity.isOfWeights {
      return "the criterion \(quoted(sensitivity.method.rawValue)) needs samples; "
        + "criteria of weights, like \"l1\", need none"
    }
    if !bits.search.isEmpty { return "$.bits.search needs samples" }
    if solver.method == .measured { return "$.solver.method \"measured\" needs samples" }
    if comparison != nil { return "$.compare needs samples" }
    return evaluation == nil ? nil : "$.evaluation is run in batches of its \"batch_size\""
  }
}
