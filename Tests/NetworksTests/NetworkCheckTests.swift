import Networks
import Testing

/// What is no network is refused where it is made, with its place, and never traps.
struct NetworkCheckTests {
  /// One operation on inputs and constants of given shapes, and the shapes that it claims to yield.
  private static func refusal(
    _ operation: Operation, _ operands: [[Int]], _ results: [[Int]], constants: [[Int]] = [], batchSize: Int = 2
  ) -> String? {
    var values = operands.map { Value(name: "x", shape: Shape($0)) }
    let inputs = values.indices.map { ValueID($0) }
    for extents in constants {
      let shape = Shape(extents)
      let elements = ConstantTensor.Elements.float([Float](repeating: 1, count: shape.count))
      values.append(Value(name: "c", constant: ConstantTensor(shape: shape, elements: elements)))
    }
    let read = values.indices.map { ValueID($0) }
    let yielded = results.indices.map { ValueID(values.count + $0) }
    values += results.map { Value(name: "y", shape: Shape($0)) }
    let node = Node(name: "node", opType: "Op", operation: operation, inputs: read, outputs: yielded)
    do {
      _ = try Network(
        name: "net", batchSize: batchSize, values: values, nodes: [node], inputs: inputs, outputs: yielded)
      return nil
    } catch {
      return error.description
    }
  }

  private static func convolution(_ groups: Int = 1, stride: Int = 1, pad: Int = 0) -> Operation {
    .convolution(
      Convolution(
        kernel: [3, 3], strides: [stride, stride], padsBegin: [pad, pad], padsEnd: [pad, pad], dilations: [1, 1],
        groups: groups))
  }

  private static func pool(_ kernel: Int, stride: Int = 1, pad: Int = 0, dilation: Int = 1) -> Operation {
    .pool(Pool(kind: .max, kernel: [kernel], strides: [stride], padsBegin: [pad], padsEnd: [0], dilations: [dilation]))
  }

  private static func transposed(_ groups: Int = 1, stride: Int = 2, pad: Int = 0) -> Operation {
    .convolutionTranspose(
      Convolution(
        kernel: [3, 3], strides: [stride, stride], padsBegin: [pad, pad], padsEnd: [pad, pad], dilations: [1, 1],
        groups: groups))
  }

  private static func resampling(_ axis: Int, taps: Int = 1, _ sources: [Int], weights: Int? = nil) -> Resampling {
    Resampling(
      axis: axis, taps: taps, sources: sources, weights: [Double](repeating: 1, count: weights ?? sources.count))
  }

  private static let big = Int.max

