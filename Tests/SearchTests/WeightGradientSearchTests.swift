import ArrayFiles
import Channels
import Foundation
import ProgramRuns
import ReferenceData
import Search
import Sensitivity
import Testing

/// Magnitudes of weights and their gradients through whole searches, where a batch takes several runs.
@Suite(.enabled(if: ReferenceData.isPresent), .timeLimit(.minutes(30)))
struct WeightGradientSearchTests {
  /// Networks with arrays so large that not all samples run at a time.
  @Test(
    arguments: ReferenceData.models.filter {
      ["vgg_small.folded", "mobilenetv2_small.folded"].contains($0.description)
    }, [1, 2])
  func `all samples in one batch give the golden scores`(_ model: ReferenceModel, ranks: Int) throws {
    let folder = try TemporaryFolder()
    let configuration = """
      {
        "model": "\(model.path)",
        "calibration": {
          "inputs": "\(ReferenceData.path("data/calib_images.npy"))",
          "labels": "\(ReferenceData.path("data/calib_labels.npy"))", "batch_size": 512
        },
        "target": {"compression_ratio": 1.5}, "sensitivity": {"reduction": "weight_abs", "site": "members"},
        "output": {"directory": "\(folder.file("out"))"}
      }
      """
    _ = try DemoSearch.run(
      configuration: try folder.write(Data(configuration.utf8), as: "config.json"), ranks: ranks)
    let structure = ChannelStructure(of: try model.network(batchSize: 2))
    let scores = try StoredSensitivities(reading: folder.file("out/sensitivities.npz"), for: structure).scores
    let golden = try NumPyArchive(ReferenceData.path("models/\(model.name)/\(model.description).ablation.npz"))
    let groups = try golden.array(named: "group").doubles().map { Int($0) }
    let units = try golden.array(named: "unit").doubles().map { Int($0) }
    let expected = try golden.array(named: "score.weights_sum_abs_wg").doubles()
    let coupling = try model.coupling().groups
    let largest = expected.max() ?? 0
    for (place, score) in expected.enumerated() {
      // Units are called by a channel of the first layer that makes them: groups may be numbered in another order.
      let maker = try #require(coupling[groups[place]].entries.first { $0.role == "produce" })
      let layer = try #require(structure.layers.first { $0.name == maker.node })
      let unit = try #require(layer.outputUnits[maker.index[units[place]][0]])
      let found = scores.groups[unit.group][unit.unit]
      // In float32 a rounding difference flips single ReLU choices.
      #expect(abs(found - score) <= 1e-3 * largest, "\(maker.node), unit \(units[place]): \(found) beside \(score)")
    }
  }
}
