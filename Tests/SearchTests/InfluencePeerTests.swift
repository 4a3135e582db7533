import Channels
import Foundation
import ProgramRuns
import ReferenceData
import Search
import Sensitivity
import Testing

/// The scores of an influence function against NumPy, which solves the linear equations as they stand, from the rows that
/// another search has kept.
@Suite(.enabled(if: ReferenceData.isPresent && PythonPeer.python != nil), .timeLimit(.minutes(30)))
struct InfluencePeerTests {
  private static func search(_ model: ReferenceModel, _ sensitivity: String, in folder: TemporaryFolder) throws {
    let configuration = """
      {
        "model": "\(model.path)",
        "calibration": {
          "inputs": "\(ReferenceData.path("data/calib_images.npy"))",
          "labels": "\(ReferenceData.path("data/calib_labels.npy"))", "samples": 150
        },
        "target": {"compression_ratio": 1.5}, "sensitivity": \(sensitivity), "solver": {"method": "greedy"},
        "output": {"directory": "\(folder.file("out"))"}
      }
      """
    _ = try DemoSearch.run(configuration: try folder.write(Data(configuration.utf8), as: "config.json"))
  }

  private static let script = """
    import json, sys
    import numpy

    path, one, damping = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    rows = numpy.load(path)["rows"].astype(float)
    rows = rows.reshape(-1, rows.shape[-1])
    held = numpy.arange(len(rows)) % one == one - 1
    others = rows[~held]
    fisher = others.T @ others / len(others)
    shift = damping * numpy.trace(fisher) / len(fisher)
    solution = numpy.linalg.solve(fisher + shift * numpy.eye(len(fisher)), rows[held].mean(0))
    print(json.dumps(list(abs(others * solution).mean(0))))
    """

  @Test(arguments: ReferenceData.models.filter { $0.description == "resnet20.folded" }, [(4, 0.1), (7, 0.001)])
  func `scores are those of the linear equations`(_ model: ReferenceModel, _ settings: (one: Int, damping: Double))
    throws
  {
    let python = try #require(PythonPeer.python)
    let (joint, own) = (try TemporaryFolder(), try TemporaryFolder())
    try Self.search(model, #"{"order": 2, "curvature": "fisher"}"#, in: joint)
    let text = try PythonPeer.run(
      python, Self.script, [joint.file("out/set_loss.npz"), "\(settings.one)", "\(settings.damping)"])
    let expected = try JSONDecoder().decode([Double].self, from: Data(text.utf8))

    try Self.search(
      model, #"{"method": "influence", "holdout_every": \#(settings.one), "damping": \#(settings.damping)}"#, in: own)
    let structure = ChannelStructure(of: try model.network(batchSize: 2))
    let stored = try StoredSensitivities(reading: own.file("out/sensitivities.npz"), for: structure)
    let found = Array(stored.scores.groups.joined())
    #expect(found.count == expected.count)
    let largest = expected.max() ?? 0
    #expect(largest > 0)
    for (unit, pair) in zip(found, expected).enumerated() {
      // Conjugate gradients end at a residual of 1e-10, times the condition of at most 1 over the damping and the trace.
      #expect(abs(pair.0 - pair.1) <= 1e-6 * largest, "unit \(unit): \(pair.0) beside \(pair.1)")
    }
  }
}
