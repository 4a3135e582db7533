import Allocation
import Channels
import Configuration
import Execution
import Foundation
import Logging
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Sensitivity
import WorkSharing

@testable import Search

/// A network with its samples, ready to have variants of it evaluated.
struct SubjectCase: Sendable {
  let configuration: SearchConfiguration
  let preparation: Preparation
  let subject: VariantSubject
  /// The problem of the configuration, units in the order of their filters' norms.
  let problem: AllocationProblem
  let digests: [FileDigest]

  init(_ text: Data) throws {
    configuration = try SearchConfiguration(parsing: Array(text), file: "config.json")
    let source = try ONNXFormat().read(configuration.model.path)
    digests = source.digests
    preparation = try Preparation(configuration, model: source.message, ONNXFormat(), isSolving: true)
    let calibration = try CalibrationData(configuration)
    let network = try preparation.execution(without: []).request.network
    subject = VariantSubject(
      configuration: configuration, backend: OneDNNBackend(), network: network, data: calibration)
    let model = try ONNXFormat().decode(source.message, sampleShapes: calibration.sampleShapes)
    let scores = try ChannelScores(
      .l2, of: try model.runnableNetwork(batchSize: configuration.batchSize), preparation.structure)
    problem = try preparation.analysis.solving.problem(AllocationInput(losses: scores.groups))
  }

  /// The network that ships with the project.
  static func demo(
    output: String = "out", samples: Int = 75, _ changes: [(path: String, json: String?)] = []
  ) throws -> SubjectCase {
    try SubjectCase(
      DemoNetwork.configuration(
        output: output,
        changes: [
          ("calibration.samples", "\(samples)"), ("calibration.batch_size", "8"), ("solver.method", #""measured""#),
        ] + changes))
  }

  /// A reference network, on all 512 samples.
  static func reference(
    _ name: String, output: String = "out", _ changes: [String: String] = [:]
  ) throws -> SubjectCase {
    var members = [
      "model": #""\#(ReferenceData.path("models/\(name)/\(name).folded.onnx"))""#,
      "calibration": """
      {"inputs": "\(ReferenceData.path("data/calib_images.npy"))", "labels": "\(ReferenceData.path("data/calib_labels.npy"))",
       "batch_size": 32}
      """,
      "target": #"{"compression_ratio": 2.0}"#, "solver": #"{"method": "measured"}"#,
      "output": #"{"directory": "\#(output)"}"#,
    ]
    members.merge(changes) { $1 }
    return try SubjectCase(Data("{\(members.map { #""\#($0)": \#($1)"# }.joined(separator: ","))}".utf8))
  }

  func evaluation(
    _ world: any Communicator, workers: Int = 1, memoryLimit: Int? = nil, phases: RunPhases = RunPhases()
  ) throws -> VariantEvaluation {
    VariantEvaluation(
      session: try WorkSession(
        on: world, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, phases: phases),
      memory: try EvaluationMemory(
        evaluating: subject, preparation, mostWorkers: workers, memoryLimit: memoryLimit),
      subject: subject)
  }

  /// What masks some units.
  func masking(_ removed: [Int: Set<Int>]) throws -> NetworkVariant {
    let structure = preparation.structure
    let units = structure.groups.indices.map { removed[$0] ?? [] }
    return .masking(
      LayerCut(
        structure.layers, inputs: try ChannelRemoval(units, from: structure).removedInputs, outputs: []
      ).inputs)
  }

  /// What the scores depend on.
  var basis: EvaluationBasis {
    get throws {
      EvaluationBasis(
        configuration, model: digests, data: try subject.data.paths.map { try FileDigest(reading: $0) },
        samples: subject.data.sampleCount, runSize: preparation.runSize)
    }
  }
}
