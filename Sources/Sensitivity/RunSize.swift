public import Networks

/// How many samples run through the network at a time.
///
/// A batch of the configuration says which samples' products are added before they are reduced; running it in smaller
/// pieces changes no sum, since every product is of one sample. Few samples keep arrays in the caches and memory small.
/// The number follows from the network and the configuration alone, not from the machine: kernels are chosen by it, and
/// with them the last bits of every sum.
public struct RunSize {
  /// Samples per run, at least 2.
  public let samples: Int

  /// Arrays of this size stay in the caches of a usual processor, several of them at a time.
  private static let comfortableBytes = 16 << 20

  /// The size for batches of `batchSize` samples.
  /// - Parameter network: the network for some batch size.
  public init(batchSize: Int, network: Network) {
    let largest = network.values.lazy.filter { $0.constant == nil }.map(\.shape.count).max() ?? 1
    let perSample = max(largest / network.batchSize, 1) * 4
    let fitting = min(max(RunSize.comfortableBytes / perSample, 2), max(batchSize, 2))
    // The last piece is filled up: the size that wastes least, the largest of these.
    func run(_ size: Int) -> Int { (max(batchSize, 2) + size - 1) / size * size }
    samples = (2...fitting).min { (run($0), -$0) < (run($1), -$1) } ?? 2
  }
}
