import Channels
import Configuration
import MessagePassing
import Networks
import Sensitivity
import WorkSharing

/// Criteria that go by the weights: no sample is run.
extension SearchRun {
  /// The scores of all channels at rank 0; `nil` elsewhere.
  ///
  /// What takes long, the distances between filters, all ranks share.
  func score(
    _ preparation: Preparation, by criterion: WeightCriterion, _ session: WorkSession, _ checkpoint: SearchCheckpoint,
    model: [FileDigest], workers: Int
  ) throws -> SensitivityMeasurement? {
    guard let network = preparation.network else { preconditionFailure("the weights were given up") }
    let settings = preparation.configuration.sensitivity
    let (reduction, normalization) = (ScoreReduction(settings), ScoreNormalization(settings))
    let structure = preparation.structure
    let groups = preparation.space.choices.indices.filter { group in
      if case .stays = preparation.space.choices[group] { false } else { true }
    }
    var distances: [[Double]]?
    if criterion == .geometricMedian {
      distances = try filterDistances(network, structure, session, checkpoint, model: model, workers: workers)
    } else {
      session.phases.begin(.measure)
    }
    guard world.rank == 0 else { return nil }
    do {
      let scores = try session.alone("scoring the weights") { [distances] in
        if let distances {
          return ChannelScores(
            layers: distances, of: structure, reduction, normalization, norms: structure.weightNorms(in: network))
        }
        return try ChannelScores(
          criterion, of: network, structure, reduction, normalization, seed: UInt64(settings.seed),
          groups: Set(groups))
      }
      return SensitivityMeasurement(
        table: try SensitivityTable(scores: scores), groups: [], setLoss: nil, rowGroups: [],
        layout: preparation.layout, criterion: preparation.criterion)
    } catch let error as SensitivityError {
      throw SearchError(.badContent, file: preparation.configuration.model.path, "\(error)")
    }
  }

  /// By layer the sums of every filter's distances to the others, at rank 0; empty elsewhere.
  private func filterDistances(
    _ network: Network, _ structure: ChannelStructure, _ session: WorkSession, _ checkpoint: SearchCheckpoint,
    model: [FileDigest], workers: Int
  ) throws -> [[Double]] {
    let pieces = WeightCriterion.pieces(structure)
    let basis = MeasurementBasis(ofWeights: model)
    let stored = checkpoint.pieces(pieces.map { basis.key(of: structure.layers[$0.layer].name, filters: $0.filters) })
    let total = structure.layers.reduce(0) { $0 + $1.outputs }
    var distances = structure.layers.map { _ in [Double]() }
    var piece = 0
    session.phases.begin(.measure, total: total, unit: "filter")
    try session.perform(
      "filters", pieces.count, length: WeightCriterion.filtersPerPiece, stored: world.rank == 0 ? stored : nil,
      by: WorkerPool(count: workers) { LayerInHand(network, structure) },
      progress: { session.phases.advance($0, pieces: pieces.count) }
    ) { piece, layer, pulse in
      try pulse.beat()
      let found = layer.filters(pieces[piece].layer).distanceSums(pieces[piece].filters)
      return found + [Double](repeating: 0, count: WeightCriterion.filtersPerPiece - found.count)
    } combine: { packed in
      let (layer, filters) = pieces[piece]
      distances[layer] += packed.prefix(filters.count)
      piece += 1
    }
    return distances
  }

  /// The filters of the layer that a worker scores: the next piece is most often one of the same layer.
  private final class LayerInHand {
    private let network: Network
    private let structure: ChannelStructure
    private var current: (layer: Int, filters: LayerFilters)?

    init(_ network: Network, _ structure: ChannelStructure) {
      self.network = network
      self.structure = structure
    }

    func filters(_ layer: Int) -> LayerFilters {
      if let current, current.layer == layer { return current.filters }
      // Given up first: two would hold two weights.
      current = nil
      let filters = LayerFilters(of: structure.layers[layer], in: network)
      current = (layer, filters)
      return filters
    }
  }
}

extension WeightCriterion {
  /// The criterion that a configuration asks for; `nil` for one that runs samples.
  init?(_ method: SearchConfiguration.Sensitivity.Method) {
    switch method {
    case .l1: self = .l1
    case .l2: self = .l2
    case .geometricMedian: self = .geometricMedian
    case .normalizationScale: self = .normalizationScale
    case .nisp: self = .nisp
    case .random: self = .random
    case .taylor, .fisher, .snip, .influence, .ablation, .apoz, .meanActivation, .thinet, .lasso, .aofp, .external:
      return nil
    }
  }
}

extension ScoreReduction {
  init(_ sensitivity: SearchConfiguration.Sensitivity) {
    switch sensitivity.scoreReduction {
    case .sum: self = .sum
    case .mean: self = .mean
    case .max: self = .max
    case .first: self = .first
    }
  }
}

extension ScoreNormalization {
  init(_ sensitivity: SearchConfiguration.Sensitivity) {
    switch sensitivity.normalization {
    case .none: self = .none
    case .mean: self = .mean
    case .max: self = .max
    case .norm: self = .norm
    case .lamp: self = .lamp
    }
  }
}
