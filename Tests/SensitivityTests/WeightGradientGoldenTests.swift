import ArrayFiles
import Channels
import Execution
import Networks
import OneDNN
import ReferenceData
import Sensitivity
import Testing

/// What gradients of weights say of trained networks, against torch's autograd in float64.
@Suite(.enabled(if: ReferenceData.isPresent))
struct WeightGradientGoldenTests {
  /// In float32 a rounding difference flips single ReLU and pooling choices, which moves a whole sample's share.
  static let tolerance = 1e-3

  /// Batches as they run: 16 of 32 samples.
  private static let (batchSize, batchCount) = (32, 16)

  /// A network with all layers weighed, and its calibration images.
  private struct Subject {
    let structure: ChannelStructure
    let executor: any NetworkExecutor
    let images: ArrayFile
    let labels: [Int]

    init(_ model: ReferenceModel) throws {
      let network = try model.network(batchSize: batchSize)
      structure = ChannelStructure(of: network)
      executor = try OneDNNBackend().compile(
        LayerExecution(network, structure, loss: .crossEntropy, weighs: true).request)
      images = try ReferenceData.calibrationImages()
      labels = try ReferenceData.calibrationLabels()
    }

    /// - Parameter part: of all samples, or of a batch of its own.
    func evaluate(_ batch: Int, _ part: BatchPart) throws -> Evaluation {
      let samples = batch * batchSize..<(batch + 1) * batchSize
      return try executor.evaluate(
        Batch(
          inputs: [try images.floats(in: samples)], targets: .classes(Array(labels[samples])),
          sampleCount: batchSize, part: part))
    }

    /// All samples as one batch.
    func whole() throws -> [Evaluation] {
      try (0..<batchCount).map { batch in
        try evaluate(batch, BatchPart(isFirst: batch == 0, isLast: batch == batchCount - 1))
      }
    }
  }

  @Test(arguments: ReferenceData.models)
  func `magnitudes of weights and their gradients, by layer, equal the golden ones`(_ model: ReferenceModel) throws {
    let subject = try Subject(model)
    let golden = try model.golden()
    let arrays = try model.arrays()
    let products = try #require(try subject.whole().last).weightProducts
    let samples = Double(Self.batchSize * Self.batchCount)
    var worst = 0.0
    for (layer, own) in zip(golden.layers, products) {
      let outputs = try arrays.array(named: "\(layer.key).Wabs_out").doubles()
      let inputs = try arrays.array(named: "\(layer.key).Wabs_in").doubles()
      worst = max(worst, Self.difference(own.outputMagnitudes.map { $0 / samples }, outputs))
      worst = max(worst, Self.difference(own.inputMagnitudes.map { $0 / samples }, inputs))
    }
    for batch in [0, 7] {
      let parts = try subject.evaluate(batch, .whole).weightProducts
      for (layer, own) in zip(golden.layers, parts) {
        let all = try arrays.array(named: "\(layer.key).T_in").doubles()
        let expected = Array(all[batch * own.inputSums.count..<(batch + 1) * own.inputSums.count])
        worst = max(worst, Self.difference(own.inputSums.map { $0 / Double(Self.batchSize) }, expected))
      }
    }
    print("\(model): largest difference \(worst) of a layer's largest value")
    #expect(products.count == golden.layers.count)
    #expect(worst <= Self.tolerance)
  }

  @Test(arguments: ReferenceData.models.filter { $0.variant == "folded" })
  func `scores of units by their readers and by all members equal the golden ones`(_ model: ReferenceModel) throws {
    let subject = try Subject(model)
    let layout = SensitivityLayout(subject.structure)
    let readers: [(String, TaylorCriterion)] = [
      ("readers_mean_abs", .first(.init(reduction: .meanAbs, level: .batch, site: .consumer))),
      ("readers_abs_mean", .first(.init(reduction: .absMean, level: .batch, site: .consumer))),
      ("readers_mean_sq", .first(.init(reduction: .meanSquare, level: .batch, site: .consumer))),
    ]
    var found: [String: SensitivityTable] = [:]
    let batches = try (0..<Self.batchCount).map { try subject.evaluate($0, .whole) }
    for (name, criterion) in readers {
      var table = ShardTable(layout, criterion)
      for batch in batches { table.add(batch: [batch], correct: 0, layout) }
      found[name] = try SensitivityTable(adding: [table], layout, criterion, hasClasses: false)
    }
    let whole = try subject.whole()
    func table(_ reduction: TaylorCriterion.Reduction) throws -> SensitivityTable {
      let criterion = TaylorCriterion.first(.init(reduction: reduction, level: .batch, site: .members))
      var table = ShardTable(layout, criterion)
      table.add(batch: whole, correct: 0, layout)
      return try SensitivityTable(adding: [table], layout, criterion, hasClasses: false)
    }
    let magnitudes = try table(.weightMagnitudes)
    found["weights_sum_abs_wg"] = magnitudes

    let shares = try table(.connectionShare)
    let total = magnitudes.layers.joined().reduce(0, +)
    #expect(abs(shares.layers.joined().reduce(0, +) - 1) < 1e-12)
    for (share, magnitude) in zip(shares.groups.joined(), magnitudes.groups.joined()) {
      #expect(abs(share * total - magnitude) <= 1e-12 * total)
    }

    let golden = try NumPyArchive(ReferenceData.path("models/\(model.name)/\(model.description).ablation.npz"))
    let groups = try golden.array(named: "group").doubles().map { Int($0) }
    let units = try golden.array(named: "unit").doubles().map { Int($0) }
    let coupling = try model.coupling().groups
    for (name, table) in found {
      let expected = try golden.array(named: "score.\(name)").doubles()
      let own = try groups.indices.map { place in
        // Units are called by a channel of the first layer that makes them: groups may be numbered in another order.
        let maker = try #require(coupling[groups[place]].entries.first { $0.role == "produce" })
        let layer = try #require(subject.structure.layers.first { $0.name == maker.node })
        let unit = try #require(layer.outputUnits[maker.index[units[place]][0]])
        return table.groups[unit.group][unit.unit]
      }
      let difference = Self.difference(own, expected)
      print("\(model), \(name): largest difference \(difference) of the largest score")
      #expect(difference <= Self.tolerance, "\(name)")
    }
  }

  /// The largest difference, as a share of the largest value expected.
  private static func difference(_ found: [Double], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    let scale = expected.reduce(0) { max($0, abs($1)) }
    let largest = zip(found, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return largest.isNaN ? .infinity : largest / max(scale, 1e-300)
  }
}
