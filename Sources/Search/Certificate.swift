import Configuration
import Execution
import MessagePassing
import Networks
public import Surgery
import WorkSharing

/// Proof that a pruned network does what the original does without the removed channels: the content of
/// `certificate.json`.
public struct Certificate: Sendable {
  /// How far the outputs lie apart on some samples.
  public struct Comparison: Sendable {
    /// Samples that both networks ran.
    public let samples: Int
    /// By output.
    public let difference: OutputDifference
  }

  /// Names of the outputs.
  public let outputs: [String]
  /// On the calibration data; `nil` without data.
  public let data: Comparison?
  /// On random inputs; `nil` if none were asked for.
  public let probes: Comparison?
  /// The largest relative difference that passes.
  public let tolerance: Double

  /// The largest relative difference of all: largest |a − b| of an output ÷ its largest |b|.
  public var relativeDifference: Double {
    [data, probes].compactMap { $0?.difference.relativeDifference }.max() ?? .infinity
  }

  /// Whether the two networks agree.
  public var isValid: Bool { relativeDifference <= tolerance }

  var json: JSONValue {
    func object(_ comparison: Comparison?) -> JSONValue {
      guard let comparison else { return .null }
      return [
        "samples": .integer(comparison.samples),
        "outputs": .array(
          zip(outputs, comparison.difference.outputs).map { name, output in
            [
              "name": .string(name), "largest_absolute_difference": .number(output.difference),
              "largest_relative_difference": .number(output.relativeDifference),
              "largest_expected": .number(output.largestExpected), "elements": .integer(output.count),
              "sample": .integer(output.sample), "element": .integer(output.element),
            ]
          }),
      ]
    }
    return [
      "tolerance": .number(tolerance), "is_valid": .boolean(isValid),
      "largest_relative_difference": .number(relativeDifference), "calibration": object(data),
      "random_probes": object(probes),
    ]
  }
}

/// Runs the pruned network beside the original whose layers do not see the removed channels, on all ranks.
struct CertificateRun {
  let session: WorkSession
  let backend: any ExecutionBackend
  /// Both networks, at one batch size: the original as it is, and the pruned one.
  let original: Network
  let pruned: Network
  /// By layer name the input channels that are gone.
  let removedInputs: [String: [Int]]
  /// The model's file, as errors call it.
  let file: String
  /// The file of the samples, if there are any.
  let dataFile: String?
  let workerCount: Int

  /// Both networks on one thread.
  private typealias Pair = (original: any NetworkExecutor, pruned: any NetworkExecutor)

  /// The certificate, on every rank the same. Quantised values are compared without their steps: a sum in another order
  /// may fall to the other side of one.
  /// - Parameters:
  ///   - data: the samples to compare on, matched to the original; `nil` for none.
  ///   - probes: how many random samples are compared beside them.
  func certificate(data: MatchedData?, samples: [Range<Int>], probes: Int, tolerance: Double) throws -> Certificate {
    let masked = original.masking(inputs: removedInputs).leavingOutQuantizationSteps().foldingNormalizations()
    let pruned = pruned.leavingOutQuantizationSteps().foldingNormalizations()
    let (first, second) = (try program(masked), try program(pruned))
    let pool = WorkerPool<Pair>(count: workerCount) { (try first.makeExecutor(), try second.makeExecutor()) }
    var onData: Certificate.Comparison?
    if let data {
      onData = try compare(samples, "sample", by: pool) { run in try data.batch(run, size: masked.batchSize) }
    }
    var onProbes: Certificate.Comparison?
    if probes > 0 {
      let size = masked.batchSize
      let normal = RandomProbes(for: masked, masked.inputs.map { _ in .normal(deviation: 1) }, seed: 1)
      let uniform = RandomProbes(for: masked, masked.inputs.map { _ in .uniform(bound: 1) }, seed: 2)
      onProbes = try compare((0..<probes).runs(of: size), "random sample", by: pool) { run in
        let number = run.lowerBound / size
        let inputs = number.isMultiple(of: 2) ? normal.batch(number) : uniform.batch(number)
        return Batch(inputs: inputs, targets: .none, sampleCount: run.count)
      }
      guard onProbes?.difference.outputs.allSatisfy({ $0.largestExpected.isFinite }) ?? true else {
        throw SearchError(
          .badContent, file: file,
          "the original's outputs are not finite on random inputs; with calibration data, set $.apply.probes to 0")
      }
    }
    return Certificate(
      outputs: original.outputs.map { original[$0].name }, data: onData, probes: onProbes, tolerance: tolerance)
  }

  private func program(_ network: Network) throws -> any ExecutionProgram {
    do {
      return try backend.program(
        for: ExecutionRequest(network: network, loss: nil, outputs: network.outputs), executorLimit: nil)
    } catch {
      throw SearchError(.badContent, file: file, "\(error)")
    }
  }

  private func compare(
    _ samples: [Range<Int>], _ unit: String, by pool: WorkerPool<Pair>,
    _ batch: @escaping @Sendable (Range<Int>) throws -> Batch
  ) throws -> Certificate.Comparison {
    let sampleCount = samples.reduce(0) { $0 + $1.count }
    session.phases.begin(.certify, total: sampleCount, unit: unit)
    let elements = original.outputs.map { original[$0].shape.count / original.batchSize }
    var total = OutputDifference(sampleElements: elements)
    let (file, dataFile, size) = (file, dataFile, original.batchSize)
    try session.perform(
      "batch", samples.count, length: total.packed.count, by: pool,
      progress: { session.phases.advance($0, pieces: samples.count) }
    ) { piece, pair, pulse in
      var part = OutputDifference(sampleElements: elements)
      for run in samples[piece].runs(of: size) {
        let batch = try batch(run)
        let expected: Evaluation
        let found: Evaluation
        do throws(ExecutionError) {
          expected = try pair.original.evaluate(batch)
          found = try pair.pruned.evaluate(batch)
        } catch {
          throw SearchError(error, model: file, data: dataFile ?? file, samples: run)
        }
        try pulse.beat()
        for output in elements.indices {
          part.add(found.outputs[output], expected: expected.outputs[output], output: output, samples: run)
        }
      }
      return part.packed
    } combine: { packed in
      total.formUnion(Array(packed))
    }
    var packed = total.packed
    try session.world.broadcast(&packed, from: 0)
    var shared = OutputDifference(sampleElements: elements)
    shared.formUnion(packed)
    return Certificate.Comparison(samples: sampleCount, difference: shared)
  }
}
