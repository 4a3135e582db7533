import Execution
import Foundation
import Networks
import Testing

/// Targets of the network's own prediction: drawn classes and values, and classes by rank.
@Suite struct DrawnTargetsTests {
  /// The loss of a network that yields its input.
  private func function(_ shape: [Int], _ loss: Loss) throws -> LossFunction {
    let network = try Network(
      name: "identity", batchSize: shape[0], values: [Value(name: "x", shape: Shape(shape))], nodes: [],
      inputs: [ValueID(0)], outputs: [ValueID(0)])
    return try #require(try ExecutionRequest(network: network, loss: loss).lossFunction())
  }

  private struct Evaluated: Equatable {
    let losses: [Double]
    let gradient: [Double]
  }

  private func evaluate(
    _ shape: [Int], _ loss: Loss, _ values: [Double], _ targets: Targets
  ) throws -> Evaluated {
    var gradient = [Double](repeating: .nan, count: values.count)
    let losses = try function(shape, loss).evaluate(
      values, Batch(inputs: [], targets: targets, sampleCount: shape[0]), gradient: &gradient)
    return Evaluated(losses: losses, gradient: gradient)
  }

  /// A few roundings of float64 figures near 1.
  private func isClose(_ found: [Double], _ expected: [Double]) -> Bool {
    found.count == expected.count && zip(found, expected).allSatisfy { abs($0 - $1) < 1e-14 }
  }

  /// Probabilities (¼, ½, ¼): class 1 begins at ¼ and class 2 at ¾, and a sum that is equal is not more.
  @Test(arguments: [
    (0.0, 0), (0.25.nextDown, 0), (0.25, 1), (0.5, 1), (0.75.nextDown, 1), (0.75, 2), (0.999_999, 2),
    (1.0.nextDown, 2),
  ])
  func `the class drawn is the first at which the probabilities add up to more than the number`(
    _ number: Double, _ expected: Int
  ) throws {
    // Equal shares but for powers of two, so that the sums are exact.
    let values = [0, log(2.0), 0]
    let exact = exp(values[1] - values[1]) == 1 && exp(values[0] - values[1]) == 0.5
    #expect(exact, "exp is exact here, or the edges would not be")
    for loss in [Loss.crossEntropy, .agreement] {
      let drawn = try evaluate([1, 3], loss, values, .drawn([number]))
      let given = try evaluate([1, 3], .crossEntropy, values, .classes([expected]))
      #expect(drawn == given, "\(loss)")
      var softmax = [0.25, 0.5, 0.25]
      softmax[expected] -= 1
      #expect(isClose(drawn.gradient, softmax))
    }
  }

  @Test func `a class without probability is never drawn`() throws {
    for number in [0, 0.5, 1.0.nextDown] {
      let drawn = try evaluate([1, 3], .crossEntropy, [-2000, 0, -2000], .drawn([number]))
      #expect(drawn.losses == [0])
    }
  }

  @Test func `every position of a map draws for itself`() throws {
    // Position 0 has logits (0, 0), position 1 (0, ln 3): ½ is not less than ½, and more than ¼; 0.2 is less than ¼.
    let values = [0, 0, 0, log(3.0)]
    let drawn = try evaluate([1, 2, 1, 2], .crossEntropy, values, .drawn([0.5, 0.2]))
    #expect(try drawn == evaluate([1, 2, 1, 2], .crossEntropy, values, .classes([1, 0])))
  }

  @Test func `the class of a rank is by the size of the output, the first of equals before the others`() throws {
    // Sample 0 ranks 2, 0, 3, 1 (0 and 3 are equal); sample 1 ranks 1, 0, 2, 3.
    let values: [Double] = [1, 0, 5, 1, 7, 8, 3, 2]
    for (rank, classes) in [[2, 1], [0, 0], [3, 2], [1, 3]].enumerated() {
      for loss in [Loss.crossEntropy, .agreement] {
        let ranked = try evaluate([2, 4], loss, values, .ranked(rank))
        #expect(try ranked == evaluate([2, 4], .crossEntropy, values, .classes(classes)), "rank \(rank)")
      }
    }
  }

  @Test func `the probabilities of all ranks are those of all classes`() throws {
    let values = [0.3, -1, 2, 0.3, 1.5]
    let sum = try (0..<5).reduce(0.0) { $0 + exp(-(try evaluate([1, 5], .agreement, values, .ranked($1)).losses[0])) }
    #expect(abs(sum - 1) < 1e-14)
  }

  @Test(arguments: [Targets.classes([1, 1]), .classes([7]), .dense([1]), .none])
  func `agreement ignores labels`(_ targets: Targets) throws {
    let values = [0, log(3.0), 2, 2]
    #expect(try evaluate([2, 2], .agreement, values, targets) == evaluate([2, 2], .agreement, values, .ranked(0)))
  }

