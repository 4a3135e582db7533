import ExecutorContract
import Networks
import Surgery
import Testing

struct ReconstructionTests {
  /// Inputs and targets of a full batch.
  private func data(_ layer: LayerCase) -> (inputs: [Float], targets: [Float]) {
    var random = layer.random
    return (random.floats(layer.input.count, in: -1...2), random.floats(layer.output.count, in: -2...2))
  }

  private func statistics(
    _ problem: Reconstruction, _ inputs: [Float], _ targets: [Float], samples: Range<Int>
  ) -> [Double] {
    var packed = [Double](repeating: 0, count: problem.packedCount)
    problem.accumulate(inputs: inputs, targets: targets, samples: samples, into: &packed)
    return packed
  }

  /// By output channel the rows of its matrix: the layer's results where one weight is 1 and all others 0, and a 1 times
  /// beta for the bias. Which columns belong to which weights comes with it.
  private func matrix(_ layer: LayerCase, _ inputs: [Float]) throws -> [(elements: [Int], rows: [[Double]])] {
    let zero = [Float](repeating: 0, count: layer.weight.count)
    let noBias = layer.bias.map { [Float](repeating: 0, count: $0.count) }
    let results = try zero.indices.map { element in
      var unit = zero
      unit[element] = 1
      return try layer.results(inputs, weight: unit, bias: noBias)
    }
    let ofBias = try layer.bias.map { try layer.results(inputs, weight: zero, bias: $0.map { _ in 1 }) }
    return (0..<layer.channels.outputs).map { output in
      let elements = zero.indices.filter { layer.channels(of: $0).output == output }
      let rows = layer.elements(ofOutput: output).map { place in
        elements.map { results[$0][place] } + (ofBias.map { [$0[place]] } ?? [])
      }
      return (elements, rows)
    }
  }

