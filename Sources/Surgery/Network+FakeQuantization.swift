public import Networks

extension Network {
  /// The same network where a layer's weights lie on grids of some bits, one for each output channel.
  ///
  /// The grid of a channel is symmetric, `Quantization.symmetric(largest:bits:)` of its largest magnitude: the usual form
  /// of quantised weights. Normalisations may be folded or not: a factor on the whole channel scales its grid alike.
  /// Values keep their identifiers; the layer reads a fresh constant, so that other readers of a shared one are left
  /// alone.
  /// - Parameters:
  ///   - name: of a layer node.
  ///   - bits: 2 … 16.
  public func quantizingWeights(of name: String, bits: Int) -> Network {
    guard let index = nodes.firstIndex(where: { $0.name == name }),
      let (weights, constant) = layerWeights(of: nodes[index])
    else { preconditionFailure("\(name) is no layer of \(self.name)") }
    let value = Value(
      name: name + ".quantized_weight",
      constant: ConstantTensor(
        shape: constant.shape, elements: .float(weights.quantizing(constant.floats, bits: bits))))
    let weight = ValueID(values.count)
    return replacing(at: index, operand: 1, by: weight, values: values + [value])
  }

  /// The same network where what a layer reads lies on a grid; other readers of the same value are left alone.
  /// - Parameter name: of a layer node.
  public func quantizingInput(of name: String, _ grid: Quantization) -> Network {
    guard let index = nodes.firstIndex(where: { $0.name == name }), layerWeights(of: nodes[index]) != nil,
      let read = nodes[index].inputs[0]
    else { preconditionFailure("\(name) is no layer of \(self.name)") }
    let place = name + ".quantized_input"
    let node = Node(
      name: place, opType: "QuantizeLinear", operation: .unary(.quantize(grid)), inputs: [read],
      outputs: [ValueID(values.count)])
    let value = Value(name: place, shape: self[read].shape)
    return replacing(at: index, operand: 0, by: ValueID(values.count), values: values + [value], behind: node)
  }

  private func replacing(
    at index: Int, operand: Int, by value: ValueID, values: [Value], behind added: Node? = nil
  ) -> Network {
    var nodes = self.nodes
    let node = nodes[index]
    var operands = node.inputs
    operands[operand] = value
    nodes[index] = Node(
      name: node.name, opType: node.opType, operation: node.operation, inputs: operands, outputs: node.outputs)
    if let added { nodes.insert(added, at: index) }
    guard
      let network = try? Network(
        name: name, batchSize: batchSize, values: values, nodes: nodes, inputs: inputs, outputs: outputs)
    else { preconditionFailure("quantising \(node.name) broke \(name)") }
    return network
  }
}

extension Quantization {
  /// The symmetric grid of some bits that reaches a magnitude: multiples from −n to n of largest ÷ n, n = 2^(bits − 1) − 1.
  ///
  /// `nil` where there is nothing to round: the magnitude is 0, or so small that its steps are no float32 numbers.
  /// - Precondition: 2 … 16 bits; the magnitude is finite.
  public static func symmetric(largest: Float, bits: Int) -> Quantization? {
    precondition((2...16).contains(bits) && largest.isFinite, "\(largest) in \(bits) bits")
    let steps = 1 << (bits - 1) - 1
    return grid(largest, -steps...steps)
  }

  /// The grid of some bits for activations of a range: unsigned, multiples from 0 to n = 2^bits − 1 of upper ÷ n, where
  /// none is negative, as behind a ReLU; else the symmetric one of the largest magnitude.
  ///
  /// `nil` where there is nothing to round.
  /// - Precondition: 2 … 16 bits; the ends are finite.
  public static func covering(_ range: ClosedRange<Float>, bits: Int) -> Quantization? {
    guard range.lowerBound >= 0 else {
      return symmetric(largest: max(range.upperBound.magnitude, range.lowerBound.magnitude), bits: bits)
    }
    precondition((2...16).contains(bits) && range.upperBound.isFinite, "\(range) in \(bits) bits")
    return grid(range.upperBound, 0...1 << bits - 1)
  }

  private static func grid(_ largest: Float, _ steps: ClosedRange<Int>) -> Quantization? {
    let scale = largest / Float(steps.upperBound)
    return scale.isNormal ? Quantization(scale: scale, steps: steps) : nil
  }
}

extension LayerWeights {
  /// Weights on the grids of their output channels.
  fileprivate func quantizing(_ elements: [Float], bits: Int) -> [Float] {
    var result = elements
    for group in 0..<groups {
      for output in 0..<outputsPerGroup {
        var largest: Float = 0
        for input in 0..<inputsPerGroup {
          for place in 0..<kernel {
            let index = element(group: group, output: output, input: input, kernel: place)
            largest = max(largest, elements[index].magnitude)
          }
        }
        guard let grid = Quantization.symmetric(largest: largest, bits: bits) else { continue }
        for input in 0..<inputsPerGroup {
          for place in 0..<kernel {
            let index = element(group: group, output: output, input: input, kernel: place)
            result[index] = Float(grid.nearest(to: Double(elements[index])))
          }
        }
      }
    }
    return result
  }
}
