import COneDNN
import Execution
import Networks

extension Compiler {
  mutating func forwardConvolution(_ convolution: Convolution, _ index: Int, _ x: ValueID) throws(ExecutionError) {
    let node = network.nodes[index]
    try checkWeight(of: node)
    let geometry = pc_dnn_geometry(convolution, input: network[x].shape, output: network[node.outputs[0]].shape)
    let from = try operand(x, in: .channelsLast)
    let to = try makeResult(fusion.result(of: index), .channelsLast)
    let network = network
    try appendConvolution(geometry, .forward(layerActivation(index)), index, from: from, to: to) {
      network.layerWeights(node, scale: convolution.outputScale)
    }
  }

  mutating func backwardConvolution(_ convolution: Convolution, _ index: Int, _ x: ValueID) throws(ExecutionError) {
    guard let gradient = try layerGradient(index) else { return }
    let (network, node) = (network, network.nodes[index])
    let geometry = pc_dnn_geometry(convolution, input: network[x].shape, output: gradient.shape)
    func weights() -> PlainWeights? { network.layerWeights(node, scale: convolution.outputScale)?.withoutBias }
    if weighs(index) {
      let axes = node.inputs[1].flatMap { WeightAxes(node.operation, weight: network[$0].shape) }
      let from = try operand(x, in: .channelsLast)
      try weigh(index, geometry, input: from, output: gradient, axes, weights: weights)
    }
    guard wantsGradient(x) else { return }
    guard let mirrored = geometry.mirrored() else {
      let destination = try begin(x, in: .channelsLast, canAccumulate: false)
      try appendConvolution(geometry, .backward, index, from: gradient, to: destination.tensor, weights: weights)
      return try finish(destination)
    }
    let destination = try begin(x, in: .channelsLast)
    try appendConvolution(
      mirrored, .mirrored(accumulates: destination.accumulates), index, from: gradient, to: destination.tensor
    ) { weights()?.mirrored(geometry) }
    try finish(destination)
  }

  mutating func forwardLinear(_ linear: Linear, _ index: Int, _ x: ValueID) throws(ExecutionError) {
    let node = network.nodes[index]
    try checkWeight(of: node)
    let from = try operand(x, in: .rowMajor)
    let to = try makeResult(fusion.result(of: index), .rowMajor)
    if let weight = plainWeight(linear, node, rowsOf: from.shape) {
      return try appendPlainLinear(linear, index, weight, from: from, to: to)
    }
    let geometry = pc_dnn_geometry(rowsOf: from.shape, outputs: to.shape[to.shape.rank - 1])
    let network = network
    try appendConvolution(geometry, .forward(layerActivation(index)), index, from: from, to: to) {
      network.linearWeights(linear, node)
    }
  }

  mutating func backwardLinear(_ linear: Linear, _ index: Int, _ x: ValueID) throws(ExecutionError) {
    guard let gradient = try layerGradient(index) else { return }
    let (network, node) = (network, network.nodes[index])
    let shape = network[x].shape
    let geometry = pc_dnn_geometry(rowsOf: shape, outputs: gradient.shape[gradient.shape.rank - 1])
    if weighs(index) {
      let axes = WeightAxes(outputs: geometry.output_channels, inputs: geometry.input_channels)
      let from = try operand(x, in: .rowMajor)
      try weigh(index, geometry, input: from, output: gradient, axes) { network.linearWeights(linear, node) }
    }
    guard wantsGradient(x) else { return }
    let destination = try begin(x, in: .rowMajor)
    if let weight = plainWeight(linear, node, rowsOf: shape) {
      try appendPlainProduct(
        weight, index, isTurned: !linear.weightIsOutputByInput, from: gradient, to: destination.tensor,
        accumulates: destination.accumulates)
      return try finish(destination)
    }
    let back = pc_dnn_geometry(rowsOf: gradient.shape, outputs: shape[shape.rank - 1])
    try appendConvolution(
      back, .mirrored(accumulates: destination.accumulates), index, from: gradient, to: destination.tensor
    ) { network.linearWeights(linear, node)?.withoutBias.mirrored(geometry) }
    try finish(destination)
  }

