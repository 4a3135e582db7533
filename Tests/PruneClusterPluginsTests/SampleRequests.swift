import ArrayFiles
import Configuration
import Foundation
import ProgramRuns

@testable import PruneClusterPlugins

/// Requests that tests make by hand.
enum SampleRequests {
  /// Two layers and three groups: the input's channels, which stay; those between the layers; the outputs.
  ///
  /// The first layer makes 4 channels, two for each unit; the second reads them and makes 2. Two rows of 3 and 1 samples.
  static let network = #"""
    {"protocol": "prune-cluster-criterion", "version": 1, "unit": "score", "later": [1, {"more": null}],
     "network": {"name": "n", "model": "/m.onnx", "sha256": "0a", "opset": 17},
     "layers": [
      {"layer": 0, "name": "a", "op_type": "Conv", "outputs": 4, "inputs": 3, "kernel": [1, 1], "convolution_groups": 1,
       "depthwise": false, "output_shape": [4, 2, 2], "first_channel": 0,
       "weight": {"name": "a.w", "file": "weights/0.npy", "shape": [4, 3, 1, 1]}, "scale": "weights/0.scale.npy",
       "costs": {"bit_complexity": 98304, "flops": 96, "macs": 48, "params": 12, "memory": 48, "activation_memory": 64}},
      {"layer": 1, "name": "b", "op_type": "Gemm", "outputs": 2, "inputs": 4, "kernel": [], "convolution_groups": 1,
       "depthwise": false, "output_shape": [2], "first_channel": 4,
       "weight": {"name": "b.w", "file": "weights/1.npy", "shape": [2, 4]}, "scale": null,
       "costs": {"bit_complexity": 16384, "flops": 16, "macs": 8, "params": 8, "memory": 32, "activation_memory": 8}}],
     "groups": [
      {"group": 0, "name": "0", "units": 3, "first_unit": 0, "prunable": false, "reason": "an input", "made_by": [],
       "passed_by": [], "read_by": [{"layer": 0, "channels": [[0], [1], [2]]}], "partitions": []},
      {"group": 1, "name": "a", "units": 2, "first_unit": 3, "prunable": true, "reason": null,
       "made_by": [{"layer": 0, "channels": [[0, 2], [1, 3]]}], "passed_by": [],
       "read_by": [{"layer": 1, "channels": [[0, 2], [1, 3]]}], "partitions": [[[0], [1]]]},
      {"group": 2, "name": "b", "units": 2, "first_unit": 5, "prunable": true, "reason": null,
       "made_by": [{"layer": 1, "channels": [[0], [1]]}], "passed_by": [], "read_by": [], "partitions": []}],
     "rows": {"samples": [3, 1], "channels": 6, "units": 7},
     "activations": {"mean_magnitude": "activations/mean_magnitude.npy", "nonzero_share": "activations/nonzero_share.npy"}}
    """#

  /// Two groups, an option, and two limits: one of products, one of a table.
  static let problem = #"""
    {"protocol": "prune-cluster-solver", "version": 1,
     "groups": [
      {"group": 0, "name": "a", "units": 4, "fixed": false, "removal_order": [3, 1, 0], "later": 1,
       "choices": [{"kept": 4, "loss": 0}, {"kept": 2, "loss": 0.5}, {"kept": 1, "loss": 2}]},
      {"group": 1, "name": "b", "units": 3, "fixed": true, "removal_order": [2], "choices": [{"kept": 2, "loss": 0.25}]}],
     "options": [{"option": 0, "name": "a", "original": 1, "losses": [0.75, 0]}],
     "requirements": [
      {"name": "flops", "limit": 30.5, "original": 96.0, "terms": [
       {"coefficient": 2, "left": {"constant": 0, "groups": [{"group": 0, "per_unit": 1}]},
        "right": {"constant": -1, "groups": [{"group": 1, "per_unit": 1.5}, {"group": 0, "per_unit": 0.5}]},
        "option": {"option": 0, "factors": [0.25, 1]}, "table": null}]},
      {"name": "latency", "limit": 7, "original": 10, "terms": [
       {"coefficient": 0.5, "left": {"constant": 0, "groups": [{"group": 0, "per_unit": 1}]},
        "right": {"constant": 1, "groups": []}, "option": null,
        "table": {"lefts": [1, 3], "rights": [1, 2], "values": [[6, 8], [10, 20]]}}]}]}
    """#

  static func network(_ text: String = network, in folder: String = "/none") throws -> PrunableNetwork {
    try PrunableNetwork(located(text, "request.json"), in: folder)
  }

  static func problem(_ text: String = problem) throws -> PruningProblem {
    try PruningProblem(located(text, "problem.json"))
  }

  static func located(_ text: String, _ file: String) throws -> LocatedJSON {
    LocatedJSON(root: try JSONValue(parsing: Array(text.utf8), file: file), file: file)
  }

  /// The network with its arrays: weights of 1, 2, 3, …, what was measured a row of ones and a row of fives.
  static func write(to folder: TemporaryFolder, _ text: String = network) throws {
    for name in ["weights", "activations"] {
      try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false)
    }
    _ = try folder.write(Data(text.utf8), as: "request.json")
    try NumPyArray(shape: [4, 3, 1, 1], .floats((1...12).map { Float($0) })).write(to: folder.file("weights/0.npy"))
    try NumPyArray(.doubles([1, 2, 3, 4])).write(to: folder.file("weights/0.scale.npy"))
    try NumPyArray(shape: [2, 4], .doubles((1...8).map { Double($0) })).write(to: folder.file("weights/1.npy"))
    for quantity in ["mean_magnitude", "nonzero_share"] {
      let rows = [Double](repeating: 1, count: 6) + [Double](repeating: 5, count: 6)
      try NumPyArray(shape: [2, 6], .doubles(rows)).write(to: folder.file("activations/\(quantity).npy"))
    }
  }
}
