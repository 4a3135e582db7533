import Channels
import Configuration
import Execution
import MessagePassing
import PruneClusterPlugins
import Sensitivity
import WorkSharing

/// A criterion that a program of the user's calculates.
extension SearchRun {
  /// What a program is given of the samples, which all ranks measure together; at other ranks than 0 nothing is in it.
  /// - Returns: `nil` for a criterion that is no program.
  func pluginInputs(
    for preparation: inout Preparation, _ session: WorkSession, _ source: ModelSource, _ checkpoint: SearchCheckpoint,
    _ usage: inout RankUsage
  ) throws -> PluginMeasurement? {
    let sensitivity = preparation.configuration.sensitivity
    guard sensitivity.plugin != nil else { return nil }
    var measured = PluginMeasurement()
    for input in sensitivity.inputs {
      switch input {
      case .activations: try measureActivations(preparation, session, source, checkpoint, &usage, for: &measured)
      case .gradients: try measureGradients(&preparation, session, source, checkpoint, &usage, for: &measured)
      }
    }
    return measured
  }

  /// The program's scores at rank 0, which alone runs it; `nil` elsewhere.
  func ask(
    _ plugin: SearchConfiguration.Plugin, _ measured: PluginMeasurement, _ preparation: Preparation,
    _ session: WorkSession, _ source: ModelSource
  ) throws -> SensitivityMeasurement? {
    guard world.rank == 0 else { return nil }
    guard let network = preparation.network else { preconditionFailure("the weights were given up") }
    let configuration = preparation.configuration
    let structure = preparation.structure
    let request = CriterionRequest(
      network: network, structure: structure, costs: preparation.costs, plan: preparation.plan,
      configuration: configuration, model: source.digests, measured: measured)
    let directory = configuration.outputDirectory.path
    let program = PluginProgram(
      plugin, as: "criterion", at: "$.sensitivity", of: configuration, outputDirectory: directory, stop: options.stop,
      logger: logger)
    let isShared = world.size == 1
    session.phases.begin(.criterion)
    let bytes = try session.alone("running the criterion", ending: program) {
      try program.answer(PluginProtocol.criterion.answerFile, isShared: isShared, request: request.write)
    }
    let settings = configuration.sensitivity
    let answer = try program.reading(PluginProtocol.criterion.answerFile, bytes) {
      bytes, file throws(ConfigurationError) in
      try CriterionAnswer(
        parsing: bytes, file: file,
        for: structure.groups.map { CriterionAnswer.Group(units: $0.unitCount, isPrunable: $0.isPrunable) },
        unit: ScoreUnit(settings.unit), allowsNegative: settings.normalization == .none)
    }
    do {
      return SensitivityMeasurement(
        table: try SensitivityTable(
          scores: ChannelScores(groups: answer.groups, of: structure, ScoreNormalization(settings)),
          meanLoss: measured.whole?.meanLoss, sampleCount: measured.samples, accuracy: measured.whole?.accuracy),
        groups: [], setLoss: nil, rowGroups: [], layout: preparation.layout, criterion: preparation.criterion)
    } catch {
      throw program.failure("gave scores too large to be compared: \(error)")
    }
  }

  private func measureActivations(
    _ preparation: Preparation, _ session: WorkSession, _ source: ModelSource, _ checkpoint: SearchCheckpoint,
    _ usage: inout RankUsage, for measured: inout PluginMeasurement
  ) throws {
    let (plan, layout) = (preparation.plan, preparation.layout)
    let channels = layout.units.lowerBound
    let criteria = [ActivationCriterion.meanActivation, .apoz]
    var rows = [[Double]](
      repeating: [Double](repeating: 0, count: channels * criteria.count), count: world.rank == 0 ? plan.groupCount : 0)
    let elements = try observe(preparation, by: criteria, session, source, checkpoint, &usage) { shard, sums in
      let row = plan.group(of: shard)
      for (place, value) in zip(0..<channels * criteria.count, sums) { rows[row][place] += value }
    }
    guard world.rank == 0 else { return }
    for (row, samples) in plan.groupSamples.enumerated() {
      for number in criteria.indices {
        for (layer, places) in layout.layers.enumerated() {
          for place in places { rows[row][number * channels + place] /= Double(samples * elements[layer]) }
        }
      }
    }
    measured.samples = plan.groupSamples.reduce(0, +)
    measured.add(.meanMagnitude, rows: rows.map { Array($0.prefix(channels)) })
    measured.add(.nonzeroShare, rows: rows.map { Array($0.suffix(channels)) })
  }

  private func measureGradients(
    _ preparation: inout Preparation, _ session: WorkSession, _ source: ModelSource, _ checkpoint: SearchCheckpoint,
    _ usage: inout RankUsage, for measured: inout PluginMeasurement
  ) throws {
    let work = try plan(&preparation, without: [], isLast: false, session)
    usage.note(work.forecast)
    let basis = MeasurementBasis(
      ofTables: preparation, model: source.digests, executor: backend.description, without: [])
    guard let found = try measure(preparation, work, session, checkpoint, basis) else { return }
    let layout = preparation.layout
    let (channels, units) = (0..<layout.units.lowerBound, layout.units)
    measured.add(.channelSums, rows: found.groups.map { Array($0.sums[channels]) })
    measured.add(.channelSquares, rows: found.groups.map { Array($0.squares[channels]) })
    measured.add(.unitSums, rows: found.groups.map { Array($0.sums[units]) })
    measured.add(.unitSquares, rows: found.groups.map { Array($0.squares[units]) })
    measured.samples = found.table.sampleCount
    measured.whole = found.table.meanLoss.map { PluginMeasurement.Whole(meanLoss: $0, accuracy: found.table.accuracy) }
  }
}
