import Allocation
import Channels
import Configuration
import Networks
import Sensitivity

extension SearchResult {
  /// Solves the last step for resamples of its shards, and notes between which ratios each layer moves.
  ///
  /// The bootstrap (Efron 1979) over shards: so many shards as there are are drawn with replacement, from a seed.
  mutating func resample(_ steps: SearchSteps, _ configuration: SearchConfiguration) throws {
    let count = configuration.sensitivity.bootstrap
    guard count > 0, last.canResample else { return }
    var ratios: [[Double]] = []
    for number in 0..<count {
      var random = SplitMix64(UInt64(configuration.sensitivity.seed), UInt64(number))
      var times = [Int](repeating: 0, count: last.groups.count)
      for _ in last.groups { times[random.below(last.groups.count)] += 1 }
      let table = try last.resampled(times, configuration)
      let plan = try steps.quickPlan(
        configuration.solver.robust ? table.upperGroups : table.groups,
        setLoss: try last.resampledSetLoss(times, table.slopes, steps.structure, configuration))
      ratios.append(steps.structure.pruneRatios(removing: plan.choices.map { Set($0.removed) }))
    }
    solution.intervals = steps.structure.layers.indices.map { layer in
      let sorted = ratios.map { $0[layer] }.sorted()
      let tail = Int(Double(count) * SearchResult.tail)
      return sorted[tail]...sorted[count - 1 - tail]
    }
  }

  /// The share of resamples that is left out at either end: intervals hold nine tenths of them.
  private static let tail = 0.05
}

extension SensitivityMeasurement {
  /// Whether there is anything to draw from.
  var canResample: Bool { groups.count > 1 && (setLoss == nil || !rowGroups.isEmpty) }

  /// The sensitivities where each group of shards counts a number of times.
  func resampled(_ times: [Int], _ configuration: SearchConfiguration) throws -> SensitivityTable {
    do {
      let drawn = zip(groups, times).flatMap { [ShardTable](repeating: $0, count: $1) }
      return try SensitivityTable(adding: drawn, layout, criterion, hasClasses: false)
    } catch {
      throw SearchError(.badContent, file: configuration.model.path, "a resample of the calibration data: \(error)")
    }
  }

  /// The set loss where each group of shards counts a number of times; `nil` where units add up.
  func resampledSetLoss(
    _ times: [Int], _ slopes: [Double], _ structure: ChannelStructure, _ configuration: SearchConfiguration
  ) throws -> SetLoss? {
    guard let setLoss else { return nil }
    let weights = stride(from: 0, to: rowGroups.count, by: setLoss.labelsPerSample).map {
      Double(times[rowGroups[$0]])
    }
    do {
      return try setLoss.setLoss(structure, configuration.sensitivity, sampleWeights: weights, slopes: slopes)
    } catch {
      throw SearchError(error, in: configuration)
    }
  }
}

extension ChannelStructure {
  /// Per layer the share of its output channels that go with some units.
  func pruneRatios(removing removed: [Set<Int>]) -> [Double] {
    layers.map { layer in
      let gone = layer.outputUnits.count { unit in unit.map { removed[$0.group].contains($0.unit) } ?? false }
      return layer.outputs == 0 ? 0 : Double(gone) / Double(layer.outputs)
    }
  }
  /// Per layer how many output channels are left when some units go.
  func keptChannels(removing removed: [Set<Int>]) -> [Int] {
    layers.map { layer in
      layer.outputUnits.count { unit in unit.map { !removed[$0.group].contains($0.unit) } ?? true }
    }
  }
}
