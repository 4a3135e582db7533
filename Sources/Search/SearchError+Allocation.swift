import Allocation
import Configuration

extension SearchError {
  /// An allocator's error; an unreachable requirement in the words of the configuration that asks for it.
  init(_ error: AllocationError, in configuration: SearchConfiguration) {
    guard case .infeasible(let requirement, let original, let limit, let lowest) = error else {
      if case .conflictingRequirements(let names) = error {
        self.init(
          .configuration, file: configuration.file,
          "\(names.joined(separator: " and ")) can each be reached, but not together")
        return
      }
      // Sensitivities too large to be added up are the network's; anything else would be a mistake of this program.
      if case .notFinite = error {
        self.init(.badContent, file: configuration.model.path, "\(error)")
      } else {
        self.init(.program, file: configuration.file, "\(error)")
      }
      return
    }
    let place = requirement.split(separator: " ")[0]
    // What is named as nearest is rounded down, so that it can itself be asked for.
    let range = CostRange(original: original, lowest: lowest)
    let target = configuration.targets.indices.first { index in
      place.hasPrefix(configuration.targets.count == 1 ? "$.target." : "$.target[\(index)].")
    }.map { configuration.targets[$0] }
    let problem: String
    switch target?.bound {
    case .compressionRatio(let asked):
      let nearest = (range.largestRatio * 1e4).rounded(.down) / 1e4
      problem =
        "a compression ratio of \(asked) in \(target?.metric.rawValue ?? "") cannot be reached; with everything "
        + "removed that may go the nearest is \(nearest)"
    case .limit(let asked):
      problem =
        "a limit of \(asked) in \(target?.metric.rawValue ?? "") cannot be reached; with everything removed that "
        + "may go it costs \(lowest)"
    case nil:
      let asked = ((1 - limit / original) * 1e6).rounded() / 1e6
      let nearest = ((1 - lowest / original) * 1e4).rounded(.down) / 1e4
      problem =
        "a sparsity of \(asked) cannot be reached; with everything removed that may go the nearest is \(nearest)"
    }
    let limits = configuration.limitingKeys
    let cause = limits.isEmpty ? "" : "; what may go is limited by \(limits.joined(separator: ", "))"
    self.init(.configuration, file: configuration.file, "\(place): \(problem)\(cause)")
  }
}

extension SearchConfiguration {
  /// The keys that let less of the layers go than their structure does.
  fileprivate var limitingKeys: [String] {
    var keys: [String] = []
    if solver.minChannels > 1 { keys.append("$.solver.min_channels") }
    if solver.channelMultiple > 1 { keys.append("$.solver.channel_multiple") }
    if !solver.channelWidths.isEmpty { keys.append("$.solver.channel_widths") }
    for (index, rule) in layerRules.enumerated() {
      let key: String? =
        switch rule.action {
        case .exclude: "exclude"
        case .fix: "sparsity_per_layer"
        case .search(let most): most < 1 ? "max_sparsity_per_layer" : nil
        case .total(_, let most): most.map { $0 < 1 } ?? false ? "max_sparsity_per_layer" : nil
        }
      if let key { keys.append("$.config_list[\(index)].\(key)") }
    }
    return keys
  }
}
