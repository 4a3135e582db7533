import Allocation
import ArrayFiles
import Channels
import Configuration
import Foundation
import Logging
import MessagePassing
import Networks
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Surgery
import Testing
import WorkSharing

@testable import Search

/// Changed networks evaluated on the calibration samples.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct VariantEvaluationTests {
  private static func variants(_ demo: SubjectCase) throws -> [NetworkVariant] {
    let layer = demo.preparation.structure.layers[1].name
    var variants: [NetworkVariant] = [
      .original, .quantizingWeights(layer: layer, bits: 2),
      .quantizingInput(layer: layer, Quantization(scale: 0.5, steps: -3...3)),
    ]
    for (index, group) in demo.problem.groups.enumerated() where group.ladder.count > 2 {
      variants.append(try demo.masking([index: Set(group.removedUnits(keeping: group.ladder[2]))]))
    }
    return variants
  }

  @Test(arguments: ["cross_entropy", "agreement"])
  func `scores have the same bits for any number of ranks and workers`(_ loss: String) throws {
    // 75 samples in batches of 8: ten shards, the last one short; no count of variants that ranks or workers divide.
    let demo = try SubjectCase.demo([("loss", #"{"kind": "\#(loss)"}"#)])
    let variants = try Self.variants(demo)
    var first: [VariantScore] = []
    for (ranks, workers) in [(1, 1), (1, 2), (2, 1), (3, 1), (2, 2), (1, 5)] {
      let found = try InProcess.run(ranks: ranks) { world in
        try demo.evaluation(world, workers: workers).scores(of: variants)
      }
      let scores = try #require(found[0])
      #expect(found.dropFirst().allSatisfy { $0 == nil })
      if first.isEmpty { first = scores }
      #expect(scores == first, "\(ranks) ranks, \(workers) workers")
    }
    #expect(first.count == variants.count)
    // Every change is seen.
    #expect(Set(first.map(\.loss)).count == variants.count)
  }

  @Test(arguments: ["cross_entropy", "agreement"])
  func `a variant scores what a model file with its weights does`(_ loss: String) throws {
    let demo = try SubjectCase.demo([("loss", #"{"kind": "\#(loss)"}"#)])
    let layer = demo.preparation.structure.layers[2].name
    let changed = demo.subject.network.quantizingWeights(of: layer, bits: 2)
    let node = try #require(changed.nodes.first { $0.name == layer })
    let id = try #require(node.inputs[1])
    let weight = try #require(changed[id].constant).floats
    let original = try ONNXFormat().read(demo.configuration.model.path).message
    let written = try ONNXFormat().replacing([LayerParameters(node: layer, weight: weight)], in: original)
    let results = try InProcess.run(ranks: 1) { world in
      let comparison = NetworkComparison(
        session: try WorkSession(on: world, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }),
        backend: OneDNNBackend(), format: ONNXFormat(), configuration: demo.configuration,
        data: demo.subject.data, workerCount: 1)
      let models = [original, written].map { EvaluationCandidate(name: "model", message: $0, fileSize: 0) }
      return (
        try demo.evaluation(world).scores(of: [.original, .quantizingWeights(layer: layer, bits: 2)]),
        try comparison.evaluate(models)
      )
    }
    let (scores, expected) = (try #require(results[0].0), try #require(results[0].1))
    // Sums of 75 losses in another order, and BatchNormalization folded before or after the rounding.
    for (score, expected) in zip(scores, expected) { #expect(abs(score.loss - expected.meanLoss) < 1e-6) }
    #expect(abs(scores[1].loss - scores[0].loss) > 1e-3)
    if loss == "agreement" {
      #expect(scores.map(\.accuracy) == [1, expected[1].agreement])
      #expect(scores[1].accuracy != 1)
    } else {
      #expect(scores.map(\.accuracy) == expected.map(\.accuracy))
    }
  }

  @Test func `an error names the change that was evaluated`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("labels.npy")
    try NumPyArray(.int64s([Int64](repeating: 3, count: 511) + [10])).write(to: path)
    let demo = try SubjectCase.demo(samples: 512, [("calibration.labels", #""\#(path)""#)])
    let layer = demo.preparation.structure.layers[1].name
    let error = #expect(throws: SearchError.self) {
      try InProcess.run(ranks: 1) { world in
        try demo.evaluation(world).scores(of: [.quantizingWeights(layer: layer, bits: 4)])
      }
    }
    #expect(
      error?.description
        == "\(path): sample 511 has label 10, the network has classes 0 … 9, counted from 0; evaluated was the network with "
        + "the weights of '\(layer)' in 4 bits"
    )
  }

  @Test func `every score comes at once, in order, at rank 0`() throws {
    let demo = try SubjectCase.demo()
    let variants = try Self.variants(demo)
    let orders = try InProcess.run(ranks: 2) { world in
      var order: [Int] = []
      var seen: [VariantScore] = []
      let scores = try demo.evaluation(world, workers: 2).scores(of: variants) {
        order.append($0)
        seen.append($1)
      }
      #expect(world.rank == 1 || seen == scores)
      return order
    }
    #expect(orders[0] == Array(variants.indices))
    #expect(orders[1].isEmpty)
  }

  /// The units that prunecases.json removes, and what an independent calculation gives without them.
  private struct Cases: Decodable {
    struct Case: Decodable {
      let name: String
      let keptOutputChannels: [String: [Int]]
      let calibLoss: Double
    }

    let cases: [Case]
  }

  @Test(.enabled(if: ReferenceData.isPresent), arguments: ["vgg_small", "resnet20", "mobilenetv2_small"])
  func `a masked network's loss is that of the network without the channels`(_ name: String) throws {
    let reference = try SubjectCase.reference(name)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let path = ReferenceData.path("models/\(name)/\(name).folded.prunecases.json")
    let cases = try decoder.decode(Cases.self, from: Data(contentsOf: URL(fileURLWithPath: path))).cases
    let variants = try cases.map { one in
      var removed: [Int: Set<Int>] = [:]
      for layer in reference.preparation.structure.layers {
        guard let kept = one.keptOutputChannels[layer.name] else { continue }
        for channel in Set(0..<layer.outputs).subtracting(kept) {
          let unit = try #require(layer.outputUnits[channel])
          removed[unit.group, default: []].insert(unit.unit)
        }
      }
      return try reference.masking(removed)
    }
    let scores = try InProcess.run(ranks: 1) { world in
      try reference.evaluation(world, workers: 2).scores(of: variants)
    }
    for (score, one) in zip(try #require(scores[0]), cases) {
      // Float32 against float64 over 512 samples.
      #expect(abs(score.loss - one.calibLoss) < 1e-5 * max(1, one.calibLoss), "\(one.name)")
    }
  }
}
