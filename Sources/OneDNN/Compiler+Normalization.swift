import CKernels
import Execution
import Networks

/// Normalisations whose statistics are those of the sample itself.
extension Compiler {
  mutating func forwardLayerNormalization(_ axis: Int, _ epsilon: Double, _ node: Node, _ x: ValueID, _ y: ValueID)
    throws(ExecutionError)
  {
    let (scale, bias) = try scaleAndBias(node)
    let from = try operand(x, in: .rowMajor)
    append(
      LayerNormalizationStep(
        from: from, to: try makeResult(y, .rowMajor), scale: scale, bias: bias, axis: axis, epsilon: epsilon))
  }

  mutating func backwardLayerNormalization(
    _ axis: Int, _ epsilon: Double, _ node: Node, _ gradient: Tensor, _ x: ValueID
  ) throws(ExecutionError) {
    let (scale, _) = try scaleAndBias(node)
    let given = try reordered(gradient, .rowMajor, for: node.name)
    let from = try operand(x, in: .rowMajor)
    let destination = try begin(x, in: .rowMajor)
    append(
      LayerNormalizationGradientStep(
        gradient: given, operand: from, to: destination.tensor, scale: scale, axis: axis, epsilon: epsilon,
        accumulates: destination.accumulates))
    try finish(destination)
  }

  mutating func forwardGroupNormalization(
    _ groups: Int, _ epsilon: Double, _ node: Node, _ x: ValueID, _ y: ValueID
  ) throws(ExecutionError) {
    let from = try operand(x)
    guard case (let scale, let bias?) = try scaleAndBias(node) else {
      throw ExecutionError(.unsupported, node.name, "has no bias")
    }
    let geometry = pc_group_geometry(from, groups: groups, epsilon: epsilon)
    let work = try makeGroupWork(geometry, node)
    append(
      GroupNormalizationStep(
        geometry: geometry, from: from, to: try makeResult(y, from.layout), scale: scale, bias: bias, work: work))
  }

  mutating func backwardGroupNormalization(
    _ groups: Int, _ epsilon: Double, _ node: Node, _ gradient: Tensor, _ x: ValueID
  ) throws(ExecutionError) {
    let from = try operand(x)
    let (scale, _) = try scaleAndBias(node)
    let given = try reordered(gradient, from.layout, for: node.name)
    let geometry = pc_group_geometry(from, groups: groups, epsilon: epsilon)
    let work = try makeGroupWork(geometry, node)
    let destination = try begin(x, in: from.layout)
    append(
      GroupNormalizationGradientStep(
        geometry: geometry, gradient: given, operand: from, to: destination.tensor, scale: scale, work: work,
        accumulates: destination.accumulates))
    try finish(destination)
  }

  private mutating func scaleAndBias(_ node: Node) throws(ExecutionError) -> (scale: Tensor, bias: Tensor?) {
    guard let scale = node.inputs.dropFirst().first.flatMap({ $0 }) else {
      throw ExecutionError(.unsupported, node.name, "has no scale")
    }
    let bias = node.inputs.dropFirst(2).first.flatMap { $0 }
    return (
      try operand(scale, in: .rowMajor), try bias.map { id throws(ExecutionError) in try operand(id, in: .rowMajor) }
    )
  }

  private mutating func makeGroupWork(_ geometry: pc_group_geometry, _ node: Node) throws(ExecutionError) -> BufferID {
    try makeBuffer(
      (Double, Double, Double, Double, Double, Double, Double).self, count: geometry.channels, for: node.name)
  }
}

extension pc_group_geometry {
  /// The geometry of a value [N, C, D…].
  init(_ tensor: Tensor, groups: Int, epsilon: Double) {
    let (samples, channels) = (tensor.shape[0], tensor.shape[1])
    self.init(
      samples: samples, groups: groups, channels: channels, space: tensor.shape.count / (samples * channels),
      channels_last: tensor.layout == .channelsLast, epsilon: epsilon)
  }
}
