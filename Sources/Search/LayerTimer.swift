public import Execution
import Networks

/// Tells how long layers take.
public protocol LayerTimer: Sendable {
  /// Nanoseconds that one run of a layer takes on one thread, at least 1.
  func nanoseconds(of layer: SingleLayer) throws -> Int
}

/// Times a backend's kernels by the clock: the median of several runs.
public struct KernelTimer: LayerTimer {
  private let backend: any ExecutionBackend
  /// A layer is run for so long and so often at least, and not more often than is of use.
  private static let (leastTime, leastRuns, mostRuns) = (Duration.milliseconds(5), 7, 4096)

  /// A timer of a backend whose executors are `NodeTiming`.
  public init(_ backend: any ExecutionBackend) { self.backend = backend }

  /// Nanoseconds that one run of a layer takes on one thread.
  /// - Throws: `NetworkError` or `ExecutionError` when the layer cannot be run.
  public func nanoseconds(of layer: SingleLayer) throws -> Int {
    let network = try layer.network()
    guard let executor = try backend.compile(ExecutionRequest(network: network, loss: nil)) as? any NodeTiming else {
      throw ExecutionError(.unsupported, network.name, "\(backend.description) does not time single nodes")
    }
    let count = network[network.inputs[0]].shape.count
    let batch = Batch(
      inputs: [(0..<count).map { Float($0 % 31 - 15) / 16 }], targets: .none, sampleCount: network.batchSize)
    let clock = ContinuousClock()
    var times: [Duration] = []
    // The first runs find cold caches.
    for _ in 0..<2 { _ = try executor.duration(ofNode: SingleLayer.nodeName, batch) }
    let start = clock.now
    while times.count < KernelTimer.leastRuns
      || clock.now - start < KernelTimer.leastTime && times.count < KernelTimer.mostRuns
    {
      times.append(try executor.duration(ofNode: SingleLayer.nodeName, batch))
    }
    let median = times.sorted()[times.count / 2]
    return max(Int((median / .nanoseconds(1)).rounded()), 1)
  }
}
