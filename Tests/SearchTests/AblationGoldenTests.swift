import ArrayFiles
import Channels
import Foundation
import ProgramRuns
import ReferenceData
import Search
import Sensitivity
import Testing

/// The loss without each unit alone, against what torch gives in double precision for the network without it.
@Suite(.enabled(if: ReferenceData.isPresent), .timeLimit(.minutes(30)))
struct AblationGoldenTests {
  @Test(arguments: ReferenceData.models.filter { $0.variant == "folded" && $0.name != "mobilenetv2_small" })
  func `every unit's loss change is the golden one`(_ model: ReferenceModel) throws {
    let folder = try TemporaryFolder()
    let configuration = """
      {
        "model": "\(model.path)",
        "calibration": {
          "inputs": "\(ReferenceData.path("data/calib_images.npy"))",
          "labels": "\(ReferenceData.path("data/calib_labels.npy"))"
        },
        "target": {"compression_ratio": 1.5}, "sensitivity": {"method": "ablation"},
        "output": {"directory": "\(folder.file("out"))"}
      }
      """
    let outcome = try DemoSearch.run(configuration: try folder.write(Data(configuration.utf8), as: "config.json"))
    #expect(outcome.sampleCount == 512)
    let structure = ChannelStructure(of: try model.network(batchSize: 2))
    let scores = try StoredSensitivities(reading: folder.file("out/sensitivities.npz"), for: structure).scores
    let golden = try NumPyArchive(
      ReferenceData.path("models/\(model.name)/\(model.description).ablation.npz"))
    let groups = try golden.array(named: "group").doubles().map { Int($0) }
    let units = try golden.array(named: "unit").doubles().map { Int($0) }
    let deltas = try golden.array(named: "delta").doubles()
    #expect(deltas.count == structure.groups.filter(\.isPrunable).reduce(0) { $0 + $1.unitCount })
    let coupling = try model.coupling().groups
    for (place, delta) in deltas.enumerated() {
      // Units are called by a channel of the first layer that makes them: groups may be numbered in another order.
      let maker = try #require(coupling[groups[place]].entries.first { $0.role == "produce" })
      let layer = try #require(structure.layers.first { $0.name == maker.node })
      let unit = try #require(layer.outputUnits[maker.index[units[place]][0]])
      let found = scores.groups[unit.group][unit.unit]
      // The mean of 512 losses computed in single precision.
      #expect(abs(found - delta) <= 2e-6, "\(maker.node), unit \(units[place]): \(found) beside \(delta)")
    }
  }
}
