import Networks

/// Blocks of transformers and of the convolutional networks that took them over.
extension ProblemList {
  mutating func addTransformerBlocks() {
    addAttention()
    addChannelsLast()
    addTokens()
  }

  private mutating func addAttention() {
    for (tokens, heads, width) in [(3, 2, 2), (5, 1, 4), (4, 3, 8)] {
      add("attention of \(heads) heads of \(width) over \(tokens) tokens") { problem in
        let x = problem.input([tokens, 6])
        let mixed = problem.attention(x, heads: heads, width: width)
        let y = problem.linear(mixed, to: 5)
        problem.observe(y, axis: 2)
        return y
      }
      add("attention from one layer cut in three, \(heads) heads of \(width) over \(tokens) tokens") { problem in
        let all = problem.linear(problem.input([tokens, 6]), to: 3 * heads * width)
        problem.observe(all, axis: 2)
        let parts = problem.transpose(problem.reshape(all, [2, tokens, 3, heads, width]), [2, 0, 3, 1, 4])
        let values = (0..<3).map { problem.gather(parts, axis: 0, [$0], form: []) }
        let mixed = problem.mixed(values[0], values[1], values[2], scale: 1 / Float(width).squareRoot())
        return problem.linear(mixed, to: 6)
      }
    }
    add("attention with a mask") { problem in
      let x = problem.front([4, 6])
      let scores = problem.matrixProduct(x, problem.transpose(x, [0, 2, 1]))
      let mask = problem.constant([4, 4], (0..<16).map { $0 % 4 <= $0 / 4 ? 1 : 0 })
      let weights = problem.softmax(problem.select(mask, scores, problem.constant([], [-1e4])), axis: 2)
      return problem.matrixProduct(weights, x)
    }
    add("attention over windows of a plane with a bias of positions") { problem in
      // [N, C, 4, 4] → N × 4 windows of 2 × 2 places.
      let windows = problem.transpose(
        problem.reshape(problem.front([4, 4, 4]), [2, 4, 2, 2, 2, 2]), [0, 2, 4, 3, 5, 1])
      let x = problem.reshape(windows, [8, 4, 4])
      let scores = problem.matrixProduct(x, problem.transpose(x, [0, 2, 1]))
      let biased = problem.binary(.add, scores, problem.constant([1, 4, 4]))
      let y = problem.matrixProduct(problem.softmax(biased, axis: 2), problem.linear(x, to: 4))
      let back = problem.transpose(problem.reshape(y, [2, 2, 2, 2, 2, 4]), [0, 5, 1, 3, 2, 4])
      return problem.reshape(back, [2, 4, 4, 4])
    }
    add("attention across channels") { problem in
      let x = problem.reshape(problem.front([4, 3, 3]), [2, 4, 9])
      let norm = problem.binary(.divide, x, problem.reduce(.l2, x, axes: [2]))
      let weights = problem.softmax(problem.matrixProduct(norm, problem.transpose(norm, [0, 2, 1])), axis: 2)
      return problem.reshape(problem.matrixProduct(weights, x), [2, 4, 3, 3])
    }
    add("attention on the convolution's side: linear attention with relu") { problem in
      let x = problem.gridFront([4, 2, 3])
      let keys = problem.reshape(problem.unary(.relu, x), [2, 4, 6])
      let values = problem.reshape(problem.convolution(x, to: 3, kernel: [1, 1]), [2, 3, 6])
      let context = problem.matrixProduct(values, problem.transpose(keys, [0, 2, 1]))
      return problem.reshape(problem.matrixProduct(context, keys), [2, 3, 2, 3])
    }
    add("transformer block: normalization, attention, normalization, two layers, both with a residual") { problem in
      let x = problem.linear(problem.input([4, 5]), to: 6)
      problem.observe(x, axis: 2)
      let mixed = problem.attention(problem.layerNormalization(x, axis: 2), heads: 2, width: 3)
      let first = problem.binary(.add, x, problem.linear(mixed, to: 6))
      let wide = problem.linear(problem.layerNormalization(first, axis: 2), to: 12)
      problem.observe(wide, axis: 2)
      let narrow = problem.linear(problem.unfoldedGelu(wide), to: 6)
      problem.observe(narrow, axis: 2)
      return problem.binary(.add, first, narrow)
    }
  }