  /// Operation, operands, results, constants.
  private static let wrong: [(Operation, [[Int]], [[Int]], [[Int]])] = [
    (convolution(), [[2, 3, 8, 8]], [[2, 4, 6, 6]], [[4, 2, 3, 3]]),
    (convolution(), [[2, 3, 8, 8]], [[2, 4, 8, 8]], [[4, 3, 3, 3]]),
    (convolution(), [[2, 3, 2, 2]], [[2, 4, 1, 1]], [[4, 3, 3, 3]]),
    (convolution(2), [[2, 4, 8, 8]], [[2, 5, 6, 6]], [[5, 2, 3, 3]]),
    (convolution(), [[2, 3, 8, 8]], [[2, 4, 6, 6]], [[4, 3, 3, 3], [5]]),
    (convolution(stride: big, pad: big), [[2, 3, 8, 8]], [[2, 4, 1, 1]], [[4, 3, 3, 3]]),
    (convolution(), [[2, 3, 8, 8], [2, 3, 3, 3]], [[2, 2, 6, 6]], []),
    (.linear(Linear(weightIsOutputByInput: true)), [[2, 3]], [[2, 4]], [[3, 4]]),
    (.linear(Linear(weightIsOutputByInput: false)), [[2, 3]], [[2, 5]], [[3, 4]]),
    (.linear(Linear(weightIsOutputByInput: true)), [[2, 0]], [[2, 4]], [[4, 0]]),
    (.batchNormalization(epsilon: 1e-5), [[2, 3, 4, 4]], [[2, 3, 4, 4]], [[3], [3], [4], [3]]),
    (.unary(.relu), [[2, 3]], [[2, 4]], []),
    (.binary(.add), [[2, 3], [2, 4]], [[2, 4]], []),
    (.concat(axis: 1), [[2, 3], [2, 4]], [[2, 8]], []),
    (.concat(axis: 2), [[2, 3], [2, 4]], [[2, 7]], []),
    (.concat(axis: 1), [[2, big / 4], [2, big / 4]], [[2, 3]], []),
    (.split(axis: 1), [[2, 7]], [[2, 3], [2, 3]], []),
    (.split(axis: 3), [[2, 7]], [[2, 3], [2, 4]], []),
    (.slice(starts: [0, 5], steps: [1, 1]), [[2, 7]], [[2, 3]], []),
    (.slice(starts: [0, 2], steps: [1, 0]), [[2, 7]], [[2, 3]], []),
    (.slice(starts: [0, 2], steps: [1, big]), [[2, 7]], [[2, 2]], []),
    (pool(3), [[2, 3, 2]], [[2, 3, 0]], []),
    (pool(1, stride: big), [[2, 3, 3]], [[2, 3, 3]], []),
    (pool(2, pad: big - 1, dilation: big), [[2, 3, 3]], [[2, 3, 3]], []),
    (pool(Int.min), [[2, 3, 3]], [[2, 3, 3]], []),
    (.reduce(.mean, axes: [2, 1]), [[2, 3, 4]], [[2]], []),
    (.reduce(.mean, axes: [1]), [[2, 3, 4]], [[2, 3]], []),
    (.reshape, [[2, 6]], [[2, 7]], []),
    (.transpose(permutation: [0, 0]), [[2, 6]], [[2, 6]], []),
    (.pad(Pad(before: [0, 3], behind: [0, 0], mode: .reflect)), [[2, 3]], [[2, 6]], []),
    (.pad(Pad(before: [0, big], behind: [0, big], mode: .edge)), [[2, 3]], [[2, 3]], []),
    (.pad(Pad(before: [0, 1], behind: [0, 0], mode: .edge)), [[2, 0]], [[2, 1]], []),
    (.softmax(axis: 2, logarithm: false), [[2, 3]], [[2, 3]], []),
    (.localResponseNormalization(.init(size: big, alpha: 1, beta: 1, bias: 1)), [[2, 3]], [[2, 3]], []),
    (transposed(), [[2, 3, 4, 4]], [[2, 5, 9, 9]], [[4, 5, 3, 3]]),
    (transposed(), [[2, 3, 4, 4]], [[2, 5, 8, 9]], [[3, 5, 3, 3]]),
    (transposed(), [[2, 3, 4, 4]], [[2, 5, 9, 12]], [[3, 5, 3, 3]]),
    (transposed(), [[2, 3, 4, 4]], [[2, 6, 9, 9]], [[3, 5, 3, 3]]),
    (transposed(), [[2, 3, 4, 4]], [[2, 5, 9, 9]], [[3, 5, 3, 3], [3]]),
    (transposed(2), [[2, 3, 4, 4]], [[2, 4, 9, 9]], [[3, 2, 3, 3]]),
    (transposed(pad: 5), [[2, 3, 4, 4]], [[2, 5, 0, 0]], [[3, 5, 3, 3]]),
    (transposed(stride: big), [[2, 3, 4, 4]], [[2, 5, 9, 9]], [[3, 5, 3, 3]]),
    (transposed(pad: big), [[2, 3, 4, 4]], [[2, 5, 1, 1]], [[3, 5, 3, 3]]),
    (transposed(stride: 0), [[2, 3, 4, 4]], [[2, 5, 3, 3]], [[3, 5, 3, 3]]),
    (transposed(), [[2, 2, 4, 4], [2, 5, 3, 3]], [[2, 5, 9, 9]], []),
    (.matrixProduct, [[2, 3], [2, 3]], [[2, 3]], []),
    (.matrixProduct, [[2, 3, 3, 4], [2, 2, 4, 5]], [[2, 3, 3, 5]], []),
    (.matrixProduct, [[2, 3, 4], [2, 4, 5]], [[2, 5, 3]], []),
    (.matrixProduct, [[2], [2]], [[2]], []),
    (.layerNormalization(axis: 2, epsilon: 0), [[2, 3]], [[2, 3]], [[3]]),
    (.layerNormalization(axis: 1, epsilon: 0), [[2, 3, 4]], [[2, 3, 4]], [[4]]),
    (.layerNormalization(axis: 1, epsilon: 0), [[2, 3, 4]], [[2, 3, 4]], [[4, 3]]),
    (.layerNormalization(axis: 2, epsilon: 0), [[2, 3, 4]], [[2, 3, 4]], [[4], [3]]),
    (.layerNormalization(axis: 1, epsilon: 0), [[2, 2], [2]], [[2, 2]], []),
    (.groupNormalization(groups: 2, epsilon: 0), [[2, 3, 4]], [[2, 3, 4]], [[3], [3]]),
    (.groupNormalization(groups: 0, epsilon: 0), [[2, 3, 4]], [[2, 3, 4]], [[3], [3]]),
    (.groupNormalization(groups: 3, epsilon: 0), [[2, 3, 4]], [[2, 3, 4]], [[3], [4]]),
    (.groupNormalization(groups: 3, epsilon: 0), [[2, 3, 4]], [[2, 3, 4]], [[3]]),
    (.select, [[2, 3], [2, 3]], [[2, 3]], []),
    (.select, [[2, 3], [2, 3], [2, 4]], [[2, 3]], []),
    (.select, [[2, 1], [2, 3], [2, 1]], [[2, 1]], []),
    (.expand, [[2, 3]], [[2, 1]], []),
    (.expand, [[2, 3]], [[2, 6]], []),
    (.reduce(.max, axes: [3]), [[2, 3, 4]], [[2, 3]], []),
    (.gather(axis: 3, indices: [0], indexRank: 1), [[2, 3]], [[2, 1]], []),
    (.gather(axis: 1, indices: [3], indexRank: 1), [[2, 3]], [[2, 1]], []),
    (.gather(axis: 1, indices: [-1], indexRank: 1), [[2, 3]], [[2, 1]], []),
    (.gather(axis: 1, indices: [0, 1], indexRank: 1), [[2, 3]], [[2, 3]], []),
    (.gather(axis: 1, indices: [0, 1], indexRank: 2), [[2, 3]], [[2, 2]], []),
    (.gather(axis: 1, indices: [0], indexRank: 0), [[2, 3, 4]], [[2, 3]], []),
    (.gather(axis: 1, indices: [0], indexRank: Int.min), [[2, 3]], [[2]], []),
    (.resample([resampling(1, [0, 3])]), [[2, 3]], [[2, 2]], []),
    (.resample([resampling(1, [0, 1])]), [[2, 3]], [[2, 3]], []),
    (.resample([resampling(1, [0, 1], weights: 1)]), [[2, 3]], [[2, 2]], []),
    (.resample([resampling(1, taps: 0, [])]), [[2, 3]], [[2, 0]], []),
    (.resample([resampling(1, taps: big, [0, 1])]), [[2, 3]], [[2, 2]], []),
    (.resample([resampling(1, [0]), resampling(1, [0])]), [[2, 3]], [[2, 1]], []),
    (.resample([resampling(2, [0])]), [[2, 3]], [[2, 3]], []),
    (.resample([]), [[2, 3]], [[2, 4]], []),
    (.resample([resampling(1, [0])]), [[2, 3]], [[2]], []),
    (.cumulativeSum(axis: 2, isExclusive: false, isReversed: false), [[2, 3]], [[2, 3]], []),
    (.cumulativeSum(axis: 1, isExclusive: false, isReversed: false), [[2, 3]], [[2, 4]], []),
  ]

