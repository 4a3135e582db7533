import ArrayFiles
import Channels
import Execution
import Networks
import OneDNN
import ReferenceData
import Sensitivity
import Testing

/// Expansions of order 2 of trained networks, against torch's products of single images in float64.
@Suite(.enabled(if: ReferenceData.isPresent))
struct FisherGoldenTests {
  /// Normalisations stand between a layer and the value that the reference watches where they are not folded.
  static let models = ReferenceData.models.filter { $0.variant == "folded" }
  private static let samples = 128
  private static let batchSize = 32

  /// In double loops the reference's storage as float32 is what differs; in float32 a rounding difference flips single
  /// ReLU and pooling choices, which moves a whole sample's share.
  static let tolerances = [(isReference: true, of: 1e-5), (isReference: false, of: 5e-3)]

  @Test(arguments: models, tolerances.indices)
  func `the Fisher sums of every layer are those of its golden products`(
    _ model: ReferenceModel, _ index: Int
  ) throws {
    let tolerance = Self.tolerances[index]
    let network = try model.network(batchSize: Self.batchSize)
    let structure = ChannelStructure(of: network)
    let layout = SensitivityLayout(structure)
    let backend: any ExecutionBackend = tolerance.isReference ? ReferenceBackend() : OneDNNBackend()
    let executor = try backend.compile(LayerExecution(network, structure, loss: .crossEntropy).request)
    let images = try ReferenceData.calibrationImages()
    let labels = try ReferenceData.calibrationLabels()
    let criterion = TaylorCriterion.second(.fisher)
    var tables: [ShardTable] = []
    for start in stride(from: 0, to: Self.samples, by: Self.batchSize) {
      let samples = start..<start + Self.batchSize
      let part = try executor.evaluate(
        Batch(
          inputs: [try images.floats(in: samples)], targets: .classes(Array(labels[samples])),
          sampleCount: Self.batchSize))
      var table = ShardTable(layout, criterion)
      table.add(batch: [part], from: start, correct: 0, layout)
      tables.append(table)
    }
    let found = try SensitivityTable(adding: tables, layout, criterion, hasClasses: false)
    let arrays = try model.arrays()
    var worst = 0.0
    for (index, layer) in try model.golden().layers.enumerated() {
      let products = try arrays.array(named: "\(layer.key).S_pre_first").doubles()
      let channels = layer.outChannels
      #expect(products.count == Self.samples * channels)
      let expected = (0..<channels).map { channel in
        let values = (0..<Self.samples).map { products[$0 * channels + channel] }
        let (sum, squares) = (values.reduce(0, +), values.reduce(0) { $0 + $1 * $1 })
        return 0.5 * squares / Double(Self.samples) - sum / Double(Self.samples)
      }
      let scale = max(expected.reduce(0) { max($0, abs($1)) }, 1e-300)
      for (value, expected) in zip(found.layers[index], expected) {
        worst = max(worst, abs(value - expected) / scale)
      }
    }
    print("\(model), \(tolerance.isReference ? "reference" : "oneDNN"): largest difference \(worst)")
    #expect(worst <= tolerance.of)
  }
}
