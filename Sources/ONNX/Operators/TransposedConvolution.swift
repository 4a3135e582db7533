import Networks

extension OperatorNode {
  /// ConvTranspose over one or two axes of space, with constant weight and bias.
  func convertTransposedConvolution(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let weight = try parameter(1, "weight")
    let bias = optional(2) == nil ? nil : try parameter(2, "bias")
    guard weight.shape.rank >= 3 else { throw .bad("weight of shape \(weight.shape), expected at least 3 axes") }
    let kernel = Array(weight.shape.dimensions.dropFirst(2))
    if let written = try integers("kernel_shape"), written != kernel {
      throw .bad("kernel_shape \(written), expected \(kernel) as in weight \(weight.shape)")
    }
    let groups = try integer("group", default: 1)
    guard groups >= 1, x.shape.rank == weight.shape.rank, weight.shape[0] == x.shape[1], x.shape[1] % groups == 0 else {
      throw .bad("weight \(weight.shape) with \(groups) groups does not fit an input of shape \(x.shape)")
    }
    let (outputs, overflow) = weight.shape[1].multipliedReportingOverflow(by: groups)
    guard !overflow else { throw .bad("weight \(weight.shape) with \(groups) groups") }
    if let bias, bias.shape.dimensions != [outputs] { throw .bad("bias of shape \(bias.shape), expected [\(outputs)]") }
    let window = try TransposedWindow(self, kernel: kernel, over: x.shape)
    let convolution = Convolution(
      kernel: kernel, strides: window.strides, padsBegin: window.padsBegin, padsEnd: window.padsEnd,
      dilations: window.dilations, groups: groups)
    return [
      try builder.emit(
        self, .convolutionTranspose(convolution), [x, weight, bias], [x.shape[0], outputs] + window.extents)
    ]
  }
}
