import Channels
import Execution
import Networks
import Sensitivity
import Testing

/// The arithmetic of partial tables, on numbers that can be checked by hand.
struct ShardTableTests {
  /// Two 1×1 convolutions of two channels whose outputs are added, then a head: one group of two units, and one frozen.
  private func structure() throws -> ChannelStructure {
    let shape = Shape([2, 2, 1, 1])
    let weight = ConstantTensor(shape: Shape([2, 2, 1, 1]), elements: .float([1, 0, 0, 1]))
    let convolution = Operation.convolution(
      Convolution(
        kernel: [1, 1], strides: [1, 1], padsBegin: [0, 0], padsEnd: [0, 0], dilations: [1, 1], groups: 1))
    let names = ["x", "a", "b", "sum", "y"]
    let values =
      names.map { Value(name: $0, shape: shape) } + ["wa", "wb", "wy"].map { Value(name: $0, constant: weight) }
    func node(_ name: String, _ operation: Operation, _ inputs: [Int], _ output: Int) -> Node {
      Node(
        name: name, opType: "Conv", operation: operation, inputs: inputs.map { ValueID($0) }, outputs: [ValueID(output)]
      )
    }
    return ChannelStructure(
      of: try Network(
        name: "sum", batchSize: 2, values: values,
        nodes: [
          node("a", convolution, [0, 5], 1), node("b", convolution, [0, 6], 2), node("add", .binary(.add), [1, 2], 3),
          node("y", convolution, [3, 7], 4),
        ], inputs: [ValueID(0)], outputs: [ValueID(4)]))
  }

  /// Products of two samples, per layer [sample][channel].
  private let evaluation = Evaluation(
    losses: [1, 3], outputs: [], products: [[1, -2, 3, 4], [-2, 1, 1, 1], [0, 0, 0, 0]], inputGradients: [])

  @Test(arguments: [
    // Batch means: a = (2, 1), b = (−½, 1), unit = a + b = (1½, 2).
    (TaylorCriterion.first(.init(reduction: .meanAbs, level: .batch)), [2, 1], [0.5, 1], [1.5, 2]),
    (TaylorCriterion.first(.init(reduction: .absMean, level: .batch)), [2, 1], [0.5, 1], [1.5, 2]),
    (TaylorCriterion.first(.init(reduction: .meanSquare, level: .batch)), [4, 1], [0.25, 1], [2.25, 4]),
    // Samples: a = (1, −2), (3, 4); b = (−2, 1), (1, 1); unit = (−1, −1), (4, 5).
    (TaylorCriterion.first(.init(reduction: .meanAbs, level: .sample)), [2, 3], [1.5, 1], [2.5, 3]),
    (TaylorCriterion.first(.init(reduction: .absMean, level: .sample)), [2, 1], [0.5, 1], [1.5, 2]),
    (TaylorCriterion.first(.init(reduction: .meanSquare, level: .sample)), [5, 10], [2.5, 1], [8.5, 13]),
  ])
  func `products are summed over producers before they are reduced`(
    _ law: (TaylorCriterion, [Double], [Double], [Double])
  ) throws {
    let layout = SensitivityLayout(try structure())
    var table = ShardTable(layout, law.0)
    table.add(batch: [evaluation], correct: 1, layout)
    let result = try SensitivityTable(adding: [table], layout, law.0, hasClasses: true)
    #expect(result.layers == [law.1, law.2, [0, 0]])
    #expect(result.groups[0] == law.3)
    #expect(result.meanLoss == 2)
    #expect(result.accuracy == 0.5)
  }

  @Test func `a batch run in parts is one batch`() throws {
    let layout = SensitivityLayout(try structure())
    let criterion = TaylorCriterion.first(.init(reduction: .meanAbs, level: .batch))
    var whole = ShardTable(layout, criterion)
    whole.add(batch: [evaluation], correct: 0, layout)
    let parts = (0..<2).map { sample in
      Evaluation(
        losses: [evaluation.losses[sample]], outputs: [],
        products: evaluation.products.map { Array($0[sample * 2..<sample * 2 + 2]) }, inputGradients: [])
    }
    var split = ShardTable(layout, criterion)
    split.add(batch: parts, correct: 0, layout)
    #expect(split.packed == whole.packed)
  }

  @Test(arguments: [TaylorCriterion.first(.init(reduction: .meanSquare, level: .sample)), .second(.fisher)])
  func `a packed table comes back as it was, and wrong numbers are refused`(_ criterion: TaylorCriterion) throws {
    let layout = SensitivityLayout(try structure())
    var table = ShardTable(layout, criterion)
    table.add(batch: [evaluation], correct: 2, layout)
    let packed = table.packed
    var again = ShardTable(layout, criterion)
    again.append(try #require(PackedShardTable(packed[...], layout, criterion)))
    #expect(again.packed == packed)
    again.append(try #require(PackedShardTable(packed[...], layout, criterion)))
    table.append(table)
    #expect(again.packed == table.packed && again.packed != packed)
    #expect(PackedShardTable(packed.dropLast(), layout, criterion) == nil)
    #expect(PackedShardTable([.nan] + packed.dropFirst(), layout, criterion) == nil)
  }

  @Test func `infinite sensitivities and no samples are errors`() throws {
    let layout = SensitivityLayout(try structure())
    let criterion = TaylorCriterion.first(.init(reduction: .meanAbs, level: .batch))
    var table = ShardTable(layout, criterion)
    #expect(throws: SensitivityError.self) {
      try SensitivityTable(adding: [table], layout, criterion, hasClasses: false)
    }
    let infinite = Evaluation(
      losses: [1], outputs: [], products: [[.infinity, 0], [0, 0], [0, 0]], inputGradients: [])
    table.add(batch: [infinite], correct: 0, layout)
    #expect(throws: SensitivityError.self) {
      try SensitivityTable(adding: [table], layout, criterion, hasClasses: false)
    }
  }
}
