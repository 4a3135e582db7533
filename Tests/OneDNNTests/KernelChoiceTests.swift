import COneDNN
import ExecutorContract
import Networks
import Testing

@testable import OneDNN

@Suite struct KernelChoiceTests {
  /// The kernel of a convolution of two samples, `inputs` to `outputs` channels, pads as wide as keep the plane.
  private static func kernel(
    inputs: Int, outputs: Int, plane: Int, kernel: Int = 3, stride: Int = 1, dilation: Int = 1, groups: Int = 1
  ) throws -> String {
    let pad = dilation * (kernel - 1) / 2
    let convolution = Convolution(
      kernel: [kernel, kernel], strides: [stride, stride], padsBegin: [pad, pad], padsEnd: [pad, pad],
      dilations: [dilation, dilation], groups: groups)
    let result = (plane - 1) / stride + 1
    let geometry = pc_dnn_geometry(
      convolution, input: Shape([2, inputs, plane, plane]), output: Shape([2, outputs, result, result]))
    let weights = [Float](repeating: 0, count: outputs * inputs / groups * kernel * kernel)
    return try ConvolutionKernel(
      try KernelContext(), geometry, .forward(pc_dnn_activation()),
      weights: PlainWeights(elements: weights, bias: nil), place: "layer"
    ).name
  }

  @Test(arguments: [(64, 64, 56), (32, 128, 28), (40, 40, 13), (512, 512, 14)])
  func `dense 3×3 convolutions of stride 1 go through Winograd's transforms`(
    inputs: Int, outputs: Int, plane: Int
  ) throws {
    #expect(try Self.kernel(inputs: inputs, outputs: outputs, plane: plane) == "winograd:4x4")
  }

  @Test func `others do not, nor those with too few channels or places to gain by it`() throws {
    let others = [
      try Self.kernel(inputs: 64, outputs: 64, plane: 56, kernel: 1),
      try Self.kernel(inputs: 64, outputs: 64, plane: 56, kernel: 5),
      try Self.kernel(inputs: 64, outputs: 64, plane: 56, stride: 2),
      try Self.kernel(inputs: 64, outputs: 64, plane: 56, dilation: 2),
      try Self.kernel(inputs: 64, outputs: 64, plane: 56, groups: 2),
      try Self.kernel(inputs: 3, outputs: 64, plane: 56), try Self.kernel(inputs: 64, outputs: 64, plane: 5),
    ]
    #expect(!others.contains("winograd:4x4"))
    #expect(!others.contains { $0.contains("ref") })
  }
}
