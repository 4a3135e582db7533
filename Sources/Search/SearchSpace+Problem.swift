import Allocation
import Channels
import Configuration

// pow(_:_:)
import Glibc

/// What a plan is made from beside the network's structure and costs.
struct AllocationInput {
  /// By group the predicted loss of each unit.
  let losses: [[Double]]
  /// By group the units that earlier steps have removed; empty for none.
  var removed: [[Int]] = []
  /// The share of the way to the targets, in logarithms of the costs, 0 < s ≤ 1.
  var share = 1.0
  /// The widths that layers may be given; `nil` where none are chosen.
  var bits: BitChoices?
  /// The network's latency; `nil` without a table of it.
  var latency: LatencyCost?
  /// What the limit on the latency is multiplied by.
  var latencyTightening = 1.0
}

extension SearchSpace {
  /// The problem that an allocator solves.
  func problem(
    _ structure: ChannelStructure, _ costs: CostModel, _ solver: SearchConfiguration.Solver,
    targets: [SearchConfiguration.Target], _ input: AllocationInput
  ) throws(AllocationError) -> AllocationProblem {
    let groups = try groups(structure, solver, input)
    let options = input.bits?.options ?? []
    var requirements: [Requirement] = []
    for (index, target) in targets.enumerated() {
      let place = targets.count == 1 ? "$.target" : "$.target[\(index)]"
      let terms = CostMetric(target.metric).map { costs.terms($0, input.bits) } ?? input.latency?.terms ?? []
      // The terms tell the original's cost, whatever the limit.
      let whole = try Requirement(
        name: target.metric.rawValue, terms: terms, compressionRatio: 1, groups: groups, options: options)
      let tightening = target.metric == .latency ? input.latencyTightening : 1
      switch target.bound {
      case .compressionRatio(let ratio):
        requirements.append(
          try Requirement(
            name: "\(place).compression_ratio in \(target.metric.rawValue)", terms: terms,
            compressionRatio: (input.share == 1 ? ratio : pow(ratio, input.share)) / tightening, groups: groups,
            options: options))
      case .limit(let limit):
        let reached =
          input.share == 1 || limit >= whole.limit ? limit : whole.limit * pow(limit / whole.limit, input.share)
        requirements.append(
          try Requirement(
            name: "\(place).limit in \(target.metric.rawValue)", terms: terms,
            limit: min(reached * tightening, whole.limit)))
      }
    }
    for total in selection.totals {
      let terms = total.layers.map { index in costs.layers[index].weightsByOutput(full: costs.unitCounts) }
      let sparsity = input.share == 1 ? total.sparsity : 1 - pow(1 - total.sparsity, input.share)
      requirements.append(
        try Requirement(
          name: "\(rules.path)[\(total.entry)].total_sparsity", terms: terms, sparsity: sparsity, groups: groups,
          options: options))
    }
    return try AllocationProblem(groups: groups, options: options, requirements: requirements)
  }

  /// What every channel group may keep, and what it is predicted to lose then.
  func groups(
    _ structure: ChannelStructure, _ solver: SearchConfiguration.Solver, _ input: AllocationInput
  ) throws(AllocationError) -> [ChoiceGroup] {
    var groups: [ChoiceGroup] = []
    for (group, choice) in zip(structure.groups, choices) {
      let gone = input.removed.isEmpty ? [] : input.removed[group.id]
      groups.append(try choiceGroup(group, choice, solver, input.losses[group.id], gone))
    }
    return groups
  }

  private func choiceGroup(
    _ group: ChannelGroup, _ choice: Choice, _ solver: SearchConfiguration.Solver, _ losses: [Double], _ gone: [Int]
  ) throws(AllocationError) -> ChoiceGroup {
    let name = group.members.first?.name ?? "\(group.id)"
    let widths = solver.channelWidths.isEmpty ? nil : solver.channelWidths
    switch choice {
    case .stays: return try ChoiceGroup(name: name, losses: losses, partitions: group.partitions, fixedRemoved: 0)
    case .fixed(let sparsity):
      let whole = try ChoiceGroup(
        name: name, losses: losses, partitions: group.partitions, minimumKept: solver.minChannels,
        multiple: solver.channelMultiple, widths: widths, alreadyRemoved: gone)
      return try whole.fixed(atRatio: sparsity)
    case .searched(let maxSparsity):
      return try ChoiceGroup(
        name: name, losses: losses, partitions: group.partitions, minimumKept: solver.minChannels,
        maximumRemoved: maxSparsity.map { ChoiceGroup.mostRemoved(of: group.unitCount, atRatio: $0) },
        multiple: solver.channelMultiple, widths: widths, alreadyRemoved: gone)
    }
  }
}