  private mutating func addChannelsLast() {
    for (channels, side) in [(4, 3), (8, 5)] {
      add("ConvNeXt block with layer scale, \(channels) channels, plane of \(side)") { problem in
        let x = problem.front([channels, side, side])
        let deep = problem.convolution(x, to: channels, kernel: [7, 7], padsBegin: [3, 3], groups: channels)
        problem.observe(deep)
        let last = problem.layerNormalization(problem.transpose(deep, [0, 2, 3, 1]), axis: 3, epsilon: 1e-6)
        let wide = problem.linear(last, to: 4 * channels, outputByInput: false)
        problem.observe(wide, axis: 3)
        let narrow = problem.linear(
          problem.unary(.gelu(isApproximate: false), wide), to: channels, outputByInput: false)
        problem.observe(narrow, axis: 3)
        let scaled = problem.binary(.multiply, problem.constant([channels]), narrow)
        return problem.binary(.add, x, problem.transpose(scaled, [0, 3, 1, 2]))
      }
    }
    add("layer normalization of channels written out, channels first") { problem in
      let x = problem.front([6, 3, 2])
      let centred = problem.binary(.subtract, x, problem.mean(x, axes: [1]))
      let squares = problem.unary(.power(exponent: 2), centred)
      let variance = problem.binary(.add, problem.mean(squares, axes: [1]), problem.constant([], [1e-3]))
      let standard = problem.binary(.divide, centred, problem.unary(.squareRoot, variance))
      let scaled = problem.binary(.multiply, standard, problem.constant([6, 1, 1]))
      return problem.convolution(
        problem.binary(.add, scaled, problem.constant([6, 1, 1])), to: 4, kernel: [2, 2], strides: [2, 2])
    }
    add("mixer block: layers over places, then over channels") { problem in
      let x = problem.front([4, 6])
      let places = problem.linear(problem.layerNormalization(x, axis: 2), to: 6)
      problem.observe(places, axis: 2)
      let sum = problem.binary(.add, x, problem.unary(.gelu(isApproximate: true), places))
      let turned = problem.transpose(sum, [0, 2, 1])
      let channels = problem.linear(turned, to: 4)
      problem.observe(channels, axis: 2)
      return problem.binary(.add, sum, problem.transpose(channels, [0, 2, 1]))
    }
  }

  private mutating func addTokens() {
    add("patches, class token and positions, the class token read at the end") { problem in
      let patches = problem.convolution(problem.input([3, 4, 4]), to: 6, kernel: [2, 2], strides: [2, 2])
      problem.observe(patches)
      let tokens = problem.transpose(problem.reshape(patches, [2, 6, 4]), [0, 2, 1])
      let joined = problem.concat([problem.constant([2, 1, 6]), tokens], axis: 1)
      let placed = problem.binary(.add, joined, problem.constant([1, 5, 6]))
      let mixed = problem.attention(problem.layerNormalization(placed, axis: 2), heads: 2, width: 3)
      let sum = problem.binary(.add, placed, problem.linear(mixed, to: 6))
      let token = problem.gather(problem.layerNormalization(sum, axis: 2), axis: 1, [0], form: [])
      return problem.linear(token, to: 4)
    }
    add("a class token of the network's own, expanded and joined in front") { problem in
      let tokens = problem.front([3, 4])
      let own = problem.expand(problem.front([1, 4]), [2, 1, 4])
      let joined = problem.concat([own, tokens], axis: 1)
      let weights = problem.softmax(problem.matrixProduct(joined, problem.transpose(joined, [0, 2, 1])), axis: 2)
      let slice = problem.node(
        .slice(starts: [0, 0, 0], steps: [1, 1, 1]), [problem.matrixProduct(weights, joined)], result: [2, 1, 4])
      return problem.linear(problem.flatten(slice), to: 3)
    }
  }
}

extension ProblemBuilder {
  /// x ÷ √2, erf, + 1, × x, × ½: as exporters write what has no operator of its own.
  mutating func unfoldedGelu(_ x: ValueID) -> ValueID {
    let share = unary(.erf, binary(.divide, x, constant([], [1.4142135])))
    let sum = binary(.add, share, constant([], [1]))
    return binary(.multiply, binary(.multiply, x, sum), constant([], [0.5]))
  }

  /// Attention of tokens [N, T, C] from three watched layers: [N, T, heads × width].
  mutating func attention(_ x: ValueID, heads: Int, width: Int) -> ValueID {
    let (samples, tokens) = (shape(x)[0], shape(x)[1])
    let parts = (0..<3).map { number in
      let y = linear(x, to: heads * width, bias: number != 1)
      observe(y, axis: 2)
      return transpose(reshape(y, [samples, tokens, heads, width]), [0, 2, 1, 3])
    }
    return mixed(parts[0], parts[1], parts[2], scale: 1 / Float(width).squareRoot())
  }

  /// softmax(q × kᵀ × scale) × v with the heads of [N, heads, T, width] joined: [N, T, heads × width].
  mutating func mixed(_ queries: ValueID, _ keys: ValueID, _ values: ValueID, scale: Float) -> ValueID {
    let extents = shape(queries).dimensions
    let scores = matrixProduct(queries, transpose(keys, [0, 1, 3, 2]))
    let weights = softmax(binary(.multiply, scores, constant([], [scale])), axis: 3)
    let result = transpose(matrixProduct(weights, values), [0, 2, 1, 3])
    return reshape(result, [extents[0], extents[2], extents[1] * extents[3]])
  }
}
