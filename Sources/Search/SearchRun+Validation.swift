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
  /// Images that are left out of the calibration samples.
  public let leftOutImages: [String]
  /// What is allowed and hardly meant.
  public let remarks: [String]
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
  /// The memory of ranks that hold one stage of the network each, in the order of the stages; empty where every rank holds
  /// the whole network. The first is rank 0's, which reads the model.
  public let stages: [MemoryForecast]

  init(_ preparation: Preparation, _ memory: MemoryForecast, stages: [MemoryForecast] = []) {
    layerCount = preparation.structure.layers.count
    searchedLayerCount = preparation.structure.layers.count { layer in
      layer.outputUnits.contains { unit in
        guard let unit else { return false }
        if case .searched = preparation.space.choices[unit.group] { return true }
        return false
      }
    }
    remarks = preparation.remarks
    leftOutImages = preparation.configuration.leftOutImages
    sampleCount = preparation.plan.batches.last?.upperBound ?? 0
    batchCount = preparation.plan.batches.count
    shardCount = preparation.plan.shards.count
    targets = zip(preparation.configuration.targets, preparation.ranges).map { ($0, $1.original, $1.lowest) }
    self.memory = memory
    self.stages = stages
  }

  /// The same for stages.
  init(_ preparation: Preparation, _ trial: StageTrial) {
    let largest = trial.forecasts.max { $0.bytes < $1.bytes }
    guard let largest else { preconditionFailure("a network has a stage") }
    self.init(preparation, largest, stages: trial.forecasts)
  }
}

extension SearchRun {
  /// The text of a configuration file, with changes made, and with the images named that it says to skip.
  /// - Parameters:
  ///   - check: called first where all images will be decoded for that: what costs little is looked at before, and what it
  ///     finds wrong with an image alone waits until all that are wrong are known.
  ///   - tell: called with what is to be said of the images that are left out.
  static func text(
    of path: String, _ changes: [ConfigurationChange] = [],
    checking check: (SearchConfiguration) throws -> Void = { _ in },
    tell: (String) -> Void = { _ in }
  ) throws -> [UInt8] {
    var text = try FileHandleReader.contents(of: path, limit: configurationSizeLimit)
    if !changes.isEmpty {
      let document = changes.reduce(try JSONValue(parsing: text, file: path, allowsComments: true)) {
        $1.applied(to: $0)
      }
      text = Array(document.text().utf8)
    }
    let asked = try SearchConfiguration(parsing: text, file: path)
    if asked.skipsImages { try butForImages(of: asked) { try check(asked) } }
    return try BadImages.resolved(text, file: path, tell: tell)
  }

  /// What `body` gives; `nil` where all that it finds wrong is an image.
  @discardableResult
  private static func butForImages<Result>(
    of configuration: SearchConfiguration, _ body: () throws -> Result
  ) throws -> Result? {
    do {
      return try body()
    } catch let error as SearchError {
      guard configuration.hasImage(error.file) else { throw error }
      return nil
    }
  }

  /// Sees whether network, data and target go together, and forgets them.
  static func check(_ configuration: SearchConfiguration, _ format: any ModelFormat) throws {
    _ = try Preparation(configuration, model: format.read(modelOf: configuration).message, format, isSolving: true)
  }

  /// Reads and checks everything that a search checks before it computes; writes nothing.
  ///
  /// - Parameters:
  ///   - memoryLimit: the most bytes that a rank may hold, or `nil`.
  ///   - grid: how ranks would hold the network's stages; `nil` where each would hold the whole network.
  /// - Precondition: where the grid has stages, `backend` is a `StagedBackend`.
  /// - Throws: the first thing that is wrong.
  public static func validate(
    _ path: String, _ format: any ModelFormat, backend: any ExecutionBackend, memoryLimit: Int? = nil,
    grid: RankGrid? = nil
  ) throws -> ValidationSummary {
    let written = try FileHandleReader.contents(of: path, limit: configurationSizeLimit)
    let asked = try SearchConfiguration(parsing: written, file: path)
    let source = try format.read(modelOf: asked)
    // What costs little is looked at first; an image that is wrong is named with all others that are.
    let preparation = try butForImages(of: asked) {
      try Preparation(asked, model: source.message, format, isSolving: true)
    }
    let resolved = try BadImages.resolved(written, file: path) { _ in }
    try BadImages.check(asked)
    let configuration = try SearchConfiguration(parsing: resolved, file: path)
    let prepared = configuration == asked ? preparation : nil
    return try validate(
      prepared ?? Preparation(configuration, model: source.message, format, isSolving: true), backend, memoryLimit, grid
    )
  }

  private static func validate(
    _ preparation: Preparation, _ backend: any ExecutionBackend, _ memoryLimit: Int?, _ grid: RankGrid?
  ) throws -> ValidationSummary {
    try preparation.checkValues()
    let workers = ProcessorShare.available
    if let stages = SearchStages(grid, backend) {
      return ValidationSummary(
        preparation,
        try StageTrial(
          preparation, stages, mostWorkers: min(workers, preparation.plan.shards.count), memoryLimit: memoryLimit,
          isTimed: false))
    }
    let forecast = try WorkForecast(
      preparation, backend, ranks: grid?.batches ?? 1, mostWorkers: workers, memoryLimit: memoryLimit)
    return ValidationSummary(preparation, forecast.memory)
  }
}
