import Channels
import Networks
import Testing

@testable import Sensitivity

/// Criteria of weights, in every layout that a weight may have.
struct WeightCriterionTests {
  /// One layer, its weight in one layout: element (o, i, k) of a layer of 6 outputs is `value(o, i, k)`.
  enum Layout: String, CaseIterable {
    case convolution, groupedConvolution, transposed, groupedTransposed, outputByInput, inputByOutput

    var groups: Int { self == .groupedConvolution || self == .groupedTransposed ? 2 : 1 }
    var elements: Int { self == .outputByInput || self == .inputByOutput ? 1 : 3 }
    var inputsPerGroup: Int { 4 / groups }

    static func value(_ output: Int, _ input: Int, _ element: Int) -> Float {
      Float((output * 37 + input * 11 + element * 5) % 17) - 8
    }

    /// Extents, and for every element its output, its input within the group, and its place in the kernel.
    var weight: (extents: [Int], indices: [(Int, Int, Int)]) {
      let (perGroup, outputsPerGroup) = (inputsPerGroup, 6 / groups)
      switch self {
      case .convolution, .groupedConvolution, .outputByInput:
        let indices = (0..<6).flatMap { o in (0..<perGroup).flatMap { i in (0..<elements).map { (o, i, $0) } } }
        return (self == .outputByInput ? [6, 4] : [6, perGroup, 3], indices)
      case .transposed, .groupedTransposed, .inputByOutput:
        let indices = (0..<4).flatMap { i in
          (0..<outputsPerGroup).flatMap { o in
            (0..<elements).map { (i / perGroup * outputsPerGroup + o, i % perGroup, $0) }
          }
        }
        return (self == .inputByOutput ? [4, 6] : [4, outputsPerGroup, 3], indices)
      }
    }

    var operation: Operation {
      let convolution = Convolution(
        kernel: [3], strides: [1], padsBegin: [1], padsEnd: [1], dilations: [1], groups: groups)
      switch self {
      case .convolution, .groupedConvolution: return .convolution(convolution)
      case .transposed, .groupedTransposed: return .convolutionTranspose(convolution)
      case .outputByInput: return .linear(Linear(weightIsOutputByInput: true, alpha: -2))
      case .inputByOutput: return .linear(Linear(weightIsOutputByInput: false, alpha: 0.5))
      }
    }

    var factor: Double { self == .outputByInput ? 2 : self == .inputByOutput ? 0.5 : 1 }
  }

  @Test(arguments: Layout.allCases, [false, true])
  func `a score is that of the layer's own output channel in every layout`(_ layout: Layout, isDouble: Bool) throws {
    let (extents, indices) = layout.weight
    let elements = indices.map { Layout.value($0.0, $0.1, $0.2) }
    let weight = ConstantTensor(
      shape: Shape(extents), elements: isDouble ? .double(elements.map(Double.init)) : .float(elements))
    let space = layout.elements == 1 ? [] : [5]
    let network = try Network(
      name: "layer", batchSize: 2,
      values: [
        Value(name: "x", shape: Shape([2, 4] + space)), Value(name: "w", constant: weight),
        Value(name: "y", shape: Shape([2, 6] + space)),
      ],
      nodes: [
        Node(
          name: "layer", opType: "Layer", operation: layout.operation, inputs: [ValueID(0), ValueID(1)],
          outputs: [ValueID(2)])
      ], inputs: [ValueID(0)], outputs: [ValueID(2)])
    let structure = ChannelStructure(of: network)
    let filters = (0..<6).map { output in
      (0..<layout.inputsPerGroup).flatMap { input in
        (0..<layout.elements).map { layout.factor * Double(Layout.value(output, input, $0)) }
      }
    }
    func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let expected: [WeightCriterion: [Double]] = [
      .l1: filters.map { filter in filter.map(abs).reduce(0, +) },
      .l2: filters.map(norm),
      .geometricMedian: filters.map { filter in
        filters.map { other in norm(zip(filter, other).map { $0 - $1 }) }.reduce(0, +)
      },
    ]
    for (criterion, expected) in expected {
      let found = try ChannelScores(criterion, of: network, structure).layers
      #expect(zip(found[0], expected).allSatisfy { abs($0 - $1) <= 1e-12 * $1 }, "\(criterion)")
      #expect(found.count == 1 && found[0].count == 6)
    }
    let whole = LayerFilters(of: structure.layers[0], in: network)
    #expect(whole.distanceSums(2..<5) == Array(whole.distanceSums(0..<6)[2..<5]), "any run of filters gives the same")
  }

  @Test func `scores of coupled layers become one as the reduction says`() throws {
    let structure = try SumNetwork().structure
    // Two layers make the units of the first group, one those of the second.
    let layers: [[Double]] = [[3, 4], [1, 8], [2, 5]]
    let expected: [ScoreReduction: [Double]] = [.sum: [4, 12], .mean: [2, 6], .max: [3, 8], .first: [3, 4]]
    let group = try #require(structure.layers[0].outputUnits[0]).group
    for (reduction, expected) in expected {
      let scores = ChannelScores(layers: layers, of: structure, reduction)
      #expect(scores.groups[group] == expected, "\(reduction)")
      #expect(scores.layers == layers)
    }
    let shares = ChannelScores(layers: layers, of: structure, .sum, .mean)
    #expect(shares.groups[group] == [0.5, 1.5])
    // Layer by layer, by what is given, or by the scores themselves.
    let given = ChannelScores(layers: layers, of: structure, .sum, .norm, norms: [1, 2, 4])
    #expect(given.groups[group] == [3 + 0.5, 4 + 4])
    let own = ChannelScores(layers: layers, of: structure, .first, .norm)
    #expect(own.groups[group] == [0.6, 0.8])
  }

  @Test func `what is drawn depends on the seed, the group and the unit alone`() throws {
    let network = try SumNetwork()
    let first = try ChannelScores(.random, of: network.network, network.structure, seed: 1)
    #expect(try first == ChannelScores(.random, of: network.network, network.structure, seed: 1))
    #expect(try first != ChannelScores(.random, of: network.network, network.structure, seed: 2))
    let all = first.groups.flatMap { $0 }
    #expect(Set(all).count == all.count && all.allSatisfy { (0..<1).contains($0) })
    #expect(first.layers[0] == first.layers[1], "coupled layers have the unit's")
  }

  @Test func `pieces cover every filter once, in order`() throws {
    let structure = try SumNetwork().structure
    for (number, layer) in structure.layers.enumerated() {
      let filters = WeightCriterion.pieces(structure).filter { $0.layer == number }.flatMap { Array($0.filters) }
      #expect(filters == Array(0..<layer.outputs))
    }
  }

  @Test func `scores are made comparable as their names say`() {
    let scores = [3.0, 1, 0, 1, 5]
    #expect(ScoreNormalization.none.applied(to: scores) == scores)
    #expect(ScoreNormalization.norm.applied(to: scores) == scores, "done layer by layer")
    #expect(ScoreNormalization.mean.applied(to: scores) == [1.5, 0.5, 0, 0.5, 2.5])
    #expect(ScoreNormalization.max.applied(to: scores) == [0.6, 0.2, 0, 0.2, 1])
    // What is left when a unit goes: 10, of equal ones the first goes first.
    let shares: [Double] = [0.375, 0.1, 0, 1.0 / 9, 1]
    #expect(ScoreNormalization.lamp.applied(to: scores) == shares)
    for normalization in ScoreNormalization.allCases {
      #expect(normalization.applied(to: [0, 0]) == [0, 0])
      #expect(normalization.applied(to: []) == [])
    }
  }
}
