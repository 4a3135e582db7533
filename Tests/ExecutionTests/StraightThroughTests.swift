import Execution
import ExecutorContract
import Networks
import Testing

/// The gradient through a quantisation, which no difference of losses shows.
@Suite struct StraightThroughTests {
  /// A convolution, perhaps behind a quantisation of its operand.
  private func gradient(at x: [Float], of grid: Quantization?) throws -> Evaluation {
    var builder = ProblemBuilder(name: "through", batchSize: 2, sampleCount: 2, seed: 7)
    let input = builder.input([3, 4, 4], x)
    let operand = grid.map { builder.unary(.quantize($0), input) } ?? input
    builder.observe(operand)
    let y = builder.unary(.tanh, builder.convolution(operand, to: 4, kernel: [3, 3]))
    let problem = builder.problem(output: y, loss: .meanSquaredError)
    return try ReferenceBackend().compile(problem.request).evaluate(problem.batch)
  }

  @Test(arguments: [Quantization(scale: 0.1, steps: -9...6), Quantization(scale: 0.03, steps: 0...40)])
  func `the gradient at a quantised value reaches the operand as it is, but from the ends on`(_ grid: Quantization)
    throws
  {
    let x = (0..<96).map { Float(($0 * 37 + 11) % 101) * 0.0397 - 1.9853 }
    let found = try gradient(at: x, of: grid)
    let expected = try gradient(at: x.map { Float(grid.nearest(to: Double($0))) }, of: nil)
    #expect(found.losses == expected.losses)
    #expect(found.products == expected.products)
    let ends = Double(grid.scale) * Double(grid.steps.lowerBound)..<Double(grid.scale) * Double(grid.steps.upperBound)
    let inside = x.map { ends.contains(Double($0)) }
    #expect(inside.contains(true) && inside.contains(false))
    #expect(found.inputGradients[0] == x.indices.map { inside[$0] ? expected.inputGradients[0][$0] : 0 })
  }

  @Test func `quotient and product are those of float32`() {
    // 0.35 ÷ 0.1 is 3.5 in float32, as onnxruntime divides, and 3.4999999… of the same two numbers in float64.
    let grid = Quantization(scale: 0.1, steps: -128...127)
    #expect(Double(Float(0.35)) / Double(Float(0.1)) < 3.5)
    #expect(grid.nearest(to: Double(Float(0.35))) == Double(4 * Float(0.1)))
    #expect(grid.nearest(to: .nan).isNaN)
  }
}