  /// The weight of a linear layer that is too large to be packed; its product with few rows is bound by memory anyway.
  private func plainWeight(_ linear: Linear, _ node: Node, rowsOf shape: Shape) -> [Float]? {
    let (smallest, mostRows) = (1 << 22, 32)
    guard linear.alpha == 1, linear.outputScale == nil, let id = node.inputs[1],
      case .float(let elements) = network[id].constant?.elements, network[id].shape.count >= smallest,
      shape.count / shape[shape.rank - 1] <= mostRows
    else { return nil }
    return elements
  }

  private mutating func appendPlainLinear(
    _ linear: Linear, _ index: Int, _ weight: [Float], from: Tensor, to: Tensor
  ) throws(ExecutionError) {
    try appendPlainProduct(
      weight, index, isTurned: linear.weightIsOutputByInput, from: from, to: to, accumulates: false)
    let bias = network.nodes[index].inputs.dropFirst(2).first.flatMap { $0 }.flatMap { network[$0].constant?.doubles }
    let function = fusion.activations[index]?.function
    guard bias != nil || function != nil else { return }
    var pass = ForwardPassStep(
      geometry: RowGeometry(to, batchSize: network.batchSize), from: to.rows, to: to.rows)
    if let bias, !isForeign {
      if affines[index] == nil {
        let shift = try AlignedMemory(copying: bias.map { Float($0 * linear.beta) }, for: place)
        parameterBytes += shift.bytes.count
        affines[index] = Affine(scale: nil, shift: shift)
      }
      pass.affine = affines[index]
    }
    pass.function = function
    append(pass)
  }

  /// Rows times a weight [rows' elements, result's elements], or turned if it is stored the other way round.
  private mutating func appendPlainProduct(
    _ elements: [Float], _ index: Int, isTurned: Bool, from: Tensor, to: Tensor, accumulates: Bool
  ) throws(ExecutionError) {
    if isForeign { return appendForeign(from: from, to: to, accumulates: accumulates) }
    let weight = try kernels.plainWeight(node: index, elements, place: place)
    if plainWeights.insert(index).inserted { parameterBytes += weight.bytes.count }
    let (inner, columns) = (from.shape[from.shape.rank - 1], to.shape[to.shape.rank - 1])
    var geometry = pc_dnn_product_geometry()
    (geometry.rows, geometry.inner, geometry.columns) = (from.shape.count / inner, inner, columns)
    (geometry.left.row_stride, geometry.left.column_stride) = (inner, 1)
    (geometry.right.row_stride, geometry.right.column_stride) = isTurned ? (1, inner) : (columns, 1)
    (geometry.result.row_stride, geometry.result.column_stride) = (columns, 1)
    let kernel = try MatrixProductKernel(kernels.context, geometry, accumulates: accumulates, place: place)
    let bytes = kernel.scratchBytes
    let scratch = bytes > 0 ? try makeBuffer(UInt8.self, count: bytes, for: place) : nil
    callCount += 1
    append(
      PlainLinearStep(
        kernel: kernel, call: callCount - 1, from: from, to: to, weight: weight, scratch: scratch,
        accumulates: accumulates, place: place))
  }

  /// Adds what stands for a kernel call of another stage.
  private mutating func appendForeign(from: Tensor, to: Tensor, accumulates: Bool) {
    append(ForeignStep(reads: [from.buffer] + (accumulates ? [to.buffer] : []), writes: [to.buffer]))
  }

  /// Layers pack their weights before they run.
  func checkWeight(of node: Node) throws(ExecutionError) {
    guard node.inputs.count > 1, let weight = node.inputs[1], network[weight].constant != nil else {
      throw ExecutionError(.unsupported, node.name, "its weight is no constant")
    }
  }

  /// The activation that a layer's kernel runs with.
  private func layerActivation(_ index: Int) -> pc_dnn_activation {
    fusion.activations[index]?.function.layerActivation ?? pc_dnn_activation()
  }

