import COneDNN
import Execution
import Networks

/// Transposed convolutions: the convolution from result to operand, run the other way.
extension Compiler {
  mutating func forwardConvolutionTranspose(_ convolution: Convolution, _ index: Int, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    let node = network.nodes[index]
    try checkWeight(of: node)
    let geometry = try mirrorGeometry(convolution, node, operand: network[x].shape, result: network[y].shape)
    let bias = node.inputs.dropFirst(2).first.flatMap { $0 }
    let from = try operand(x, in: .channelsLast)
    let to = try makeResult(y, .channelsLast)
    let network = network
    if let mirrored = geometry.mirrored() {
      return try appendConvolution(mirrored, .forward(pc_dnn_activation()), index, from: from, to: to) {
        var weights = network.transposedWeights(convolution, node)?.mirrored(geometry)
        weights?.bias = bias.flatMap { network[$0].constant?.floats }
        return weights
      }
    }
    try appendConvolution(geometry, .backward, index, from: from, to: to) {
      network.transposedWeights(convolution, node)
    }
    guard let bias else { return }
    // One per channel, the axes of space behind it standing still.
    let offsets = try operand(bias).view
    let strides = to.shape.dimensions.indices.map { $0 == 1 ? offsets.strides[0] : 0 }
    let repeated = View(
      buffer: offsets.buffer, offset: offsets.offset, extents: to.shape.dimensions, strides: strides)
    try appendCopy(from: repeated, to: to.view, accumulates: true, place: node.name)
  }

  mutating func backwardConvolutionTranspose(
    _ convolution: Convolution, _ index: Int, _ gradient: Tensor, _ x: ValueID
  ) throws(ExecutionError) {
    let (network, node) = (network, network.nodes[index])
    let geometry = try mirrorGeometry(convolution, node, operand: network[x].shape, result: gradient.shape)
    let from = try reordered(gradient, .channelsLast, for: node.name)
    if weighs(index) {
      // The mirrored convolution takes the gradient in and yields the operand.
      let axes = node.inputs[1].flatMap { WeightAxes(node.operation, weight: network[$0].shape) }
      let operand = try operand(x, in: .channelsLast)
      try weigh(index, geometry, input: from, output: operand, axes) { network.transposedWeights(convolution, node) }
    }
    guard wantsGradient(x) else { return }
    let destination = try begin(x, in: .channelsLast)
    try appendConvolution(
      geometry, .mirrored(accumulates: destination.accumulates), index, from: from, to: destination.tensor
    ) { network.transposedWeights(convolution, node) }
    try finish(destination)
  }

  /// The convolution whose operand is the result and whose result is the operand.
  private func mirrorGeometry(_ convolution: Convolution, _ node: Node, operand: Shape, result: Shape)
    throws(ExecutionError) -> pc_dnn_geometry
  {
    var mirror = convolution
    for axis in convolution.kernel.indices {
      let reach = convolution.dilations[axis] * (convolution.kernel[axis] - 1) + 1
      let step = convolution.strides[axis]
      // What the result lacks behind: less than none where output padding is larger than the pads.
      let behind = step * (operand[axis + 2] - 1) + reach - convolution.padsBegin[axis] - result[axis + 2]
      guard behind > -step else {
        throw ExecutionError(
          .unsupported, node.name, "output padding of a whole stride: \(operand) becomes \(result) in steps of \(step)")
      }
      mirror.padsEnd[axis] = max(behind, 0)
    }
    return pc_dnn_geometry(mirror, input: result, output: operand)
  }
}

extension Network {
  /// The weight [inputs, outputs ÷ groups, kernel…] with each output's factor: that of the mirrored convolution.
  fileprivate func transposedWeights(_ convolution: Convolution, _ node: Node) -> PlainWeights? {
    guard let weight = node.inputs[1].flatMap({ self[$0].constant }) else { return nil }
    guard let factors = convolution.outputScale else { return PlainWeights(elements: weight.floats, bias: nil) }
    let area = convolution.kernel.reduce(1, *)
    let outputs = weight.shape[1]
    let inputsPerGroup = weight.shape[0] / convolution.groups
    var elements = weight.doubles
    for index in elements.indices {
      let row = index / area
      elements[index] *= factors[row / outputs / inputsPerGroup * outputs + row % outputs]
    }
    return PlainWeights(elements: elements.map(Float.init), bias: nil)
  }
}
