import Networks

/// A transposed convolution: the convolution that leads from its result's shape to its operand's, with forward and
/// backward exchanged. The weight [I, O ÷ groups, K…] is that convolution's as it stands.
struct ReferenceConvolutionTranspose: ReferenceLayerKernel {
  private let convolution: ReferenceConvolution
  /// Per element of a channel's plane of the result.
  private let planeCount: Int
  private let outputs: Int
  private let scale: [Double]?

  init(_ convolution: Convolution, input: Shape, output: Shape) {
    var unscaled = convolution
    unscaled.outputScale = nil
    self.convolution = ReferenceConvolution(unscaled, input: output, output: input)
    scale = convolution.outputScale
    outputs = output[1]
    planeCount = output.dimensions[2...].reduce(1, *)
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    var result = scaled(convolution.backward([[], operands[1]], results: [], [operands[0]], to: 0))
    if operands.count > 2, !operands[2].isEmpty {
      for element in result.indices { result[element] += operands[2][element / planeCount % outputs] }
    }
    return [result]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    convolution.forward([scaled(gradients[0]), operands[1]])[0]
  }

  func weightProducts(_ operands: [[Double]], _ gradient: [Double]) -> [Double] {
    convolution.weightProducts([scaled(gradient), operands[1]], operands[0])
  }

  private func scaled(_ values: [Double]) -> [Double] {
    guard let scale else { return values }
    return values.indices.map { values[$0] * scale[$0 / planeCount % outputs] }
  }
}