  @Test(arguments: wrong.indices)
  func `an operation whose operands do not fit is refused with its node`(_ index: Int) throws {
    let (operation, operands, results, constants) = Self.wrong[index]
    let text = try #require(Self.refusal(operation, operands, results, constants: constants), "\(operation)")
    #expect(text.hasPrefix("node: Op: "), "\(text)")
  }

  /// What a person needs to find the mistake in a file.
  @Test func `a refusal says what was found and what was expected`() {
    let y = [2, 4, 6, 6]
    #expect(
      Self.refusal(Self.convolution(), [[2, 3, 8, 8]], [y], constants: [[4, 2, 3, 3]])
        == "node: Op: weight [4, 2, 3, 3] with groups 1 does not fit input [2, 3, 8, 8]")
    #expect(
      Self.refusal(Self.convolution(), [[2, 3, 8, 8]], [[2, 4, 8, 8]], constants: [[4, 3, 3, 3]])
        == "node: Op: a result of shape [2, 4, 8, 8], expected [2, 4, 6, 6]")
    #expect(
      Self.refusal(Self.convolution(), [[2, 3, 8, 8]], [y], constants: [[4, 3, 3, 3], [5]])
        == "node: Op: bias of shape [5], expected [4]")
    #expect(
      Self.refusal(Self.convolution(), [[2, 3, 8, 8], [2, 3, 3, 3]], [[2, 2, 6, 6]])
        == "node: Op: weight, bias and statistics must be constants")
    #expect(Self.refusal(.binary(.add), [[2, 3]], [[2, 3]]) == "node: Op: 1 operands, expected 2")
    #expect(
      Self.refusal(.binary(.add), [[2, 3], [2, 4]], [[2, 4]])
        == "node: Op: operands [2, 3] and [2, 4] do not broadcast")
    #expect(Self.refusal(.reshape, [[2, 6]], [[2, 7]]) == "node: Op: [2, 6] has 12 elements, [2, 7] has 14")
    #expect(
      Self.refusal(.split(axis: 1), [[2, 7]], [[2, 3], [2, 3]]) == "node: Op: parts of [3, 3] along axis 1 of [2, 7]")
    #expect(
      Self.refusal(.slice(starts: [0, 5], steps: [1, 1]), [[2, 7]], [[2, 3]])
        == "node: Op: 3 elements from 5 in steps of 1 on axis 1 of [2, 7]")
    #expect(
      Self.refusal(.select, [[2, 3], [2, 3], [2, 4]], [[2, 3]])
        == "node: Op: operands [2, 3], [2, 3] and [2, 4] do not broadcast")
    #expect(
      Self.refusal(.matrixProduct, [[2, 3], [2, 3]], [[2, 3]])
        == "node: Op: operands [2, 3] and [2, 3] have no matrix product")
    #expect(
      Self.refusal(Self.transposed(), [[2, 3, 4, 4]], [[2, 5, 9, 12]], constants: [[3, 5, 3, 3]])
        == "node: Op: a result of shape [2, 5, 9, 12], expected [2, 5, 9, 9] and less than a step of output padding")
    #expect(Self.refusal(.unary(.relu), [[2, 3]], [[2, 3], [2, 3]]) == "node: Op: 2 results, expected 1")
  }

  @Test func `an operation whose operands fit is accepted`() {
    #expect(
      Self.refusal(Self.convolution(pad: 1), [[2, 3, 8, 8]], [[2, 4, 8, 8]], constants: [[4, 3, 3, 3], [4]]) == nil)
    #expect(Self.refusal(.slice(starts: [0, 6], steps: [1, -3]), [[2, 7]], [[2, 3]]) == nil)
    #expect(Self.refusal(.binary(.add), [[2, 3, 4], [2, 1, 4]], [[2, 3, 4]]) == nil)
    #expect(Self.refusal(Self.pool(3, stride: 2), [[2, 3, 6]], [[2, 3, 3]]) == nil)
    // 2 · 3 + 2 + 1 = 9 without output padding, 10 with.
    for side in [9, 10] {
      #expect(
        Self.refusal(Self.transposed(), [[2, 3, 4, 4]], [[2, 5, side, 9]], constants: [[3, 5, 3, 3], [5]]) == nil)
    }
    #expect(Self.refusal(.matrixProduct, [[2, 1, 3, 4], [2, 4, 5]], [[2, 2, 3, 5]]) == nil)
    #expect(
      Self.refusal(.layerNormalization(axis: 1, epsilon: 0), [[2, 3, 4]], [[2, 3, 4]], constants: [[3, 4]]) == nil)
    #expect(
      Self.refusal(.groupNormalization(groups: 3, epsilon: 0), [[2, 6, 4]], [[2, 6, 4]], constants: [[6], [6]]) == nil)
    #expect(Self.refusal(.select, [[2, 1, 1], [2, 1, 3], [2, 4, 1]], [[2, 4, 3]]) == nil)
    #expect(Self.refusal(.expand, [[2, 1]], [[5, 2, 3]]) == nil)
    #expect(Self.refusal(.gather(axis: 1, indices: [0, 2, 2, 1], indexRank: 2), [[2, 3]], [[2, 2, 2]]) == nil)
    #expect(Self.refusal(.gather(axis: 1, indices: [2], indexRank: 0), [[2, 3]], [[2]]) == nil)
    #expect(Self.refusal(.resample([Self.resampling(1, taps: 2, [0, 1, 2, 2])]), [[2, 3]], [[2, 2]]) == nil)
  }

  @Test func `inputs hold the batch along axis 0`() throws {
    let text = try #require(Self.refusal(.unary(.relu), [[3, 4]], [[3, 4]], batchSize: 2))
    #expect(text == "x: has shape [3, 4], expected 2 samples along axis 0")
  }

  @Test func `order, doubles, missing values and missing outputs are refused`() throws {
    let values = (0..<3).map { Value(name: "v\($0)", shape: Shape([1, 2])) }
    func relu(_ input: Int, _ output: Int) -> Node {
      Node(
        name: "relu\(output)", opType: "Relu", operation: .unary(.relu), inputs: [ValueID(input)],
        outputs: [ValueID(output)])
    }
    func refusal(_ nodes: [Node], inputs: [Int] = [0], outputs: [Int] = [2]) -> String? {
      do {
        _ = try Network(
          name: "net", batchSize: 1, values: values, nodes: nodes, inputs: inputs.map { ValueID($0) },
          outputs: outputs.map { ValueID($0) })
        return nil
      } catch {
        return error.description
      }
    }
    #expect(refusal([relu(0, 1), relu(1, 2)]) == nil)
    #expect(refusal([relu(1, 2), relu(0, 1)]) == "relu2: reads v1 before it is computed")
    #expect(refusal([relu(0, 2), relu(0, 2)]) == "relu2: yields v2 a second time")
    #expect(refusal([relu(0, 1), relu(7, 2)]) == "relu2: reads a value that does not exist")
    #expect(refusal([relu(0, 1)]) == "v2: is an output that nothing computes")
    #expect(refusal([relu(0, 1), relu(1, 2)], outputs: []) == "net: has no output")
    #expect(refusal([relu(0, 1), relu(1, 2)], inputs: [0, 0]) == "v0: is named twice among the inputs")
    #expect(refusal([], outputs: [9]) == "net: input or output 9 is not among the 3 values")
  }
}
