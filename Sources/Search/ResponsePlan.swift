import Channels
import Networks
import Surgery

/// Which layers' responses are measured, and which of them together.
struct ResponsePlan: Sendable {
  /// Layers whose responses count, in graph order.
  let layers: [ReadingLayer]
  /// Why others do not.
  let misfits: [(layer: String, reason: String)]
  private let network: Network

  /// Numbers that the sums of a batch of layers have (64 MiB), unless one layer has more.
  private static let sumsPerBatch = 1 << 23
  /// Numbers that the products of a batch have, unless one layer has more.
  private static let productsPerBatch = 1 << 20

  /// - Parameter rowLimit: the most output positions of a layer that its responses are taken at.
  init(_ structure: ChannelStructure, _ subject: VariantSubject, rowLimit: Int) {
    network = subject.network
    (layers, misfits) = ReadingLayer.Finder(
      structure, subject.network, samples: subject.data.sampleCount, rowLimit: rowLimit
    ).layers()
  }

  /// The layers of every batch.
  var batches: [Range<Int>] {
    var batches: [Range<Int>] = []
    // Results of all pieces have one length, so batches may as well fill it.
    let most = max(layers.map(\.products.packedCount).max() ?? 0, Self.productsPerBatch)
    var (first, sums, products) = (0, 0, 0)
    for (number, layer) in layers.enumerated() {
      sums += layer.products.sumCount
      products += layer.products.packedCount
      if number > first, sums > Self.sumsPerBatch || products > most {
        batches.append(first..<number)
        (first, sums, products) = (number, layer.products.sumCount, layer.products.packedCount)
      }
    }
    return batches + [first..<layers.count]
  }

  /// What a worker holds of a batch of layers beside the network: sums, products, and their inputs in one run.
  func bytes(_ batch: Range<Int>) -> Int {
    batch.reduce(0) { sum, layer in
      let products = layers[layer].products
      return sum + (products.sumCount + products.packedCount) * MemoryLayout<Double>.stride
        + network[layers[layer].input].shape.count * MemoryLayout<Float>.stride
    }
  }
}
