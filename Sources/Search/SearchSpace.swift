import Allocation
public import Channels
public import Configuration

/// What the search may decide: the policy of every channel group, from the structure and from `config_list`.
struct SearchSpace {
  /// What may happen to one group.
  enum Choice: Hashable {
    /// It stays whole.
    case stays(String)
    /// A share of its units goes, decided by hand.
    case fixed(Double)
    /// The solver decides; at most this share goes.
    case searched(maxSparsity: Double?)
  }

  /// By group.
  let choices: [Choice]
  /// What `config_list` says of each layer.
  let selection: LayerSelection

  /// Brings together what the layers of each group are allowed.
  ///
  /// A group takes the strictest word of its layers: one that stays keeps the whole group, a ratio set by hand decides
  /// for all, and of several limits the smallest holds.
  init(_ structure: ChannelStructure, _ configuration: SearchConfiguration) throws {
    let layers = structure.layers
    let selection = try configuration.selection(of: layers.map(\.identity))
    self.selection = selection
    var choices: [Choice] = []
    for group in structure.groups {
      let nodes = Set(group.members.filter { $0.role == .produce || $0.role == .pass }.map(\.node))
      let members = layers.indices.filter { nodes.contains(layers[$0].node) }
      choices.append(try SearchSpace.choice(group, members, layers, selection, configuration))
    }
    self.choices = choices
    // A ratio by hand for a layer that cannot lose channels would silently do nothing.
    for (index, layer) in layers.enumerated() {
      guard case .fixed(let sparsity) = selection.policies[index], sparsity > 0, let entry = selection.owners[index],
        !configuration.layerRules[entry].opNames.isEmpty
      else { continue }
      let groups = Set(layer.outputUnits.compactMap { $0?.group }).sorted()
      let reasons = groups.compactMap { group -> String? in
        if case .stays(let reason) = choices[group] { return reason }
        return nil
      }
      guard let reason = layer.reason?.description ?? reasons.first else { continue }
      throw SearchError(
        .configuration, file: configuration.file,
        "$.config_list[\(entry)]: asks for sparsity \(sparsity) of '\(layer.name)', which cannot lose channels: \(reason)"
      )
    }
  }

  private static func choice(
    _ group: ChannelGroup, _ members: [Int], _ layers: [Layer], _ selection: LayerSelection,
    _ configuration: SearchConfiguration
  ) throws -> Choice {
    if let reason = group.reason { return .stays(reason.description) }
    var limit: (sparsity: Double, layer: Int)?
    var fixed: (sparsity: Double, layer: Int)?
    var stays: String?
    func restrict(_ sparsity: Double?, _ layer: Int) {
      guard let sparsity, sparsity < limit?.sparsity ?? .infinity else { return }
      limit = (sparsity, layer)
    }
    for member in members {
      switch selection.policies[member] {
      case .excluded:
        let cause = selection.owners[member] == nil ? "not selected by config_list" : "excluded by config_list"
        let shared = "'\(layers[member].name)', which has the same channels, is \(cause)"
        stays = stays ?? (members.count == 1 ? cause : shared)
      case .fixed(let sparsity):
        if let fixed, fixed.sparsity != sparsity {
          throw conflict(
            "'\(layers[fixed.layer].name)' and '\(layers[member].name)' share their channels, but are given the "
              + "sparsities \(fixed.sparsity) and \(sparsity)", configuration)
        }
        fixed = (sparsity, member)
      case .searched(let maxSparsity): restrict(maxSparsity, member)
      case .total(let position): restrict(selection.totals[position].maxSparsity, member)
      }
    }
    if let fixed, let limit, fixed.sparsity > limit.sparsity {
      throw conflict(
        "'\(layers[fixed.layer].name)' and '\(layers[limit.layer].name)' share their channels, but the one is given the "
          + "sparsity \(fixed.sparsity) and the other at most \(limit.sparsity)", configuration)
    }
    if let stays { return .stays(stays) }
    return fixed.map { .fixed($0.sparsity) } ?? .searched(maxSparsity: limit?.sparsity)
  }

  private static func conflict(_ problem: String, _ configuration: SearchConfiguration) -> SearchError {
    SearchError(.configuration, file: configuration.file, "$.config_list: \(problem)")
  }

