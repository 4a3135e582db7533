import Channels
import Foundation
import ProgramRuns
import ReferenceData
import Search
import Sensitivity
import Testing

/// Criteria of activations against NumPy, on what onnxruntime gives behind every activation.
@Suite(.enabled(if: ReferenceData.isPresent && PythonPeer.python != nil), .timeLimit(.minutes(30)))
struct ActivationCriterionPeerTests {
  private static let samples = 48

  private static let script = """
    import json, sys
    import numpy, onnx, onnxruntime

    model = onnx.load(sys.argv[1])
    images = numpy.load(sys.argv[2])[:int(sys.argv[3])]
    graph = model.graph
    behind = {}
    for node in graph.node:
        if node.op_type not in ("Conv", "Gemm"):
            continue
        value = node.output[0]
        while True:
            readers = [other for other in graph.node if value in other.input]
            if len(readers) != 1 or readers[0].op_type not in ("BatchNormalization", "Relu", "Clip"):
                break
            value = readers[0].output[0]
        behind[node.name] = value
    known = {one.name for one in graph.output}
    graph.output.extend(onnx.ValueInfoProto(name=value) for value in set(behind.values()) - known)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = list(set(behind.values()))
    values = dict(zip(names, session.run(names, {graph.input[0].name: images})))
    found = {"apoz": {}, "mean_activation": {}}
    for layer, name in behind.items():
        elements = numpy.moveaxis(values[name].astype(float), 1, 0).reshape(values[name].shape[1], -1)
        found["apoz"][layer] = list((elements != 0).mean(1))
        found["mean_activation"][layer] = list(abs(elements).mean(1))
    json.dump(found, sys.stdout)
    """

  @Test(arguments: ReferenceData.models)
  func `a search goes by what NumPy makes of the activations`(_ model: ReferenceModel) throws {
    let python = try #require(PythonPeer.python)
    let images = ReferenceData.path("data/calib_images.npy")
    let answer = try PythonPeer.run(python, Self.script, [model.path, images, String(Self.samples)])
    let expected = try JSONDecoder().decode([String: [String: [Double]]].self, from: Data(answer.utf8))
    let structure = ChannelStructure(of: try model.network(batchSize: 2))
    for criterion in ActivationCriterion.allCases {
      let folder = try TemporaryFolder()
      let configuration = """
        {
          "model": "\(model.path)", "calibration": {"inputs": "\(images)", "samples": \(Self.samples), "batch_size": 20},
          "target": {"compression_ratio": 1.5}, "sensitivity": {"method": "\(criterion.rawValue)"},
          "output": {"directory": "\(folder.file("out"))"}
        }
        """
      _ = try DemoSearch.run(configuration: try folder.write(Data(configuration.utf8), as: "config.json"))
      let scores = try StoredSensitivities(reading: folder.file("out/sensitivities.npz"), for: structure).scores
      let names = try #require(expected[criterion.rawValue])
      #expect(names.count == structure.layers.count)
      for (layer, found) in zip(structure.layers, scores.layers) {
        let other = try #require(names[layer.name])
        #expect(found.count == other.count)
        // Kernels round differently: a value near 0 may be 0 with one of them.
        let largest = other.max() ?? 0
        #expect(zip(found, other).allSatisfy { abs($0 - $1) <= 1e-3 * largest }, "\(criterion) of \(layer.name)")
      }
    }
  }
}
