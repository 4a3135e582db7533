import Networks

/// The forward pass in float64, one loop per definition: what the fast kernels are compared with.
struct NaiveNetwork {
  let network: Network
  /// Multiplies one channel of one value by a factor, for derivatives by central differences.
  var gate: (value: ValueID, axis: Int, channel: Int, factor: Double)?

  /// Every value, by index; `nil` for what is not computed.
  func values(_ inputs: [[Double]]) -> [[Double]?] {
    var known = network.values.map { $0.constant?.doubles }
    for (id, elements) in zip(network.inputs, inputs) { known[id.index] = gated(elements, id) }
    for node in network.nodes {
      let operands = node.inputs.map { id in id.flatMap { known[$0.index] } }
      let results = Self.apply(node, network, operands)
      for (id, result) in zip(node.outputs, results) { known[id.index] = gated(result, id) }
    }
    return known
  }

  private func gated(_ elements: [Double], _ id: ValueID) -> [Double] {
    guard let gate, gate.value == id else { return elements }
    let shape = network[id].shape
    let stride = shape.rowMajorStrides[gate.axis]
    return elements.indices.map {
      $0 / stride % shape[gate.axis] == gate.channel ? elements[$0] * gate.factor : elements[$0]
    }
  }

  private static func indices(of shape: Shape) -> [[Int]] {
    let strides = shape.rowMajorStrides
    return (0..<shape.count).map { flat in shape.dimensions.indices.map { flat / strides[$0] % shape[$0] } }
  }