  /// The problem that an allocator solves for given sensitivities of the units, by group.
  func problem(
    _ structure: ChannelStructure, _ costs: CostModel, _ configuration: SearchConfiguration, losses: [[Double]]
  ) throws(AllocationError) -> AllocationProblem {
    var groups: [ChoiceGroup] = []
    for (group, choice) in zip(structure.groups, choices) {
      groups.append(try choiceGroup(group, choice, configuration.solver, losses[group.id]))
    }
    var requirements: [Requirement] = []
    if let target = configuration.target {
      let metric = CostMetric(target.metric)
      requirements.append(
        try Requirement(
          name: "$.target.compression_ratio in \(metric.rawValue)", terms: costs.terms(metric),
          compressionRatio: target.compressionRatio, groups: groups))
    }
    for total in selection.totals {
      let terms = total.layers.map { index in costs.layers[index].weightsByOutput(full: costs.unitCounts) }
      requirements.append(
        try Requirement(
          name: "$.config_list[\(total.entry)].total_sparsity", terms: terms, sparsity: total.sparsity, groups: groups))
    }
    return try AllocationProblem(groups: groups, requirements: requirements)
  }

  private func choiceGroup(
    _ group: ChannelGroup, _ choice: Choice, _ solver: SearchConfiguration.Solver, _ losses: [Double]
  ) throws(AllocationError) -> ChoiceGroup {
    let name = group.members.first?.name ?? "\(group.id)"
    switch choice {
    case .stays: return try ChoiceGroup(name: name, losses: losses, partitions: group.partitions, fixedRemoved: 0)
    case .fixed(let sparsity):
      let whole = try ChoiceGroup(
        name: name, losses: losses, partitions: group.partitions, minimumKept: solver.minChannels,
        multiple: solver.channelMultiple)
      return try whole.fixed(atRatio: sparsity)
    case .searched(let maxSparsity):
      return try ChoiceGroup(
        name: name, losses: losses, partitions: group.partitions, minimumKept: solver.minChannels,
        maximumRemoved: maxSparsity.map { ChoiceGroup.mostRemoved(of: group.unitCount, atRatio: $0) },
        multiple: solver.channelMultiple)
    }
  }
}

extension Layer {
  /// What the configuration calls it.
  public var identity: LayerIdentity { LayerIdentity(name: name, opType: opType, weight: weight) }
}

extension CostMetric {
  /// The metric that a configuration asks for.
  init(_ metric: SearchConfiguration.Metric) {
    switch metric {
    case .bitComplexity: self = .bitComplexity
    case .flops: self = .flops
    case .macs: self = .macs
    case .params: self = .params
    }
  }
}

extension CostModel {
  /// The whole network's cost in a metric as products of kept counts.
  func terms(_ metric: CostMetric) -> [CostTerm] {
    var terms: [CostTerm] = []
    for (layer, bits) in zip(layers, bits) {
      // Divided last, once: with a group count that is no power of two, a quotient in between would round, and costs that
      // meet the target exactly would miss it by a hair.
      let factor: Int
      switch metric {
      case .bitComplexity: factor = 2 * layer.positions * bits.activation * bits.weight
      case .flops: factor = 2 * layer.positions
      case .macs: factor = layer.positions
      case .params: factor = 1
      }
      let coefficient = Double(layer.kernelElements * factor) / Double(layer.divisor)
      terms.append(CostTerm(coefficient: coefficient, left: layer.inputs.form, right: layer.outputs.form))
      if metric == .params, layer.hasBias { terms.append(CostTerm(coefficient: 1, left: layer.outputs.form)) }
    }
    if metric == .params {
      terms += norms.map { CostTerm(coefficient: Double($0.parametersPerChannel), left: $0.channels.form) }
    }
    return terms
  }
}

extension LayerCost {
  /// The layer's weights as NNI masks them: output channels go, input channels do not count.
  func weightsByOutput(full: [Int]) -> CostTerm {
    CostTerm(
      coefficient: Double(kernelElements * inputs.count(kept: full)) / Double(divisor), left: outputs.form)
  }
}

extension KeptChannels {
  /// The same sum for an allocator.
  fileprivate var form: LinearForm {
    LinearForm(
      constant: Double(constant),
      terms: perUnit.map { LinearForm.Part(group: $0.group, perUnit: Double($0.channels)) })
  }
}
