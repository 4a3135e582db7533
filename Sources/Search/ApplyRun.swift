import Allocation
import Channels
import Configuration
public import Execution
public import Logging
public import MessagePassing
import Networks
import Sensitivity
public import WorkSharing

/// Removes channels from a model as a ratio file says.
public struct ApplyRun {
  /// What is asked for.
  public struct Request: Sendable {
    /// The ratio file.
    public var ratios: String
    /// The model.
    public var model: String
    /// Where the pruned model goes.
    public var output: String
    /// A configuration that names calibration data, and says how to repair; `nil` for random probes alone.
    public var configuration: String?
    /// What chooses channels where only their number is given; `nil` for stored sensitivities if there are any, else L2.
    public var criterion: ChannelCriterion?
    /// Stored sensitivities; `nil` for those beside the ratio file, if there are any.
    public var sensitivities: String?
    /// Whether layers may leave out inputs by a Gather where the producer cannot lose them; `nil` as configured.
    public var gatherInputs: Bool?
    /// The largest relative difference that passes; `nil` as configured.
    public var tolerance: Double?
    /// Whether nothing is repaired, whatever is configured.
    public var skipsRepair: Bool
    /// Extents of one sample by input name, for axes that the model leaves open and no data settle.
    public var sampleShapes: [String: [Int]]

    /// A request with the defaults.
    public init(ratios: String, model: String, output: String) {
      self.ratios = ratios
      self.model = model
      self.output = output
      skipsRepair = false
      sampleShapes = [:]
    }
  }

  private let world: any Communicator
  private let options: WorkSession.Options
  private let backend: any ExecutionBackend
  private let format: any ModelFormat
  private let logger: Logger
  private let progress: @Sendable (ProgressEvent) -> Void

  /// A run on the ranks of `world`.
  /// - Parameter progress: called at rank 0, by the thread that runs it, as phases begin, go on and end.
  public init(
    on world: any Communicator, backend: any ExecutionBackend, format: any ModelFormat,
    options: WorkSession.Options = WorkSession.Options(), logger: Logger,
    progress: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
  ) {
    self.world = world
    self.options = options
    self.backend = backend
    self.format = format
    self.logger = logger
    self.progress = progress
  }

  /// Runs it.
  /// - Returns: the outcome at rank 0, `nil` elsewhere.
  /// - Throws: what is wrong with ratios, model, data or output; for all but unreadable data that is rank 0.
  public func execute(_ request: Request) throws -> PruningOutcome? {
    let phases = RunPhases(telling: world.rank == 0 ? progress : nil)
    phases.begin(.prepare)
    var (text, message): ([UInt8], [UInt8]) = ([], [])
    var digests: [FileDigest] = []
    var removal: PruningStage.Request?
    var configuration: SearchConfiguration?
    if world.rank == 0 {
      try PrunedModelFiles.checkOutput(
        request.output,
        besides: [request.ratios, request.model] + [request.configuration, request.sensitivities].compactMap { $0 })
      let ratios = try RatioFile.read(request.ratios)
      if let path = request.configuration {
        text = try SearchRun.text(of: path) { logger.warning("\($0)") }
        configuration = try self.configuration(text, request)
      }
      let source = try format.read(request.model)
      (message, digests) = (source.message, source.digests)
      // External data lie in the model's folder.
      let folder = request.model.lastIndex(of: "/").map { String(request.model[...$0]) } ?? ""
      try PrunedModelFiles.checkOutput(request.output, besides: digests.dropFirst().map { folder + $0.path })
      if let expected = ratios.model?.sha256, let found = digests.first?.sha256, expected != found {
        logger.warning(
          "\(request.ratios) was made for another file than \(request.model) (SHA-256 \(expected.prefix(12))…, found \(found.prefix(12))…)"
        )
      }
      removal = try self.removal(ratios, request, message, configuration)
    }
    try world.broadcast(&text, from: 0)
    try world.broadcast(&message, from: 0)
    if world.rank != 0, request.configuration != nil { configuration = try self.configuration(text, request) }
    var settings = configuration?.apply ?? .standard
    if let tolerance = request.tolerance { settings.tolerance = tolerance }
    let stage = PruningStage(
      session: try WorkSession(on: world, options: options, logger: logger, phases: phases), backend: backend,
      format: format,
      logger: logger, workerCount: try ProcessorShare.count(on: world),
      path: request.model, message: message, digests: digests, configuration: configuration,
      repair: request.skipsRepair ? .none : configuration?.repair ?? .none,
      sampleShapes: try sampleShapes(request, configuration), settings: settings)
    let outcome = try stage.run(removal, output: request.output)
    phases.end()
    return outcome
  }

  private func configuration(_ text: [UInt8], _ request: Request) throws -> SearchConfiguration {
    try SearchConfiguration(parsing: text, file: request.configuration ?? "")
  }

  private func sampleShapes(_ request: Request, _ configuration: SearchConfiguration?) throws -> [String: [Int]] {
    var shapes = try configuration.flatMap { try CalibrationData.opened($0)?.sampleShapes } ?? [:]
    shapes.merge(request.sampleShapes) { $1 }
    return shapes
  }

  /// The units that go, and what layers leave out by a Gather.
  private func removal(
    _ ratios: RatioFile, _ request: Request, _ message: [UInt8], _ configuration: SearchConfiguration?
  ) throws -> PruningStage.Request {
    let model = try format.decode(message, sampleShapes: try sampleShapes(request, configuration))
    let network = try model.network(batchSize: 2)
    try network.checkSampleShapes(request.sampleShapes, model: request.model)
    let structure = ChannelStructure(of: network)
    let costs = try CostModel(
      structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    let stored = request.sensitivities ?? StoredSensitivities.beside(request.ratios)
    let criterion = request.criterion ?? .standard(isStored: stored != nil)
    let gathers = request.gatherInputs ?? configuration?.apply.gatherInputs ?? false
    let asked = try RemovalRequest(ratios, for: structure, costs, acceptsFrozen: gathers) {
      logger.info("channels are chosen by \(criterion.rawValue)")
      do {
        return try criterion.scores(of: network, structure, stored: stored)
      } catch let error as SensitivityError {
        throw SearchError(.badContent, file: request.model, "\(error)")
      }
    }
    var gathering: [InputGathering] = []
    if !asked.frozen.isEmpty {
      do {
        let wished = Dictionary(uniqueKeysWithValues: asked.frozen.map { ($0.layer, $0.channels) })
        gathering = try structure.gatherableInputs(wishing: wished)
      } catch {
        throw SearchError(.badContent, file: request.ratios, "\(error)")
      }
      for frozen in asked.frozen {
        logger.warning(
          "\(structure.layers[frozen.layer].name) goes on making all its channels: \(frozen.reason)")
      }
      if gathering.isEmpty { logger.warning("no layer can leave these channels out by a Gather") }
    }
    return PruningStage.Request(removed: asked.removed, gathering: gathering)
  }
}
