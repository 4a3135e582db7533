import Networks
import Sensitivity
import Testing

@Suite struct RunSizeTests {
  /// A network of one array with so many elements per sample.
  private static func network(elements: Int, batchSize: Int) throws -> Network {
    let shape = Shape([batchSize, elements])
    return try Network(
      name: "small", batchSize: batchSize, values: ["x", "y"].map { Value(name: $0, shape: shape) },
      nodes: [
        Node(name: "act", opType: "Relu", operation: .unary(.relu), inputs: [ValueID(0)], outputs: [ValueID(1)])
      ], inputs: [ValueID(0)], outputs: [ValueID(1)])
  }

  private static func samples(_ batchSize: Int, elements: Int) throws -> Int {
    RunSize(batchSize: batchSize, network: try network(elements: elements, batchSize: 2)).samples
  }

  @Test func `small networks run whole batches, large ones a few samples at a time`() throws {
    #expect(try Self.samples(32, elements: 10_000) == 32)
    #expect(try Self.samples(32, elements: 1_000_000) == 4)
    #expect(try Self.samples(32, elements: 100_000_000) == 2)
  }

  @Test(arguments: 1...70)
  func `at least two samples run, at most a batch, and as few as can be for nothing`(batchSize: Int) throws {
    for elements in [1, 50_000, 300_000, 802_816, 1_204_224, 5_000_000] {
      let samples = try Self.samples(batchSize, elements: elements)
      #expect(samples >= 2 && samples <= max(batchSize, 2))
      let wasted = (batchSize + samples - 1) / samples * samples - batchSize
      #expect(wasted <= 1)
    }
  }

  @Test func `the size does not depend on the batch that the network was read with`() throws {
    for elements in [1000, 802_816] {
      let sizes = try [1, 2, 7].map {
        RunSize(batchSize: 24, network: try Self.network(elements: elements, batchSize: $0)).samples
      }
      #expect(Set(sizes).count == 1)
    }
  }
}
