import Execution
import ExecutorContract
import Foundation
import Networks
import Testing

@testable import OneDNN

@Suite struct AccuracyTests {
  static let functions: [(UnaryFunction, ClosedRange<Double>, @Sendable (Double) -> Double)] = [
    (.exp, -87...88, { Foundation.exp($0) }), (.log, 1e-3...9, { Foundation.log($0) }),
    (.log, 1e20...1e38, { Foundation.log($0) }), (.tanh, -12...12, { Foundation.tanh($0) }),
    (.tanh, -0.01...0.01, { Foundation.tanh($0) }), (.erf, -5...5, { Foundation.erf($0) }),
    (.sigmoid, -60...60, { 1 / (1 + Foundation.exp(-$0)) }), (.swish, -60...60, { $0 / (1 + Foundation.exp(-$0)) }),
    (.gelu(isApproximate: false), -4...9, { $0 * 0.5 * erfc(-$0 / 2.squareRoot()) }),
    (.softplus, -60...60, { max($0, 0) + log1p(Foundation.exp(-abs($0))) }),
    (.mish, -60...60, { $0 * Foundation.tanh(max($0, 0) + log1p(Foundation.exp(-abs($0)))) }),
    (.elu(alpha: 1), -20...1, { $0 > 0 ? $0 : expm1($0) }),
  ]

  /// 16 units in the last place of float32: the elementary functions were seen to stay within 4, the normal
  /// distribution's tail at −4 within 12.
  static let tolerance = 1e-6

  @Test(arguments: functions.indices)
  func `elementary functions are exact relatively, each over its range`(index: Int) throws {
    let (function, range, exact) = Self.functions[index]
    let places = (0...4000).map { Float(range.lowerBound + (range.upperBound - range.lowerBound) * Double($0) / 4000) }
    var b = ProblemBuilder(name: "accuracy", batchSize: 1, sampleCount: 1, seed: 1)
    let request = b.problem(output: b.unary(function, b.input([places.count], places)), loss: .agreement).request
    let executor = try OneDNNBackend().compile(
      ExecutionRequest(network: request.network, loss: .meanSquaredError, observed: []))
    let targets = [Float](repeating: 0, count: places.count)
    let found = try executor.evaluate(Batch(inputs: [places], targets: .dense(targets), sampleCount: 1)).outputs[0]
    for (place, value) in zip(places, found) {
      let expected = exact(Double(place))
      #expect(
        abs(Double(value) - expected) <= Self.tolerance * abs(expected),
        "\(function) of \(place): \(value), \(expected)")
    }
  }

  @Test func `softmax of long rows adds up to 1`() throws {
    var b = ProblemBuilder(name: "rows", batchSize: 1, sampleCount: 1, seed: 1)
    let x = b.input([5000, 3], in: -20...20)
    let columns = b.reduce(.sum, b.softmax(x, axis: 1), axes: [1], kept: false)
    let rows = b.reduce(.sum, b.softmax(b.reshape(x, [1, 3, 5000]), axis: 2), axes: [2], kept: false)
    let problem = b.problem(output: b.binary(.add, columns, rows), loss: .meanSquaredError)
    let found = try OneDNNBackend().compile(problem.request).evaluate(problem.batch)
    for sum in found.outputs[0] { #expect(abs(sum - 2) < 1e-6) }
  }

  @Test(
    arguments: [
      (8, 197, 64, 197), (8, 197, 197, 64), (1, 64, 49, 32), (16, 7, 5, 3),
    ])
  func `products of matrices find a fast kernel in either order of axes`(
    batch: Int, rows: Int, inner: Int, columns: Int
  ) throws {
    let context = try KernelContext()
    let extents = [[batch, rows, inner], [batch, inner, columns], [batch, rows, columns]]
    let plain = extents.enumerated().map {
      View(buffer: BufferID(index: $0), offset: 0, extents: $1, strides: Shape($1).rowMajorStrides)
    }
    func turned(_ view: View) -> View {
      var view = view
      view.strides = [view.strides[0], 1, view.extents[1]]
      return view
    }
    for (left, right) in [(plain[0], plain[1]), (turned(plain[0]), plain[1]), (plain[0], turned(plain[1]))] {
      for accumulates in [false, true] {
        let geometry = try #require(MatrixProductLoop(left, right, plain[2]).geometry)
        let kernel = try MatrixProductKernel(context, geometry, accumulates: accumulates, place: "product")
        #expect(!kernel.name.hasPrefix("ref"))
      }
    }
  }
}
