import Allocation
import Channels
import Configuration

extension ReportContent {
  /// What a report is made from: what a search writes, and what it knows of the network.
  struct Sources {
    let analysis: NetworkAnalysis
    let configuration: SearchConfiguration
    /// By group the sensitivity that each unit was taken to have.
    let losses: [[Double]]
    /// The content of `run.json`, whose list of outputs is not looked at.
    let record: LocatedJSON
    /// The content of `ratios.json`.
    let ratios: LocatedJSON
    /// The content of `evaluation.json`; `nil` where there is none.
    let evaluation: LocatedJSON?
    let curve: Curve
  }

  /// The content of a finished search's report.
  /// - Throws: `SearchError` naming the file and the place in it that does not go with the network.
  init(_ sources: Sources) throws {
    do {
      try self.init(reading: sources)
    } catch let error as ConfigurationError {
      throw SearchError(.badContent, file: error.file, "\(error.path): \(error.problem)")
    } catch let error as RemovalError {
      throw SearchError(.badContent, file: sources.ratios.file, "\(error)")
    } catch let error as AllocationError {
      throw SearchError(error, in: sources.configuration)
    }
  }

  private init(reading sources: Sources) throws {
    let (solving, configuration) = (sources.analysis.solving, sources.configuration)
    let structure = solving.structure
    let ratios = try StoredRatios(sources.ratios, structure)
    let kept = try ratios.keptUnits(structure)
    model = ratios.model
    modelDigest = ratios.sha256
    targets = configuration.targets
    costs = ratios.costs.map { ($0.metric, $0.cost) }
    criterion = Criterion(configuration)
    solution = try Solution(ratios.solution, configuration)
    let record = try Members(sources.record)
    let calibration = try Members(record.required("calibration"))
    self.calibration = (
      try calibration.required("samples").integer(in: 0...Int.max), try calibration["mean_loss"]?.number(),
      try calibration["accuracy"]?.number()
    )
    evaluations = try sources.evaluation.map(Evaluation.list) ?? []
    let main = configuration.targets.first?.metric ?? .bitComplexity
    let shown = [CostMetric(main) ?? .macs] + [.macs, .params]
    let metrics = shown.enumerated().filter { !shown[..<$0.offset].contains($0.element) }.map(\.element)
    self.metrics = metrics
    let original = solving.costs
    let after =
      ratios.layers.contains { $0.bits != nil }
      ? try CostModel(structure, bits: zip(ratios.layers, original.bits).map { $0.bits ?? $1 }) : original
    obstacles = ReportContent.obstacles(ratios, solving)
    layers = structure.layers.enumerated().map { index, layer in
      let read = ratios.layers[index]
      return Layer(
        name: layer.name, opType: layer.opType, groups: Set(layer.outputUnits.compactMap { $0?.group }).sorted(),
        channels: layer.outputs, kept: layer.outputs - read.prunedChannels.count, interval: read.interval,
        bits: read.bits, staysWhole: read.reason != nil,
        costs: metrics.map { metric in
          Change(
            before: Double(original.cost(ofLayer: index, metric, kept: original.unitCounts)),
            after: Double(after.cost(ofLayer: index, metric, kept: kept)))
        })
    }
    graph = sources.analysis.graph
    groups = try ReportContent.groups(sources, kept)
    curve = sources.curve
    run = try Run(sources.record)
  }

  /// The groups that may lose units, with what they lose at every step.
  private static func groups(_ sources: Sources, _ kept: [Int]) throws(AllocationError) -> [Group] {
    let solving = sources.analysis.solving
    let structure = solving.structure
    let choices = try solving.space.groups(structure, solving.solver, AllocationInput(losses: sources.losses))
    var groups: [Group] = []
    for (group, choice) in zip(structure.groups, choices) where choice.ladder.count > 1 {
      let makers = Set(group.members.filter { $0.role == .produce }.map(\.node))
      groups.append(
        Group(
          id: group.id, layers: structure.layers.indices.filter { makers.contains(structure.layers[$0].node) },
          unitCount: group.unitCount, steps: zip(choice.ladder, choice.ladderLosses).map { ($0, $1) },
          kept: kept[group.id]))
    }
    return groups
  }

  /// Why layers stay whole, each reason once.
  private static func obstacles(_ ratios: StoredRatios, _ solving: Solving) -> [Obstacle] {
    var order: [String] = []
    var layers: [String: [Int]] = [:]
    for (index, layer) in ratios.layers.enumerated() {
      guard let reason = layer.reason else { continue }
      if layers[reason] == nil { order.append(reason) }
      layers[reason, default: []].append(index)
    }
    return order.map { reason in
      let members = layers[reason] ?? []
      let groups = members.flatMap { solving.structure.layers[$0].outputUnits.compactMap { $0?.group } }
      let found =
        (members.map { solving.structure.layers[$0].reason }
        + Set(groups).sorted().map {
          solving.structure.groups[$0].reason
        }).first { $0?.description == reason } ?? nil
      guard let found else {
        return Obstacle(
          layers: members, cause: reason, place: nil, unlock: "another $.config_list in the configuration")
      }
      return Obstacle(
        layers: members, cause: found.cause, place: (found.place, found.opType), unlock: found.unlock)
    }
  }
}

extension ReportContent.Criterion {
  fileprivate init(_ configuration: SearchConfiguration) {
    let settings = configuration.sensitivity
    method = settings.method.rawValue
    unit = settings.predictionUnit
    isAdditive = settings.setLoss == .additive
    isUpperEnd = configuration.solver.robust
    isOfWeights = settings.isOfWeights
    canBeResampled = [.taylor, .fisher, .snip].contains(settings.method) && configuration.solver.method != .measured
  }
}

extension ReportContent.Solution {
  fileprivate init(
    _ members: LocatedMembers, _ configuration: SearchConfiguration
  ) throws(ConfigurationError) {
    method = try members.required("method").string()
    steps = configuration.solver.iterations
    unit = configuration.predictionUnit
    predictedLossChange = try members.required("predicted_loss_change").number()
    objective = try members["objective"]?.number() ?? predictedLossChange
    // A number that is not finite is written as null.
    func number(_ key: String) throws(ConfigurationError) -> Double? {
      guard let place = members[key], place.value != .null else { return nil }
      return try place.number()
    }
    lowerBound = try number("lower_bound")
    gap = try number("gap")
    measuredLossChange = try number("measured_loss_change")
    repairedLossChange = try number("repaired_loss_change")
  }
}

extension ReportContent.Evaluation {
  fileprivate static func list(_ root: LocatedJSON) throws(ConfigurationError) -> [Self] {
    var list: [Self] = []
    for place in try Members(root).required("networks").elements() {
      let members = try Members(place)
      list.append(
        Self(
          name: try members.required("name").string(),
          sampleCount: try members.required("samples").integer(in: 0...Int.max),
          meanLoss: try members.required("mean_loss").number(), accuracy: try members["top_1"]?.number()))
    }
    return list
  }
}