  private func squares(_ rows: [[Double]], _ column: Int, centred: Bool) -> Double {
    let values = rows.map { $0[column] }
    let mean = centred ? values.reduce(0, +) / Double(values.count) : 0
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  @Test(arguments: LayerCase.all, [0.0, 0.03])
  func `the solution is that of the normal equations, each output for itself`(
    _ layer: LayerCase, ridge: Double
  ) throws {
    let (inputs, targets) = data(layer)
    let problem = try layer.problem()
    let packed = statistics(problem, inputs, targets, samples: 0..<layer.batchSize)
    let solution = try problem.solve(packed, weight: layer.weight, bias: layer.bias, ridge: ridge)
    #expect(solution.raisedGroups.isEmpty)
    #expect(solution.rows == layer.elements(ofOutput: 0).count)
    var (before, after) = (0.0, 0.0)
    for (output, (elements, rows)) in try matrix(layer, inputs).enumerated() {
      let wanted = layer.elements(ofOutput: output).map { Double(targets[$0]) }
      let original = elements.map { Double(layer.weight[$0]) } + (layer.bias.map { [Double($0[output])] } ?? [])
      let weights = elements.indices
      // The rows carry the layer's factors already, so that λ ÷ (mean square) of them is the same.
      let mean =
        weights.reduce(0) { $0 + squares(rows, $1, centred: layer.hasIntercept) } / Double(weights.count)
      var gram = original.indices.map { i in
        original.indices.map { j in rows.reduce(0) { $0 + $1[i] * $1[j] } }
      }
      var sides = original.indices.map { i in zip(rows, wanted).reduce(0) { $0 + $1.0[i] * $1.1 } }
      for weight in weights {
        gram[weight][weight] += ridge * mean
        sides[weight] += ridge * mean * original[weight]
      }
      let expected = gaussianElimination(gram, sides)
      let found = elements.map { Double(solution.weight[$0]) } + (solution.bias.map { [Double($0[output])] } ?? [])
      for (mine, theirs) in zip(found, expected) {
        // Float32 rounding of numbers up to about 5.
        #expect(abs(mine - theirs) < 2e-6 * max(1, abs(theirs)), "output \(output)")
      }
      func error(_ weights: [Double]) -> Double {
        zip(rows, wanted).reduce(0) { sum, row in
          let result = zip(row.0, weights).reduce(0) { $0 + $1.0 * $1.1 } - row.1
          return sum + result * result
        }
      }
      before += error(original)
      after += error(found)
    }
    // Sums of a few hundred numbers in float64.
    #expect(abs(solution.errorBefore - before) < 1e-10 * before)
    #expect(abs(solution.errorAfter - after) < 1e-10 * before)
    #expect(solution.errorAfter < solution.errorBefore)
    let targetSquares = targets.reduce(0) { $0 + Double($1) * Double($1) }
    #expect(abs(solution.relativeErrorAfter - (after / targetSquares).squareRoot()) < 1e-9)
  }

  @Test(arguments: LayerCase.all)
  func `a target that some weights reach is found`(_ layer: LayerCase) throws {
    let inputs = data(layer).inputs
    var random = layer.random
    let hidden = random.floats(layer.weight.count, in: -1...1)
    let hiddenBias = layer.bias.map { random.floats($0.count, in: -1...1) }
    let targets = try layer.results(inputs, weight: hidden, bias: hiddenBias).map { Float($0) }
    let problem = try layer.problem()
    let packed = statistics(problem, inputs, targets, samples: 0..<layer.batchSize)
    let solution = try problem.solve(packed, weight: layer.weight, bias: layer.bias, ridge: 0)
    // Targets are rounded to float32; few rows can make that some times larger.
    for (found, expected) in zip(solution.weight, hidden) { #expect(abs(found - expected) < 1e-4) }
    for (found, expected) in zip(solution.bias ?? [], hiddenBias ?? []) { #expect(abs(found - expected) < 1e-4) }
    #expect(solution.relativeErrorAfter < 1e-6)
    #expect(solution.relativeErrorBefore > 0.1)
  }

  @Test(arguments: LayerCase.all)
  func `a ridge without bounds leaves the weights, and moves the bias to the mean`(_ layer: LayerCase) throws {
    let (inputs, targets) = data(layer)
    let problem = try layer.problem()
    let packed = statistics(problem, inputs, targets, samples: 0..<layer.batchSize)
    let immense = try problem.solve(packed, weight: layer.weight, bias: layer.bias, ridge: 1e15)
    let infinite = try problem.solve(packed, weight: layer.weight, bias: layer.bias, ridge: .infinity)
    #expect(immense.weight == layer.weight)
    #expect(infinite.weight == layer.weight)
    guard let bias = infinite.bias, let near = immense.bias else {
      #expect(!layer.hasIntercept)
      return
    }
    for (left, right) in zip(bias, near) { #expect(abs(left - right) < 1e-5) }
    let results = try layer.results(inputs, weight: layer.weight, bias: bias)
    for output in 0..<layer.channels.outputs {
      let places = layer.elements(ofOutput: output)
      let mean = places.reduce(0) { $0 + results[$1] - Double(targets[$1]) } / Double(places.count)
      // The bias is rounded to float32.
      #expect(abs(mean) < 1e-6)
    }
  }

  @Test(arguments: LayerCase.all, [Int.max, 25])
  func `statistics of parts add to those of the whole, whatever the parts hold besides`(
    _ layer: LayerCase, limit: Int
  ) throws {
    // Quarters: all sums are exact, so that they agree to the bit.
    var random = layer.random
    let inputs = random.quarters(layer.input.count)
    let targets = random.quarters(layer.output.count)
    let count = layer.batchSize
    let problem = try layer.problem(samples: count + 10, limit: limit)
    let whole = statistics(problem, inputs, targets, samples: 10..<10 + count)
    var parts = [Double](repeating: 0, count: problem.packedCount)
    for part in [0..<2, 2..<3, 3..<count] {
      let own = statistics(
        problem, Array(inputs[part.lowerBound * inputs.count / count..<inputs.count]),
        Array(targets[part.lowerBound * targets.count / count..<targets.count]),
        samples: 10 + part.lowerBound..<10 + part.upperBound)
      for index in parts.indices { parts[index] += own[index] }
    }
    #expect(parts == whole)
    #expect(whole[0] == Double((10..<10 + count).reduce(0) { $0 + problem.sampling.rowCount(of: $1) }))
  }

  @Test(arguments: LayerCase.all)
  func `the rows are those of the chosen positions`(_ layer: LayerCase) throws {
    let (inputs, targets) = data(layer)
    let problem = try layer.problem(limit: 17)
    let packed = statistics(problem, inputs, targets, samples: 0..<layer.batchSize)
    let sampling = problem.sampling
    var squares = 0.0
    for output in 0..<layer.channels.outputs {
      let places = layer.elements(ofOutput: output)
      for sample in 0..<layer.batchSize {
        for position in sampling.positions(of: sample) {
          let target = Double(targets[places[sample * sampling.positions + position]])
          squares += target * target
        }
      }
    }
    #expect(packed[0] == 17)
    #expect(abs(packed[1] - squares) < 1e-10 * squares)
  }

  @Test func `more rows than a panel holds are all counted`() throws {
    let layer = LayerCase("large image", batchSize: 2) { b in
      b.convolution(b.input([2, 31, 29]), to: 2, kernel: [3, 3], padsBegin: [1, 1])
    }
    let inputs = data(layer).inputs
    let targets = try layer.results(inputs, weight: layer.weight, bias: layer.bias).map { Float($0) }
    let problem = try layer.problem()
    let packed = statistics(problem, inputs, targets, samples: 0..<2)
    let solution = try problem.solve(
      packed, weight: layer.weight.map { _ in 0 }, bias: layer.bias.map { $0.map { _ in 0 } }, ridge: 0)
    #expect(solution.rows == 2 * 31 * 29)
    for (found, expected) in zip(solution.weight, layer.weight) { #expect(abs(found - expected) < 1e-5) }
  }

  @Test func `convolution groups are convolutions of their own`() throws {
    let whole = LayerCase("whole", hasIntercept: true) { b in
      b.convolution(b.input([6, 5, 5]), to: 4, kernel: [3, 2], padsBegin: [1, 0], groups: 2)
    }
    let part = LayerCase("part", hasIntercept: true) { b in
      b.convolution(b.input([3, 5, 5]), to: 2, kernel: [3, 2], padsBegin: [1, 0])
    }
    let (inputs, targets) = data(whole)
    let problem = try whole.problem()
    let packed = statistics(problem, inputs, targets, samples: 0..<whole.batchSize)
    let solution = try problem.solve(packed, weight: whole.weight, bias: whole.bias, ridge: 0.1)
    func half(_ values: [Float], _ index: Int, runs: Int) -> [Float] {
      let length = values.count / runs / 2
      return (0..<runs).flatMap { values[($0 * 2 + index) * length..<($0 * 2 + index + 1) * length] }
    }
    for index in 0..<2 {
      let own = try part.problem()
      let statistics = statistics(
        own, half(inputs, index, runs: whole.batchSize), half(targets, index, runs: whole.batchSize),
        samples: 0..<whole.batchSize)
      let alone = try own.solve(
        statistics, weight: half(whole.weight, index, runs: 1), bias: half(whole.bias ?? [], index, runs: 1), ridge: 0.1
      )
      #expect(alone.weight == half(solution.weight, index, runs: 1))
      #expect(alone.bias == half(solution.bias ?? [], index, runs: 1))
    }
  }

  @Test func `inputs that are always 0 keep their weights`() throws {
    let layer = LayerCase("dead input", batchSize: 20) { b in b.linear(b.input([5]), to: 3) }
    var (inputs, targets) = data(layer)
    for sample in 0..<20 { inputs[sample * 5 + 2] = 0 }
    let problem = try layer.problem()
    let packed = statistics(problem, inputs, targets, samples: 0..<20)
    let solution = try problem.solve(packed, weight: layer.weight, bias: layer.bias, ridge: 0)
    #expect(solution.raisedGroups.isEmpty)
    for element in layer.weight.indices {
      #expect((solution.weight[element] == layer.weight[element]) == (element % 5 == 2))
    }
    targets = [Float](repeating: 1, count: targets.count)
    let dead = statistics(problem, [Float](repeating: 0, count: inputs.count), targets, samples: 0..<20)
    let constant = try problem.solve(dead, weight: layer.weight, bias: layer.bias, ridge: 0.01)
    #expect(constant.weight == layer.weight)
    #expect(constant.bias == [1, 1, 1])
    #expect(constant.relativeErrorAfter < 1e-7)
  }

  @Test func `inputs that depend on each other raise the ridge, and the target is still reached`() throws {
    let layer = LayerCase("twins", batchSize: 20) { b in b.linear(b.input([4]), to: 2) }
    var inputs = data(layer).inputs
    for sample in 0..<20 { inputs[sample * 4 + 3] = inputs[sample * 4] }
    let targets = try layer.results(inputs, weight: [1, 2, 3, 4, -1, 0, 1, 2], bias: [1, 2]).map { Float($0) }
    let problem = try layer.problem()
    let packed = statistics(problem, inputs, targets, samples: 0..<20)
    let solution = try problem.solve(packed, weight: layer.weight, bias: layer.bias, ridge: 0)
    #expect(solution.raisedGroups == [0])
    #expect(solution.largestRidge > 0 && solution.largestRidge < 1e-6)
    #expect(solution.relativeErrorAfter < 1e-5)
    // What the data do not say stays nearest to the weights before.
    let difference = layer.weight[0] - layer.weight[3]
    #expect(abs(solution.weight[0] - solution.weight[3] - difference) < 1e-3)
  }

  @Test(arguments: 1...12)
  func `a sum of other inputs is seen, whichever way its pivot rounds`(variant: Int) throws {
    let layer = LayerCase("sum \(variant)", batchSize: 40) { b in b.linear(b.input([4]), to: 2) }
    var random = layer.random
    // Multiples of ¼, so that the sum itself is exact.
    var inputs = random.quarters(layer.input.count)
    for sample in 0..<40 {
      inputs[sample * 4 + 3] = inputs[sample * 4] + inputs[sample * 4 + 1] + inputs[sample * 4 + 2]
    }
    let targets = random.floats(layer.output.count, in: -1...1)
    let problem = try layer.problem()
    let packed = statistics(problem, inputs, targets, samples: 0..<40)
    let solution = try problem.solve(packed, weight: layer.weight, bias: layer.bias, ridge: 0)
    #expect(solution.raisedGroups == [0])
    #expect(solution.weight.allSatisfy { abs($0) < 5 })
    #expect(solution.errorAfter < solution.errorBefore)
  }

  @Test func `fewer rows than weights are solved with a ridge`() throws {
    let layer = LayerCase("few rows", batchSize: 3) { b in b.linear(b.input([8]), to: 2) }
    let (inputs, targets) = data(layer)
    let problem = try layer.problem()
    let packed = statistics(problem, inputs, targets, samples: 0..<3)
    let solution = try problem.solve(packed, weight: layer.weight, bias: layer.bias, ridge: 0)
    #expect(solution.raisedGroups == [0])
    #expect(solution.relativeErrorAfter < 1e-4)
    #expect(solution.weight.allSatisfy { abs($0) < 20 })
  }

  @Test func `nothing to learn from changes nothing`() throws {
    let layer = LayerCase.all[1]
    let problem = try layer.problem()
    let solution = try problem.solve(
      [Double](repeating: 0, count: problem.packedCount), weight: layer.weight, bias: layer.bias, ridge: 0.1)
    #expect(solution.weight == layer.weight)
    #expect(solution.bias == layer.bias)
    #expect(solution.keptGroups == [0])
    #expect(solution.relativeErrorAfter == 0)
  }

  @Test(arguments: [Float.nan, .infinity])
  func `data that are not finite are refused`(value: Float) throws {
    let layer = LayerCase.all[0]
    var (inputs, targets) = data(layer)
    let problem = try layer.problem()
    targets[3] = value
    let packed = statistics(problem, inputs, targets, samples: 0..<layer.batchSize)
    #expect(throws: SurgeryError.self) {
      try problem.solve(packed, weight: layer.weight, bias: layer.bias, ridge: 0)
    }
    targets[3] = 0
    inputs[5] = value
    let other = statistics(problem, inputs, targets, samples: 0..<layer.batchSize)
    #expect(throws: SurgeryError.self) {
      try problem.solve(other, weight: layer.weight, bias: layer.bias, ridge: 0)
    }
  }

  @Test func `what is no layer, or does not fit, is refused with a reason`() {
    func refusal(_ operation: Operation, _ input: [Int], _ output: [Int], hasIntercept: Bool = true) -> String? {
      do throws(SurgeryError) {
        _ = try Reconstruction(
          operation, input: Shape(input), output: Shape(output), batchSize: 2, hasIntercept: hasIntercept, layer: 0,
          samples: 2, rowLimit: 10)
        return nil
      } catch { return error.description }
    }
    let convolution = Convolution(
      kernel: [3], strides: [1], padsBegin: [0], padsEnd: [0], dilations: [1], groups: 2)
    #expect(refusal(.convolution(convolution), [2, 4, 9], [2, 6, 7]) == nil)
    #expect(
      refusal(.convolution(convolution), [2, 4, 9], [2, 6, 9])
        == "layer: input [2, 4, 9] and output [2, 6, 9] do not fit the operation")
    #expect(refusal(.convolution(convolution), [2, 4, 9], [2, 5, 7]) != nil)
    #expect(refusal(.convolution(convolution), [2, 3, 9], [2, 6, 7]) != nil)
    #expect(refusal(.convolution(convolution), [3, 4, 9], [3, 6, 7]) != nil)
    #expect(refusal(.convolutionTranspose(convolution), [2, 4, 9], [2, 6, 11]) == nil)
    #expect(refusal(.convolutionTranspose(convolution), [2, 4, 9], [2, 6, 10]) != nil)
    #expect(
      refusal(.unary(.relu), [2, 4], [2, 4])
        == "operation: is no convolution, transposed convolution or linear layer")
    let linear = Linear(weightIsOutputByInput: true, beta: 0)
    #expect(refusal(.linear(linear), [2, 4], [2, 3]) == "layer: multiplies its bias by 0")
    #expect(refusal(.linear(linear), [2, 4], [2, 3], hasIntercept: false) == nil)
    #expect(refusal(.linear(linear), [2, 1 << 21], [2, 3], hasIntercept: false) != nil)
  }
}