  @Test(arguments: [
    (Loss.crossEntropy, [2, 3, 2], 3), (.crossEntropy, [2, 3, 2], 5), (.agreement, [2, 3], 3), (.agreement, [2, 3], 0),
    (.meanSquaredError, [2, 3], 5), (.meanSquaredError, [2, 3], 2),
  ])
  func `a wrong count of numbers is bad data`(_ loss: Loss, _ shape: [Int], _ count: Int) throws {
    let values = [Double](repeating: 0, count: shape.reduce(1, *))
    let error = try #require(throws: ExecutionError.self) {
      try evaluate(shape, loss, values, .drawn([Double](repeating: 0.5, count: count)))
    }
    #expect(error.kind == .badData)
    #expect(error.description.contains("expected \(loss == .meanSquaredError ? 6 : shape.count == 3 ? 4 : 2) target"))
  }

  @Test func `a squared error has no ranks`() throws {
    let error = try #require(throws: ExecutionError.self) {
      try evaluate([1, 2], .meanSquaredError, [0, 0], .ranked(0))
    }
    #expect(error.kind == .badData)
  }

  @Test(arguments: [Loss.crossEntropy, .agreement, .meanSquaredError], [[3, 2], [2, 3, 2]])
  func `the numbers drawn are those of seed, sample and label alone, however samples are batched`(
    _ loss: Loss, _ sample: [Int]
  ) throws {
    let perSample = loss == .meanSquaredError ? sample.reduce(1, *) : sample.dropFirst().reduce(1, *)
    func numbers(_ samples: Range<Int>, batch: Int, label: Int = 1, seed: UInt64 = 5) throws -> [Double] {
      guard
        case .drawn(let numbers) = try function([batch] + sample, loss).drawnTargets(
          samples, label: label, seed: seed)
      else { return [] }
      #expect(numbers.count == batch * perSample, "a batch is filled up")
      #expect(numbers.dropFirst(samples.count * perSample).allSatisfy { $0 == 0 })
      return Array(numbers.prefix(samples.count * perSample))
    }
    let whole = try numbers(10..<17, batch: 7)
    for size in [1, 2, 3, 8] {
      let parts = try stride(from: 10, to: 17, by: size).flatMap { start in
        try numbers(start..<min(start + size, 17), batch: size)
      }
      #expect(parts == whole, "batches of \(size)")
    }
    #expect(Set(whole).count == whole.count, "no two samples and no two positions draw the same")
    #expect(try Set(numbers(10..<17, batch: 7, label: 0) + whole).count == 2 * whole.count)
    #expect(try Set(numbers(10..<17, batch: 7, seed: 6) + whole).count == 2 * whole.count)
    if loss != .meanSquaredError { #expect(whole.allSatisfy { (0..<1).contains($0) }) }
  }

  /// The mean over `count` draws of the products of two elements of the gradient.
  private func meanProducts(_ loss: Loss, _ sample: [Double], count: Int) throws -> [[Double]] {
    let function = try function([count, sample.count], loss)
    let values = (0..<count).flatMap { _ in sample }
    var gradient = values
    _ = try function.evaluate(
      values, Batch(inputs: [], targets: function.drawnTargets(0..<count, label: 0, seed: 1), sampleCount: count),
      gradient: &gradient)
    return sample.indices.map { row in
      sample.indices.map { column in
        (0..<count).reduce(0) { $0 + gradient[$1 * sample.count + row] * gradient[$1 * sample.count + column] }
          / Double(count)
      }
    }
  }

  @Test func `the mean of squared gradients of a squared error is the Gauss-Newton matrix`() throws {
    // (1/m) Σ (o − t)² has the second derivative 2/m on the diagonal; here ½. A mean of 40 000 squares of normal numbers
    // has a relative deviation of 0.7 %, a product of two one of 0.5 %: 4 % is beyond chance, and the seed is fixed.
    let products = try meanProducts(.meanSquaredError, [3, -1, 0, 10], count: 40_000)
    for row in 0..<4 {
      for column in 0..<4 { #expect(abs(products[row][column] - (row == column ? 0.5 : 0)) < 0.02) }
    }
  }

  @Test(arguments: [Loss.crossEntropy, .agreement])
  func `the mean of squared gradients of drawn classes is the Fisher matrix of the prediction`(_ loss: Loss) throws {
    // diag(p) − p·pᵀ; products are at most 1, so that a mean of 40 000 has a deviation of at most 0.005.
    let shares = [0.5, 0.25, 0.125, 0.125]
    let products = try meanProducts(loss, shares.map { log($0) }, count: 40_000)
    for row in 0..<4 {
      for column in 0..<4 {
        let expected = (row == column ? shares[row] : 0) - shares[row] * shares[column]
        #expect(abs(products[row][column] - expected) < 0.015)
      }
    }
  }
}