  /// The gradient at a layer's own result, through the activation that is part of it; its products on the way.
  private mutating func layerGradient(_ index: Int) throws(ExecutionError) -> Tensor? {
    let own = network.nodes[index].outputs[0]
    guard let activation = fusion.activations[index] else {
      guard wantsGradient(own) else { return nil }
      guard gradients[own.index] == nil, lacksProducts(own), observedAlongRows(own) else {
        try appendProducts(of: own)
        return try completeGradient(own)
      }
      guard !contributions[own.index].isEmpty else { return nil }
      let left = try operand(own).rows
      return try completeGradient(own, products: try products(with: own, left: left))
    }
    guard !contributions[activation.result.index].isEmpty else { return nil }
    // Where the activation lets the gradient through, the layer's result is the activation's.
    let known = try operand(activation.result).rows
    return try completeGradient(
      activation.result, through: .init(function: activation.function, known: known),
      products: try products(with: own, left: known))
  }

  /// Adds a call of a node's kernel, which is made if need be.
  mutating func appendConvolution(
    _ geometry: pc_dnn_geometry, _ direction: ConvolutionKernel.Direction, _ index: Int, from: Tensor, to: Tensor,
    weights: () -> PlainWeights?
  ) throws(ExecutionError) {
    if isForeign { return appendForeign(from: from, to: to, accumulates: direction.accumulates) }
    let key = KernelCache.Key(node: index, direction: direction)
    let kernel = try kernels.kernel(key, geometry, direction, place: place, weights: weights)
    if usedKernels.insert(key).inserted { parameterBytes += kernel.parameterBytes }
    let bytes = kernel.scratchBytes
    let scratch = bytes > 0 ? try makeBuffer(UInt8.self, count: bytes, for: place) : nil
    callCount += 1
    append(
      ConvolutionStep(
        kernel: kernel, call: callCount - 1, from: from, to: to, scratch: scratch,
        accumulates: direction.accumulates, place: place))
  }
}

extension Network {
  /// A convolution's weight × scale and its bias.
  fileprivate func layerWeights(_ node: Node, scale: [Double]?) -> PlainWeights? {
    guard let weight = node.inputs[1].flatMap({ self[$0].constant }) else { return nil }
    let bias = node.inputs.dropFirst(2).first.flatMap { $0 }.flatMap { self[$0].constant?.floats }
    let elements = scale.map { weight.floats(timesPerRow: $0, rowStride: weight.shape.count / $0.count) }
    return PlainWeights(elements: elements ?? weight.floats, bias: bias)
  }

  /// A linear layer's weight [outputs, inputs] with all its factors, and its bias.
  fileprivate func linearWeights(_ linear: Linear, _ node: Node) -> PlainWeights? {
    guard let weight = node.inputs[1].flatMap({ self[$0].constant }) else { return nil }
    let (inputs, outputs) = linear.features(of: weight.shape)
    let bias = node.inputs.dropFirst(2).first.flatMap { $0 }.flatMap { self[$0].constant?.doubles }
    var factors: [Double]?
    if let scale = linear.outputScale {
      factors = scale.map { $0 * linear.alpha }
    } else if linear.alpha != 1 {
      factors = [Double](repeating: linear.alpha, count: outputs)
    }
    let isTransposed = !linear.weightIsOutputByInput
    let elements = factors.map { weight.floats(timesPerRow: $0, rowStride: isTransposed ? 1 : inputs) } ?? weight.floats
    let plain = PlainWeights(elements: elements, bias: bias?.map { Float($0 * linear.beta) })
    return isTransposed ? plain.transposed(rows: inputs, columns: outputs) : plain
  }
}

extension ConstantTensor {
  /// The elements, each times the factor of its row, rounded once to float32.
  ///
  /// - Parameter rowStride: the distance between rows: the row's length, or 1 where a row is a column in memory.
  fileprivate func floats(timesPerRow factors: [Double], rowStride: Int) -> [Float] {
    switch elements {
    case .float(let values): values.scaled(factors, rowStride)
    case .double(let values): values.scaled(factors, rowStride)
    case .integer: doubles.scaled(factors, rowStride)
    }
  }
}

extension Array where Element: BinaryFloatingPoint {
  fileprivate func scaled(_ factors: [Double], _ rowStride: Int) -> [Float] {
    var result = [Float](repeating: 0, count: count)
    for index in indices { result[index] = Float(Double(self[index]) * factors[index / rowStride % factors.count]) }
    return result
  }
}