  private static func place(_ index: [Int], in shape: Shape) -> Int {
    zip(index, shape.rowMajorStrides).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func apply(_ node: Node, _ network: Network, _ operands: [[Double]?]) -> [[Double]] {
    let x = operands[0] ?? []
    let shapes = node.inputs.map { id in id.map { network[$0].shape } ?? Shape([0]) }
    let from = shapes[0]
    let to = network[node.outputs[0]].shape
    switch node.operation {
    case .convolution(let convolution):
      return [convolve(convolution, x, from, operands[1] ?? [], shapes[1], operands.count > 2 ? operands[2] : nil, to)]
    case .linear(let linear):
      let (inputs, outputs) = linear.features(of: shapes[1])
      let weight = operands[1] ?? []
      let bias = operands.count > 2 ? operands[2] : nil
      return [
        (0..<to.count).map { flat in
          let (row, output) = (flat / outputs, flat % outputs)
          var sum = 0.0
          for input in 0..<inputs {
            let stored = linear.weightIsOutputByInput ? output * inputs + input : input * outputs + output
            sum += x[row * inputs + input] * weight[stored]
          }
          return linear.alpha * sum * (linear.outputScale?[output] ?? 1) + linear.beta * (bias?[output] ?? 0)
        }
      ]
    case .batchNormalization(let epsilon):
      let (gamma, beta, mean, variance) = (operands[1] ?? [], operands[2] ?? [], operands[3] ?? [], operands[4] ?? [])
      return [
        indices(of: to).enumerated().map { flat, index in
          let c = index[1]
          return (x[flat] - mean[c]) / (variance[c] + epsilon).squareRoot() * gamma[c] + beta[c]
        }
      ]
    case .unary(let function): return [x.map { unary(function, $0) }]
    case .binary(let function):
      let right = operands[1] ?? []
      return [
        indices(of: to).map { index in
          let a = x[broadcastPlace(index, from)]
          let b = right[broadcastPlace(index, shapes[1])]
          switch function {
          case .add: return a + b
          case .subtract: return a - b
          case .multiply: return a * b
          case .divide: return a / b
          }
        }
      ]
    case .concat(let axis):
      return [
        indices(of: to).map { index in
          var index = index
          for (part, shape) in shapes.enumerated() {
            if index[axis] < shape[axis] { return (operands[part] ?? [])[place(index, in: shape)] }
            index[axis] -= shape[axis]
          }
          return .nan
        }
      ]
    case .split(let axis):
      var start = 0
      return node.outputs.map { output in
        let shape = network[output].shape
        defer { start += shape[axis] }
        return indices(of: shape).map { index in
          var index = index
          index[axis] += start
          return x[place(index, in: from)]
        }
      }
    case .slice(let starts, let steps):
      return [
        indices(of: to).map { index in
          x[place(index.indices.map { starts[$0] + steps[$0] * index[$0] }, in: from)]
        }
      ]
    case .pool(let pool): return [self.pool(pool, x, from, to)]
    case .reduceMean(let axes):
      var sums = [Double](repeating: 0, count: to.count)
      for (flat, index) in indices(of: from).enumerated() {
        let kept =
          to.rank == from.rank
          ? index.indices.map { axes.contains($0) ? 0 : index[$0] }
          : index.indices.filter { !axes.contains($0) }.map { index[$0] }
        sums[place(kept, in: to)] += x[flat]
      }
      return [sums.map { $0 * Double(to.count) / Double(from.count) }]
    case .reshape: return [x]
    case .transpose(let permutation):
      return [
        indices(of: to).map { index in
          var source = index
          for (axis, origin) in permutation.enumerated() { source[origin] = index[axis] }
          return x[place(source, in: from)]
        }
      ]
    case .pad(let pad):
      return [
        indices(of: to).map { index in
          var source: [Int] = []
          for axis in index.indices {
            let own = index[axis] - pad.before[axis]
            let extent = from[axis]
            switch pad.mode {
            case .constant(let value):
              guard (0..<extent).contains(own) else { return value }
              source.append(own)
            case .edge: source.append(min(max(own, 0), extent - 1))
            case .reflect: source.append(own < 0 ? -own : own >= extent ? 2 * extent - 2 - own : own)
            }
          }
          return x[place(source, in: from)]
        }
      ]
    case .softmax(let axis, let logarithm):
      var sums: [[Int]: Double] = [:]
      let all = indices(of: from)
      func key(_ index: [Int]) -> [Int] { index.enumerated().map { $0.offset == axis ? 0 : $0.element } }
      for (flat, index) in all.enumerated() { sums[key(index), default: 0] += exponential(x[flat]) }
      return [
        all.enumerated().map { flat, index in
          let share = exponential(x[flat]) / (sums[key(index)] ?? .nan)
          return logarithm ? naturalLogarithm(share) : share
        }
      ]
    case .localResponseNormalization(let window):
      return [
        indices(of: from).enumerated().map { flat, index in
          var sum = 0.0
          for c in max(0, index[1] - (window.size - 1) / 2)..<min(from[1], index[1] + window.size / 2 + 1) {
            var other = index
            other[1] = c
            sum += x[place(other, in: from)] * x[place(other, in: from)]
          }
          return x[flat] / power(window.bias + window.alpha / Double(window.size) * sum, window.beta)
        }
      ]
    }
  }

  private static func broadcastPlace(_ index: [Int], _ shape: Shape) -> Int {
    let own = Array(index.suffix(shape.rank))
    return place(own.indices.map { shape[$0] == 1 ? 0 : own[$0] }, in: shape)
  }

  private static func unary(_ function: UnaryFunction, _ x: Double) -> Double {
    switch function {
    case .relu: max(x, 0)
    case .leakyRelu(let slope): x > 0 ? x : slope * x
    case .clip(let lower, let upper): min(max(x, lower), upper)
    case .sigmoid: 1 / (1 + exponential(-x))
    case .hardSigmoid(let alpha, let beta): min(max(alpha * x + beta, 0), 1)
    case .hardSwish: x * min(max(x / 6 + 0.5, 0), 1)
    case .tanh: 1 - 2 / (exponential(2 * x) + 1)
    }
  }

  private static func convolve(
    _ convolution: Convolution, _ x: [Double], _ from: Shape, _ weight: [Double], _ kernel: Shape, _ bias: [Double]?,
    _ to: Shape
  ) -> [Double] {
    let space = convolution.kernel.count
    let window = indices(of: Shape(convolution.kernel))
    let outputsPerGroup = kernel[0] / convolution.groups
    return indices(of: to).map { index in
      var sum = 0.0
      for input in 0..<kernel[1] {
        for (element, offsets) in window.enumerated() {
          var source = [index[0], index[1] / outputsPerGroup * kernel[1] + input]
          for axis in 0..<space {
            source.append(
              index[axis + 2] * convolution.strides[axis] - convolution.padsBegin[axis] + offsets[axis]
                * convolution.dilations[axis])
          }
          guard (0..<space).allSatisfy({ (0..<from[$0 + 2]).contains(source[$0 + 2]) }) else { continue }
          sum += x[place(source, in: from)] * weight[(index[1] * kernel[1] + input) * window.count + element]
        }
      }
      return sum * (convolution.outputScale?[index[1]] ?? 1) + (bias?[index[1]] ?? 0)
    }
  }

  private static func pool(_ pool: Pool, _ x: [Double], _ from: Shape, _ to: Shape) -> [Double] {
    let space = pool.kernel.count
    return indices(of: to).map { index in
      var found: [Double] = []
      var counted = 0
      for offsets in indices(of: Shape(pool.kernel)) {
        let source = (0..<space).map {
          index[$0 + 2] * pool.strides[$0] - pool.padsBegin[$0] + offsets[$0] * pool.dilations[$0]
        }
        if (0..<space).allSatisfy({ source[$0] < from[$0 + 2] + pool.padsEnd[$0] }) { counted += 1 }
        guard (0..<space).allSatisfy({ (0..<from[$0 + 2]).contains(source[$0]) }) else { continue }
        found.append(x[place([index[0], index[1]] + source, in: from)])
      }
      switch pool.kind {
      case .max: return found.max() ?? -.infinity
      case .average(let countsPads): return found.reduce(0, +) / Double(countsPads ? counted : found.count)
      }
    }
  }
}
