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
      guard case .fixed(let sparsity) = selection.policies[index], sparsity > 0, let reason = layer.reason else {
        continue
      }
      let entry = selection.owners[index] ?? 0
      guard configuration.layerRules[entry].opNames.isEmpty == false else { continue }
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
    var limit: Double?
    var fixed: (sparsity: Double, layer: Int)?
    for member in members {
      func coupled(_ what: String) -> String {
        members.count == 1 ? what : "\(what) ('\(layers[member].name)' shares these channels)"
      }
      switch selection.policies[member] {
      case .excluded:
        return .stays(
          coupled(selection.owners[member] == nil ? "not selected by config_list" : "excluded by config_list"))
      case .fixed(let sparsity):
        if let fixed, fixed.sparsity != sparsity {
          throw SearchError(
            .configuration, file: configuration.file,
            "$.config_list: '\(layers[fixed.layer].name)' and '\(layers[member].name)' share their channels, but are given "
              + "the sparsities \(fixed.sparsity) and \(sparsity)")
        }
        fixed = (sparsity, member)
      case .searched(let maxSparsity): limit = [limit, maxSparsity].compactMap { $0 }.min()
      case .total(let position): limit = [limit, selection.totals[position].maxSparsity].compactMap { $0 }.min()
      }
    }
    return fixed.map { .fixed($0.sparsity) } ?? .searched(maxSparsity: limit)
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
    let partitions = group.blocks.count > 1 ? [group.blocks] : []
    switch choice {
    case .stays: return try ChoiceGroup(name: name, losses: losses, partitions: partitions, fixedRemoved: 0)
    case .fixed(let sparsity):
      let whole = try ChoiceGroup(
        name: name, losses: losses, partitions: partitions, minimumKept: solver.minChannels,
        multiple: solver.channelMultiple)
      return try whole.fixed(atRatio: sparsity)
    case .searched(let maxSparsity):
      return try ChoiceGroup(
        name: name, losses: losses, partitions: partitions, minimumKept: solver.minChannels,
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
      let weights = Double(layer.kernelElements) / Double(layer.divisor)
      let macs = weights * Double(layer.positions)
      let coefficient: Double
      switch metric {
      case .bitComplexity: coefficient = 2 * macs * Double(bits.activation * bits.weight)
      case .flops: coefficient = 2 * macs
      case .macs: coefficient = macs
      case .params: coefficient = weights
      }
      terms.append(CostTerm(coefficient: coefficient, left: layer.inputs.form, right: layer.outputs.form))
      if metric == .params, layer.hasBias { terms.append(CostTerm(coefficient: 1, left: layer.outputs.form)) }
    }
    if metric == .params { terms += norms.map { CostTerm(coefficient: 2, left: $0.form) } }
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
