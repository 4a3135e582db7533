import ExecutorContract
import Networks
import Surgery
import Testing

/// Products of responses against responses that are computed one by one.
struct ResponseProductsTests {
  /// Units of two sets in no order: some of several channels, one channel of none, one unit without channels.
  private func units(_ layer: LayerCase) -> [ResponseProducts.Unit?] {
    (0..<layer.channels.inputs).map { channel in
      channel == 1 ? nil : .init(set: channel % 2, index: (channel * 7 / 2) % 3)
    }
  }

  private func problem(
    _ layer: LayerCase, units: [ResponseProducts.Unit?]? = nil, counts: [Int] = [3, 4], samples: Int? = nil,
    limit: Int = .max
  ) throws -> ResponseProducts {
    try ResponseProducts(
      layer.node.operation, input: layer.input, output: layer.output, batchSize: layer.batchSize,
      weight: layer.weight, units: units ?? self.units(layer), unitCounts: counts, layer: 3,
      samples: samples ?? layer.batchSize, rowLimit: limit)
  }

  private func packed(_ problem: ResponseProducts, _ inputs: [Float], samples: Range<Int>) -> [Double] {
    var sums = [Double](repeating: 0, count: problem.sumCount)
    problem.accumulate(inputs: inputs, samples: samples, into: &sums)
    return problem.packed(sums)
  }

  /// The packed products of responses that the layer itself gives where all weights but one unit's are 0.
  private func expected(
    _ layer: LayerCase, _ inputs: [Float], _ units: [ResponseProducts.Unit?], counts: [Int]
  ) throws -> [Double] {
    let noBias = layer.bias.map { [Float](repeating: 0, count: $0.count) }
    func response(_ keeps: (ResponseProducts.Unit?) -> Bool) throws -> [Double] {
      let weight = layer.weight.indices.map { keeps(units[layer.channels(of: $0).input]) ? layer.weight[$0] : 0 }
      return try layer.results(inputs, weight: weight, bias: noBias)
    }
    func product(_ left: [Double], _ right: [Double]) -> Double { zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }
    let whole = try response { _ in true }
    var packed = [product(whole, whole)]
    for (set, count) in counts.enumerated() {
      let responses = try (0..<count).map { index in try response { $0 == .init(set: set, index: index) } }
      for column in 0..<count { for row in 0...column { packed.append(product(responses[row], responses[column])) } }
    }
    return packed
  }

  @Test(arguments: LayerCase.all)
  func `products are those of the layer's own results with the weights of one unit`(_ layer: LayerCase) throws {
    var random = layer.random
    let inputs = random.floats(layer.input.count, in: -1...2)
    let found = packed(try problem(layer), inputs, samples: 0..<layer.batchSize)
    let expected = try expected(layer, inputs, units(layer), counts: [3, 4])
    // Both are computed in double precision.
    let scale = expected.map(abs).max() ?? 0
    #expect(found.count == expected.count)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-11 * scale })
  }

  @Test func `responses that are multiplied themselves have the same products as inputs that are`() throws {
    // Many inputs, few units: the other way than where every channel is a unit.
    let layer = LayerCase("two outputs of many inputs", batchSize: 4) { b in b.linear(b.input([300]), to: 2) }
    var random = layer.random
    let inputs = random.floats(layer.input.count, in: -1...2)
    let units = (0..<300).map { ResponseProducts.Unit(set: $0 % 2, index: $0 / 2 % 5) }
    let problem = try problem(layer, units: units, counts: [5, 5])
    #expect(problem.sumCount == 51, "that is two matrices of order 5")
    let found = packed(problem, inputs, samples: 0..<4)
    let expected = try expected(layer, inputs, units, counts: [5, 5])
    let scale = expected.map(abs).max() ?? 0
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-11 * scale })
  }

  @Test(arguments: LayerCase.all)
  func `sums of parts are the sums of all, and as many rows count as are asked for`(_ layer: LayerCase) throws {
    var random = layer.random
    let inputs = random.floats(layer.input.count, in: -1...2)
    for limit in [7, Int.max] {
      let problem = try problem(layer, limit: limit)
      var sums = [Double](repeating: 0, count: problem.sumCount)
      let perSample = layer.input.count / layer.batchSize
      for sample in 0..<layer.batchSize {
        problem.accumulate(
          inputs: Array(inputs[(sample * perSample)...]), samples: sample..<sample + 1, into: &sums)
      }
      let whole = packed(problem, inputs, samples: 0..<layer.batchSize)
      let parts = problem.packed(sums)
      #expect(zip(whole, parts).allSatisfy { abs($0 - $1) <= 1e-12 * whole[0] })
      let rows = (0..<layer.batchSize).reduce(0) { $0 + problem.sampling.rowCount(of: $1) }
      #expect(rows == min(limit, layer.elements(ofOutput: 0).count))
    }
  }

  @Test func `too many units, and what does not fit, are refused with a reason`() throws {
    let layer = LayerCase("linear", batchSize: 4) { b in b.linear(b.input([7]), to: 4) }
    for (units, counts, text) in [
      ([], [3, 4], "28 weights and 0 inputs do not fit"),
      (units(layer), [3, 20_000], "200010007 products of units, supported are 67108864"),
    ] as [([ResponseProducts.Unit?], [Int], String)] {
      let error = #expect(throws: SurgeryError.self) { try problem(layer, units: units, counts: counts) }
      #expect(error?.description.contains(text) == true, "\(error?.description ?? "")")
    }
  }
}
