import Channels
import Foundation
import ProgramRuns
import ReferenceData
import Search
import Sensitivity
import Testing

/// Criteria of the layers behind against NumPy, on what onnxruntime gives in front of every layer.
@Suite(.enabled(if: ReferenceData.isPresent && PythonPeer.python != nil), .timeLimit(.minutes(30)))
struct LayerwiseCriterionPeerTests {
  private static let samples = 11

  /// Responses one by one: an image of patches per channel times its weights, behind the normalisation.
  private static let script = """

    import onnx, onnxruntime
    from onnx import numpy_helper

    given = json.load(open(sys.argv[1]))
    model = onnx.load(given["model"])
    images = numpy.load(given["images"])[:given["samples"]]
    graph = model.graph
    weights = {one.name: numpy_helper.to_array(one).astype(float) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]]
    def attribute(node, name, default):
        return next((onnx.helper.get_attribute_value(one) for one in node.attribute if one.name == name), default)
    layers = [node for node in graph.node if node.name in given["layers"]]
    known = {one.name for one in graph.output} | {one.name for one in graph.input}
    graph.output.extend(onnx.ValueInfoProto(name=value) for value in {node.input[0] for node in layers} - known)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    values = dict(zip(names, session.run(names, {graph.input[0].name: images})))
    matrices = [numpy.zeros((count, count)) for count in given["units"]]
    for node in layers:
        x, weight = values[node.input[0]].astype(float), weights[node.input[1]]
        readers = [other for other in graph.node if node.output[0] in other.input]
        factor = numpy.ones(len(weight))
        if len(readers) == 1 and readers[0].op_type == "BatchNormalization":
            scale, _, _, variance = (weights[name] for name in readers[0].input[1:])
            factor = scale / numpy.sqrt(variance + attribute(readers[0], "epsilon", 1e-5))
        if node.op_type == "Gemm":
            assert attribute(node, "transB", 0) == 1
            answers = [x[:, [one]] * weight[:, one] for one in range(x.shape[1])]
        else:
            (up, left, down, right), (rows, columns) = attribute(node, "pads", [0] * 4), attribute(node, "strides", [1, 1])
            padded = numpy.pad(x, ((0, 0), (0, 0), (up, down), (left, right)))
            windows = numpy.lib.stride_tricks.sliding_window_view(padded, weight.shape[2:], (2, 3))[:, :, ::rows, ::columns]
            answers = [
                numpy.einsum("nyxkl,okl->nyxo", windows[:, one], weight[:, one]) for one in range(x.shape[1])]
        answers = [(one * factor).ravel() for one in answers]
        whole = sum(answers)
        units = given["layers"][node.name]
        for group in {unit[0] for unit in units}:
            if group < 0:
                continue
            together = numpy.zeros((given["units"][group], len(whole)))
            for answer, unit in zip(answers, units):
                if unit[0] == group:
                    together[unit[1]] += answer
            matrices[group] += together @ together.T / (whole @ whole)

    def convex(damages):
        blocks = []
        for increase in numpy.diff([0] + list(damages)):
            blocks.append([increase, 1])
            while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
                (mean, count), (other, others) = blocks.pop(), blocks.pop()
                blocks.append([(mean * count + other * others) / (count + others), count + others])
        return [mean for mean, count in blocks for _ in range(count)]

    found = []
    for one in given["found"]:
        h, order = matrices[one["group"]], one["order"]
        if one["method"] == "lasso":
            sides, damages = h.sum(1), []
            for gone in range(1, len(h) + 1):
                kept = order[gone:]
                rest = numpy.ones(len(h))
                if kept:
                    rest[kept] -= numpy.linalg.lstsq(h[numpy.ix_(kept, kept)], sides[kept], rcond=1e-13)[0]
                damages.append(rest @ h @ rest)
        else:
            damages = [h[numpy.ix_(order[:one], order[:one])].sum() for one in range(1, len(h) + 1)]
        if one["method"] == "lasso" and len(h) > 64:
            own = order, damages  # takes too long here
        else:
            own = {"thinet": greedy, "lasso": lasso, "aofp": lambda h: aofp(h, 60, 5, one["group"])}[one["method"]](h)
        found.append({"scores": convex(damages), "damages": list(damages), "best": list(own[1])})
    json.dump(found, sys.stdout)
    """

  private struct Given: Encodable {
    struct Order: Encodable {
      let method: String
      let group: Int
      let order: [Int]
    }

    let model: String
    let images: String
    let samples: Int
    let layers: [String: [[Int]]]
    let units: [Int]
    var found: [Order] = []
  }

  private struct Answer: Decodable {
    /// What the scores of the order should be.
    let scores: [Double]
    /// What the order does.
    let damages: [Double]
    /// What the order does that NumPy has found itself.
    let best: [Double]
  }

  @Test(arguments: ReferenceData.models)
  func `a search goes by what NumPy makes of the responses`(_ model: ReferenceModel) throws {
    let python = try #require(PythonPeer.python)
    let images = ReferenceData.path("data/calib_images.npy")
    let structure = ChannelStructure(of: try model.network(batchSize: 2))
    let prunable = Set(structure.groups.filter(\.isPrunable).map(\.id))
    var layers: [String: [[Int]]] = [:]
    for layer in structure.layers where !layer.isDepthwise {
      let units = layer.inputUnits.map { unit in
        unit.flatMap { prunable.contains($0.group) ? [$0.group, $0.unit] : nil } ?? [-1, 0]
      }
      if units.contains(where: { $0[0] >= 0 }) { layers[layer.name] = units }
    }
    var given = Given(
      model: model.path, images: images, samples: Self.samples, layers: layers,
      units: structure.groups.map(\.unitCount))
    var scores: [[Double]] = []
    let folder = try TemporaryFolder()
    for (method, more) in [("thinet", ""), ("lasso", ""), ("aofp", #", "draws": 60, "seed": 5"#)] {
      let configuration = """
        {
          "model": "\(model.path)", "calibration": {"inputs": "\(images)", "samples": \(Self.samples), "batch_size": 4},
          "target": {"compression_ratio": 1.5},
          "sensitivity": {"method": "\(method)", "rows": 1000000\(more)}, "output": {"directory": "\(folder.file("out"))"}
        }
        """
      _ = try DemoSearch.run(configuration: try folder.write(Data(configuration.utf8), as: "config.json"))
      let groups = try StoredSensitivities(reading: folder.file("out/sensitivities.npz"), for: structure).scores.groups
      for group in prunable.sorted() {
        let order = groups[group].indices.sorted { groups[group][$0] < groups[group][$1] }
        given.found.append(.init(method: method, group: group, order: order))
        scores.append(order.map { groups[group][$0] })
      }
    }
    let path = try folder.write(try JSONEncoder().encode(given), as: "given.json")
    let answer = try PythonPeer.run(python, PythonPeer.layerwiseCriteria + Self.script, [path])
    let answers = try JSONDecoder().decode([Answer].self, from: Data(answer.utf8))
    #expect(answers.count == scores.count && !answers.isEmpty)
    for ((order, found), answer) in zip(zip(given.found, scores), answers) {
      // Kernels round activations differently.
      let tolerance = 1e-5 * (answer.damages.max() ?? 0)
      #expect(
        zip(found, answer.scores).allSatisfy { abs($0 - $1) <= tolerance }, "\(order.method), group \(order.group)")
      // What is nearly equal may go in another order.
      #expect(
        zip(answer.damages, answer.best).allSatisfy { abs($0 - $1) <= 1e-3 * (answer.best.max() ?? 0) },
        "\(order.method), group \(order.group)")
    }
  }
}