extension pc_dnn_geometry {
  /// A convolution's geometry; one axis of space becomes two, the first of extent 1.
  init(_ convolution: Convolution, input: Shape, output: Shape) {
    let plane = convolution.kernel.count == 2
    let last = convolution.kernel.count - 1
    self.init(
      samples: input[0], groups: convolution.groups, input_channels: input[1], output_channels: output[1],
      input_height: plane ? input[2] : 1, input_width: input[2 + last], output_height: plane ? output[2] : 1,
      output_width: output[2 + last], kernel_height: plane ? convolution.kernel[0] : 1,
      kernel_width: convolution.kernel[last], stride_height: plane ? convolution.strides[0] : 1,
      stride_width: convolution.strides[last], dilation_height: plane ? convolution.dilations[0] : 1,
      dilation_width: convolution.dilations[last], pad_top: plane ? convolution.padsBegin[0] : 0,
      pad_left: convolution.padsBegin[last], pad_bottom: plane ? convolution.padsEnd[0] : 0,
      pad_right: convolution.padsEnd[last])
  }

  /// A linear layer over the last axis, as a convolution with a kernel of one element: unlike oneDNN's inner product, its
  /// sums keep one order.
  init(rowsOf input: Shape, outputs: Int) {
    let features = input[input.rank - 1]
    let rows = input.count / features
    self.init(
      samples: 1, groups: 1, input_channels: features, output_channels: outputs, input_height: rows, input_width: 1,
      output_height: rows, output_width: 1, kernel_height: 1, kernel_width: 1, stride_height: 1, stride_width: 1,
      dilation_height: 1, dilation_width: 1, pad_top: 0, pad_left: 0, pad_bottom: 0, pad_right: 0)
  }

  /// The convolution that takes gradients back, for one of stride 1 whose pads are no wider than its kernel: the same
  /// kernel with its elements in reverse. oneDNN runs it faster than its backward kernels, and it can accumulate.
  func mirrored() -> pc_dnn_geometry? {
    let reachHeight = (kernel_height - 1) * dilation_height
    let reachWidth = (kernel_width - 1) * dilation_width
    guard stride_height == 1, stride_width == 1, max(pad_top, pad_bottom) <= reachHeight,
      max(pad_left, pad_right) <= reachWidth
    else { return nil }
    var back = self
    (back.input_channels, back.output_channels) = (output_channels, input_channels)
    (back.input_height, back.output_height) = (output_height, input_height)
    (back.input_width, back.output_width) = (output_width, input_width)
    (back.pad_top, back.pad_bottom) = (reachHeight - pad_top, reachHeight - pad_bottom)
    (back.pad_left, back.pad_right) = (reachWidth - pad_left, reachWidth - pad_right)
    return back
  }
}

extension PlainWeights {
  /// As gradients take them.
  var withoutBias: PlainWeights { PlainWeights(elements: elements, bias: nil) }

  /// A matrix [rows, columns] as [columns, rows].
  func transposed(rows: Int, columns: Int) -> PlainWeights {
    var turned = self
    for row in 0..<rows {
      for column in 0..<columns { turned.elements[column * rows + row] = elements[row * columns + column] }
    }
    return turned
  }

  /// The weights of the mirrored convolution: inputs and outputs of each group change places, kernels are reversed.
  func mirrored(_ geometry: pc_dnn_geometry) -> PlainWeights {
    let area = geometry.kernel_height * geometry.kernel_width
    let inputs = geometry.input_channels / geometry.groups
    let outputs = geometry.output_channels / geometry.groups
    var mirrored = [Float](repeating: 0, count: elements.count)
    for group in 0..<geometry.groups {
      let start = group * outputs * inputs * area
      for output in 0..<outputs {
        for input in 0..<inputs {
          let from = start + (output * inputs + input) * area
          let to = start + (input * outputs + output) * area
          for element in 0..<area { mirrored[to + area - 1 - element] = elements[from + element] }
        }
      }
    }
    return PlainWeights(elements: mirrored, bias: nil)
  }
}
