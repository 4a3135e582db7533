import Configuration
import Execution
import Networks
import Sensitivity

/// A network compiled to run samples forward, with the data that it takes.
struct ForwardModel: Sendable {
  /// The network compiled.
  let program: any ExecutionProgram
  /// Samples per run.
  let runSize: Int
  /// The samples as the network takes them.
  let data: MatchedData
  /// The model's file, and that of its samples, as errors call them.
  private let file: String
  private let dataFile: String

  /// Compiles a network whose first output is compared with the targets.
  init(
    _ model: any DecodedModel, file: String, _ calibration: CalibrationData, _ configuration: SearchConfiguration,
    loss: Loss,
    _ backend: any ExecutionBackend
  ) throws {
    let network = try model.runnableNetwork(batchSize: configuration.batchSize).foldingNormalizations()
    try self.init(
      ExecutionRequest(network: network, loss: loss, outputs: network.outputs), file: file, calibration,
      targets: Loss(configuration.loss), backend)
  }

  /// Compiles what a request asks for.
  /// - Parameter targets: the loss that says what the labels are.
  init(
    _ request: ExecutionRequest, file: String, _ calibration: CalibrationData, targets: Loss,
    _ backend: any ExecutionBackend
  ) throws {
    self.file = file
    dataFile = calibration.paths[0]
    runSize = request.network.batchSize
    data = try calibration.matched(to: request.network, loss: targets)
    do {
      program = try backend.program(for: request, executorLimit: nil)
    } catch {
      throw SearchError(error, model: file, data: dataFile)
    }
  }

  /// Makes an executor for one thread.
  func makeExecutor() throws -> any NetworkExecutor {
    do {
      return try program.makeExecutor()
    } catch {
      throw SearchError(error, model: file, data: dataFile)
    }
  }

  /// The runs in which a piece of work takes its samples; files that they need are read ahead from now on.
  func runs(_ samples: Range<Int>) -> [Range<Int>] {
    data.expect(samples)
    return samples.runs(of: runSize)
  }

  /// Some samples, at most `runSize`, as a batch.
  /// - Parameter classes: in place of the labels, one per sample and position.
  func batch(_ samples: Range<Int>, classes: [Int]? = nil) throws -> Batch {
    let batch = try data.batch(samples, size: runSize)
    guard var classes else { return batch }
    let last = Array(classes.suffix(classes.count / samples.count))
    for _ in samples.count..<max(runSize, samples.count) { classes += last }
    return Batch(inputs: batch.inputs, targets: .classes(classes), sampleCount: batch.sampleCount)
  }

  /// Runs samples, at most `runSize`.
  /// - Parameter classes: in place of the labels, one per sample and position.
  func run(_ samples: Range<Int>, on executor: any NetworkExecutor, classes: [Int]? = nil) throws -> Evaluation {
    let batch = try batch(samples, classes: classes)
    do {
      return try executor.evaluate(batch)
    } catch {
      throw SearchError(error, model: file, data: dataFile, samples: samples)
    }
  }
}

extension ForwardModel {
  /// Runs samples, at most `runSize`, of which the unchanged network is known to have a finite loss.
  /// - Returns: `nil` when this network has not.
  func finiteRun(
    _ samples: Range<Int>, on executor: any NetworkExecutor, classes: [Int]? = nil
  ) throws -> Evaluation? {
    let batch = try batch(samples, classes: classes)
    do {
      return try executor.evaluate(batch)
    } catch {
      guard error.kind == .notFinite else {
        throw SearchError(error, model: file, data: dataFile, samples: samples)
      }
      return nil
    }
  }
}

extension DecodedModel {
  /// The network at the size in which batches run: two samples at least, for a batch of one takes other kernels.
  func runnableNetwork(batchSize: Int) throws -> Network {
    let network = try self.network(batchSize: 2)
    let runSize = RunSize(batchSize: batchSize, network: network).samples
    return network.batchSize == 2 && runSize != 2 ? try self.network(batchSize: runSize) : network
  }
}

extension Range<Int> {
  /// Runs of at most `size`, in order.
  func runs(of size: Int) -> [Range<Int>] {
    stride(from: lowerBound, to: upperBound, by: size).map { $0..<Swift.min($0 + size, upperBound) }
  }
}
