import Networks

extension OperatorNode {
  /// Conv over one or two axes of space, with constant weight and bias.
  func convertConvolution(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let weight = try parameter(1, "weight")
    let bias = optional(2) == nil ? nil : try parameter(2, "bias")
    guard weight.shape.rank >= 3 else { throw .bad("weight of shape \(weight.shape), expected at least 3 axes") }
    let kernel = Array(weight.shape.dimensions.dropFirst(2))
    if let written = try integers("kernel_shape"), written != kernel {
      throw .bad("kernel_shape \(written), expected \(kernel) as in weight \(weight.shape)")
    }
    let window = try Window(self, kernel: kernel, over: x.shape, roundsUp: false)
    let groups = try integer("group", default: 1)
    let (inputs, overflow) = weight.shape[1].multipliedReportingOverflow(by: groups)
    guard groups >= 1, !overflow, inputs == x.shape[1], weight.shape[0] % groups == 0 else {
      throw .bad("weight \(weight.shape) with \(groups) groups does not fit an input of shape \(x.shape)")
    }
    if let bias, bias.shape.dimensions != [weight.shape[0]] {
      throw .bad("bias of shape \(bias.shape), expected [\(weight.shape[0])]")
    }
    let convolution = Convolution(
      kernel: kernel, strides: window.strides, padsBegin: window.padsBegin, padsEnd: window.padsEnd,
      dilations: window.dilations, groups: groups)
    return [
      try builder.emit(
        self, .convolution(convolution), [x, weight, bias], [x.shape[0], weight.shape[0]] + window.positions)
    ]
  }
}
