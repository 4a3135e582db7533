import Networks

/// How many samples run through the network at a time.
///
/// A batch of the configuration says which samples' products are added before they are reduced; running it in smaller
/// pieces changes no sum, since every product is of one sample. Few samples keep arrays in the caches and memory small.
/// The number follows from the network and the configuration alone, not from the machine: kernels are chosen by it, and
/// with them the last bits of every sum.
struct RunSize {
  /// Samples per run, at least 2.
  let samples: Int

  /// Arrays of this size stay in the caches of a usual processor, several of them at a time.
  private static let comfortableBytes = 8 << 20

  /// The size for batches of `batchSize` samples.
  /// - Parameter network: the network for some batch size.
  init(batchSize: Int, network: Network) {
    let largest = network.values.lazy.filter { $0.constant == nil }.map(\.shape.count).max() ?? 1
    let perSample = max(largest / network.batchSize, 1) * 4
    let fitting = max(RunSize.comfortableBytes / perSample, 2)
    // Pieces of one size: the last one is filled up.
    let pieces = (max(batchSize, 2) + fitting - 1) / fitting
    samples = max((batchSize + pieces - 1) / pieces, 2)
  }
}
