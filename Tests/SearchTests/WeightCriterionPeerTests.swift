import Channels
import Foundation
import Networks
import ProgramRuns
import ReferenceData
import Sensitivity
import Testing

/// Criteria of weights against NumPy, which reads the same files with onnx.
@Suite(.enabled(if: ReferenceData.isPresent && PythonPeer.python != nil), .timeLimit(.minutes(30)))
struct WeightCriterionPeerTests {
  /// By criterion and layer the scores of its output channels.
  private static func expected(_ model: ReferenceModel) throws -> [String: [String: [Double]]] {
    let python = try #require(PythonPeer.python)
    let answer = try PythonPeer.run(python, script, [model.path])
    return try JSONDecoder().decode([String: [String: [Double]]].self, from: Data(answer.utf8))
  }

  /// Values in double precision; every value has the importance of its channels, or of its features once it is flat.
  private static let script = """
    import json, sys
    import numpy, onnx
    from onnx import numpy_helper

    graph = onnx.load(sys.argv[1]).graph
    weights = {one.name: numpy_helper.to_array(one).astype(float) for one in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]]
    attribute = lambda node, name, default: next(
        (onnx.helper.get_attribute_value(one) for one in node.attribute if one.name == name), default)
    found = {name: {} for name in ("l1", "l2", "geometric_median", "nisp", "bn_scale")}
    channels = {graph.input[0].name: 1}
    for node in graph.node:
        if node.op_type in ("Constant", "Identity") and not set(node.input) & set(channels):
            continue
        if node.op_type in ("Conv", "Gemm"):
            weight = weights[node.input[1]]
            assert node.op_type == "Conv" or attribute(node, "transB", 0) == 1
            filters = weight.reshape(len(weight), -1)
            found["l1"][node.name] = abs(filters).sum(1)
            found["l2"][node.name] = numpy.sqrt((filters ** 2).sum(1))
            found["geometric_median"][node.name] = numpy.array(
                [numpy.sqrt(((filters - one) ** 2).sum(1)).sum() for one in filters])
            channels[node.output[0]] = len(weight)
        else:
            channels[node.output[0]] = channels[node.input[0]]
    makers = {output: node for node in graph.node for output in node.output}
    importance = {graph.output[0].name: numpy.ones(channels[graph.output[0].name])}
    def add(name, value):
        importance[name] = importance.get(name, 0) + value
    for node in reversed(graph.node):
        own = importance.get(node.output[0])
        if own is None:
            continue
        if node.op_type in ("Conv", "Gemm"):
            weight = abs(weights[node.input[1]])
            weight = weight.reshape(*weight.shape[:2], -1).sum(2)
            groups = attribute(node, "group", 1)
            found["nisp"][node.name] = own
            add(node.input[0], numpy.concatenate(
                [w.T @ s for w, s in zip(numpy.split(weight, groups), numpy.split(own, groups))]))
        elif node.op_type == "Flatten":
            add(node.input[0], own.reshape(channels[node.input[0]], -1).sum(1))
        elif node.op_type == "Add":
            for name in node.input:
                add(name, own)
        elif node.op_type in ("BatchNormalization", "Relu", "Clip", "MaxPool", "GlobalAveragePool"):
            add(node.input[0], own)
        else:
            assert node.op_type in ("Identity", "Constant"), node.op_type
        if node.op_type == "BatchNormalization":
            found["bn_scale"][makers[node.input[0]].name] = abs(weights[node.input[1]])
    json.dump({key: {name: list(one) for name, one in part.items()} for key, part in found.items()}, sys.stdout)
    """

  @Test(arguments: ReferenceData.models)
  func `every criterion gives what NumPy gives`(_ model: ReferenceModel) throws {
    let expected = try Self.expected(model)
    let network = try model.network(batchSize: 2)
    let structure = ChannelStructure(of: network)
    for criterion in [WeightCriterion.l1, .l2, .geometricMedian, .nisp] {
      let scores = try ChannelScores(criterion, of: network, structure)
      let names = try #require(expected[criterion.rawValue])
      for (layer, found) in zip(structure.layers, scores.layers) {
        let other = try #require(names[layer.name], "\(layer.name)")
        #expect(found.count == other.count)
        #expect(
          zip(found, other).allSatisfy { abs($0 - $1) <= 1e-12 * max(abs($0), abs($1)) },
          "\(criterion) of \(layer.name)")
      }
      #expect(names.count == structure.layers.count)
    }
    let scales = try #require(expected[WeightCriterion.normalizationScale.rawValue])
    let hasScale = structure.groups.filter { $0.members.contains { scales[$0.name] != nil } }.map(\.id)
    if let bare = structure.groups.first(where: { $0.isPrunable && !hasScale.contains($0.id) }) {
      let error = #expect(throws: SensitivityError.self) {
        try ChannelScores(.normalizationScale, of: network, structure)
      }
      let maker = try #require(bare.members.first).name
      #expect(error?.description.contains("no normalisation follows '\(maker)'") == true)
    }
    let found = try ChannelScores(.normalizationScale, of: network, structure, groups: Set(hasScale))
    let largest = hasScale.flatMap { found.groups[$0] }.max() ?? 0
    for group in structure.groups where group.isPrunable {
      guard hasScale.contains(group.id) else {
        #expect(found.groups[group.id].allSatisfy { $0 == largest })
        continue
      }
      for unit in 0..<group.unitCount {
        var sum = 0.0
        for member in group.members where member.role == .produce || member.role == .pass {
          guard let scale = scales[member.name] else { continue }
          for channel in member.indices[unit] { sum += scale[channel] }
        }
        #expect(abs(found.groups[group.id][unit] - sum) <= 1e-12 * sum, "group \(group.id)")
      }
    }
  }
}
