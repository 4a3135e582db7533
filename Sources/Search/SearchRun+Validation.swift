import Allocation
import Channels
public import Configuration
public import Execution
import Networks

/// What a valid configuration comes to.
public struct ValidationSummary: Sendable {
  /// The network's layers.
  public let layerCount: Int
  /// Those of which channels may go.
  public let searchedLayerCount: Int
  /// Calibration samples.
  public let sampleCount: Int
  /// Batches of them.
  public let batchCount: Int
  /// Shards that ranks share: more ranks than these have nothing to do.
  public let shardCount: Int
  /// The targets, each with the network's cost and the least that the configuration's limits allow.
  public let targets: [(target: SearchConfiguration.Target, original: Double, lowest: Double)]
  /// The memory of one rank that has all of this host's processors.
  public let memory: MemoryForecast

  init(_ preparation: Preparation, _ memory: MemoryForecast) {
    layerCount = preparation.structure.layers.count
    searchedLayerCount = preparation.structure.layers.count { layer in
      layer.outputUnits.contains { unit in
        guard let unit else { return false }
        if case .searched = preparation.space.choices[unit.group] { return true }
        return false
      }
    }
    sampleCount = preparation.plan.batches.last?.upperBound ?? 0
    batchCount = preparation.plan.batches.count
    shardCount = preparation.plan.shards.count
    targets = zip(preparation.configuration.targets, preparation.ranges).map { ($0, $1.original, $1.lowest) }
    self.memory = memory
  }
}

extension SearchRun {
  /// The text of a configuration file, with changes made.
  static func text(of path: String, _ changes: [ConfigurationChange] = []) throws -> [UInt8] {
    let text = try FileHandleReader.contents(of: path, limit: configurationSizeLimit)
    guard !changes.isEmpty else { return text }
    let document = changes.reduce(try JSONValue(parsing: text, file: path)) { $1.applied(to: $0) }
    return Array(document.text().utf8)
  }

  /// Reads and checks everything that a search checks before it computes; writes nothing.
  ///
  /// - Parameter memoryLimit: the most bytes that a rank may hold, or `nil`.
  /// - Throws: the first thing that is wrong.
  public static func validate(
    _ path: String, _ format: any ModelFormat, backend: any ExecutionBackend, memoryLimit: Int? = nil
  ) throws -> ValidationSummary {
    let configuration = try SearchConfiguration(parsing: text(of: path), file: path)
    let source = try format.read(configuration.model.path)
    let preparation = try Preparation(configuration, model: source.message, format, isSolving: true)
    let workers = min(ProcessorShare.available, preparation.plan.shards.count)
    let work = try WorkPlan(preparation, backend, ranks: 1, mostWorkers: workers, memoryLimit: memoryLimit)
    return ValidationSummary(preparation, work.forecast)
  }
}
