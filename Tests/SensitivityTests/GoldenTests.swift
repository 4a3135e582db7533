import ArrayFiles
import Channels
import Execution
import Networks
import OneDNN
import ReferenceData
import Sensitivity
import Testing

/// The sensitivities of trained networks against those that torch's autograd gives in float64.
@Suite(.enabled(if: ReferenceData.isPresent))
struct GoldenTests {
  /// An executor with the tolerance that its arithmetic allows, relative to a layer's largest value.
  struct Arithmetic: Sendable, CustomStringConvertible {
    let description: String
    let backend: any ExecutionBackend
    let tolerance: Double
    let lossTolerance: Double
  }

  /// Double loops agree to rounding. In float32 a rounding difference flips single ReLU and pooling choices, which moves
  /// a whole sample's share: 1e-3 of the layer's largest value is the limit, 1e-5 what is usual.
  static let arithmetics = [
    Arithmetic(description: "reference", backend: ReferenceBackend(), tolerance: 1e-9, lossTolerance: 1e-12),
    Arithmetic(description: "oneDNN", backend: OneDNNBackend(), tolerance: 1e-3, lossTolerance: 1e-5),
  ]

  @Test(arguments: ReferenceData.models, arithmetics)
  func `sensitivities equal the golden ones`(_ model: ReferenceModel, _ arithmetic: Arithmetic) throws {
    let batchSize = 32
    let network = try model.network(batchSize: batchSize)
    let structure = ChannelStructure(of: network)
    let layout = SensitivityLayout(structure)
    let execution = LayerExecution(network, structure, loss: .crossEntropy)
    let executor = try arithmetic.backend.compile(execution.request)
    let images = try ReferenceData.calibrationImages()
    let labels = try ReferenceData.calibrationLabels()
    let golden = try model.golden()
    let arrays = try model.arrays()
    let losses = try arrays.array(named: "batch_loss").doubles()

    let criteria = [
      TaylorCriterion.first(.init(reduction: .meanAbs, level: .batch)),
      TaylorCriterion.first(.init(reduction: .absMean, level: .batch)),
      TaylorCriterion.first(.init(reduction: .meanSquare, level: .batch)),
      TaylorCriterion.first(.init(reduction: .meanAbs, level: .sample)),
      TaylorCriterion.first(.init(reduction: .meanSquare, level: .sample)),
    ]
    var tables = criteria.map { ShardTable(layout, $0) }
    var batches: [[[Double]]] = structure.layers.map { _ in [] }
    for batch in 0..<losses.count {
      let samples = batch * batchSize..<(batch + 1) * batchSize
      let part = try executor.evaluate(
        Batch(
          inputs: [try images.floats(in: samples)], targets: .classes(Array(labels[samples])), sampleCount: batchSize))
      let loss = part.losses.reduce(0, +) / Double(batchSize)
      #expect(abs(loss - losses[batch]) <= arithmetic.lossTolerance * max(losses[batch], 0.1))
      for table in tables.indices { tables[table].add(batch: [part], correct: 0, layout) }
      for layer in structure.layers.indices {
        batches[layer].append(Self.mean(part.products[layer], samples: batchSize))
      }
    }

    var worst = 0.0
    // Per layer the golden products, [batch][channel].
    var golds: [[Double]] = []
    for (index, layer) in golden.layers.enumerated() {
      // Where a normalisation follows, the layer's output is behind it: Σ a·∂L/∂a there is γ·∂L/∂γ + β·∂L/∂β.
      let norm = (golden.norms ?? []).first { $0.input == layer.output }
      // The exporter lets two normalisations that feed one sum share a bias: its gradient is then that of both, and as a
      // sum hands both the same gradient, each has its share.
      let sharing = (golden.norms ?? []).count { $0.bias == norm?.bias }
      let expected: [Double]
      if let norm {
        let gamma = try arrays.array(named: "\(norm.key).gamma").doubles()
        let beta = try arrays.array(named: "\(norm.key).beta").doubles()
        expected = zip(gamma, beta).map { $0 + $1 / Double(sharing) }
      } else {
        expected = try arrays.array(named: "\(layer.key).A_pre").doubles()
      }
      golds.append(expected)
      worst = max(worst, Self.difference(batches[index].flatMap { $0 }, expected))
      let reductions = ["mean_abs", "abs_mean", "mean_sq"]
      for (criterion, reduction) in reductions.enumerated() where sharing <= 1 {
        let name = norm.map { "\($0.key).gate.\(reduction)" } ?? "\(layer.key).T_outb.\(reduction)"
        let found = try SensitivityTable(adding: [tables[criterion]], layout, criteria[criterion], hasClasses: false)
        worst = max(worst, Self.difference(found.layers[index], try arrays.array(named: name).doubles()))
      }
      guard norm == nil else { continue }
      for (criterion, name) in [(3, "S_pre_mean_abs"), (4, "S_pre_mean_sq")] {
        let found = try SensitivityTable(adding: [tables[criterion]], layout, criteria[criterion], hasClasses: false)
        worst = max(
          worst, Self.difference(found.layers[index], try arrays.array(named: "\(layer.key).\(name)").doubles()))
      }
    }
    let table = try SensitivityTable(adding: [tables[0]], layout, criteria[0], hasClasses: false)
    for group in structure.groups {
      worst = max(
        worst, Self.difference(table.groups[group.id], Self.unitMeanAbs(group, structure, golds, batches: losses.count))
      )
    }
    print("\(model), \(arithmetic): largest difference \(worst) of a layer's largest value")
    #expect(worst <= arithmetic.tolerance)
  }

  /// The batch mean of per-sample products.
  private static func mean(_ products: [Double], samples: Int) -> [Double] {
    let channels = products.count / samples
    return (0..<channels).map { channel in
      (0..<samples).reduce(0) { $0 + products[$1 * channels + channel] } / Double(samples)
    }
  }

  /// Per unit the mean over batches of |Σ over the producing layers' channels|, from the layers' golden products.
  private static func unitMeanAbs(
    _ group: ChannelGroup, _ structure: ChannelStructure, _ golds: [[Double]], batches: Int
  ) -> [Double] {
    (0..<group.unitCount).map { unit in
      let magnitudes = (0..<batches).map { batch in
        var sum = 0.0
        for member in group.members where member.role == .produce {
          guard let layer = structure.layers.firstIndex(where: { $0.node == member.node }) else { continue }
          let channels = structure.layers[layer].outputs
          for channel in member.indices[unit] { sum += golds[layer][batch * channels + channel] }
        }
        return abs(sum)
      }
      return magnitudes.reduce(0, +) / Double(batches)
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
