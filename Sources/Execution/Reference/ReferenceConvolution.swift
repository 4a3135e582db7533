import Networks

/// Convolution of one or two axes of space; one axis is run as rows of height 1.
struct ReferenceConvolution: ReferenceLayerKernel {
  /// Extents along height and width.
  private struct Plane {
    let height: Int
    let width: Int
    var count: Int { height * width }
  }

  private let convolution: Convolution
  private let batch: Int
  private let inputs: Int
  private let outputs: Int
  private let input: Plane
  private let output: Plane
  private let kernel: Plane
  private let stride: Plane
  private let dilation: Plane
  private let pad: Plane

  init(_ convolution: Convolution, input: Shape, output: Shape) {
    func plane(_ extents: [Int], filler: Int = 1) -> Plane {
      Plane(height: extents.count == 2 ? extents[0] : filler, width: extents[extents.count - 1])
    }
    self.convolution = convolution
    batch = input[0]
    inputs = input[1]
    outputs = output[1]
    self.input = plane(Array(input.dimensions.dropFirst(2)))
    self.output = plane(Array(output.dimensions.dropFirst(2)))
    kernel = plane(convolution.kernel)
    stride = plane(convolution.strides)
    dilation = plane(convolution.dilations)
    pad = plane(convolution.padsBegin, filler: 0)
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    var result = [Double](repeating: 0, count: batch * outputs * output.count)
    operands[0].withUnsafeBufferPointer { x in
      result.withUnsafeMutableBufferPointer { y in
        visit(weight: operands[1]) { _, factor, inputPlane, outputPlane, rows in
          for row in rows {
            let (from, to) = (inputPlane + row.input, outputPlane + row.output)
            // Apart, because neighbours in memory are added several at a time.
            if row.stride == 1 {
              for step in 0..<row.count { y[to &+ step] += factor * x[from &+ step] }
            } else {
              for step in 0..<row.count { y[to &+ step] += factor * x[from &+ step &* row.stride] }
            }
          }
        }
      }
    }
    if operands.count > 2, !operands[2].isEmpty {
      for plane in 0..<batch * outputs {
        let bias = operands[2][plane % outputs]
        for index in plane * output.count..<(plane + 1) * output.count { result[index] += bias }
      }
    }
    return [result]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = [Double](repeating: 0, count: batch * inputs * input.count)
    gradients[0].withUnsafeBufferPointer { arrived in
      gradient.withUnsafeMutableBufferPointer { gradient in
        visit(weight: operands[1]) { _, factor, inputPlane, outputPlane, rows in
          for row in rows {
            let (to, from) = (inputPlane + row.input, outputPlane + row.output)
            if row.stride == 1 {
              for step in 0..<row.count { gradient[to &+ step] += factor * arrived[from &+ step] }
            } else {
              for step in 0..<row.count { gradient[to &+ step &* row.stride] += factor * arrived[from &+ step] }
            }
          }
        }
      }
    }
    return gradient
  }

  func weightProducts(_ operands: [[Double]], _ gradient: [Double]) -> [Double] {
    var products = [Double](repeating: 0, count: operands[1].count)
    operands[0].withUnsafeBufferPointer { x in
      gradient.withUnsafeBufferPointer { arrived in
        visit(weight: operands[1]) { element, factor, inputPlane, outputPlane, rows in
          var sum = 0.0
          for row in rows {
            let (from, to) = (inputPlane + row.input, outputPlane + row.output)
            for step in 0..<row.count { sum += x[from &+ step &* row.stride] * arrived[to &+ step] }
          }
          products[element] += factor * sum
        }
      }
    }
    return products
  }

  /// A run of outputs of one row, and the inputs that one kernel element meets there.
  private struct Row {
    let input: Int
    let output: Int
    let count: Int
    let stride: Int
  }

  /// Calls `body` for every sample, pair of channels and kernel element with the rows of outputs that it meets.
  private func visit(
    weight: [Double],
    _ body: (_ element: Int, _ factor: Double, _ inputPlane: Int, _ outputPlane: Int, _ rows: [Row]) -> Void
  ) {
    let perGroup = (inputs: inputs / convolution.groups, outputs: outputs / convolution.groups)
    for vertical in 0..<kernel.height {
      for horizontal in 0..<kernel.width {
        let rows = self.rows(vertical, horizontal)
        for sample in 0..<batch {
          for out in 0..<outputs {
            let scale = convolution.outputScale?[out] ?? 1
            for own in 0..<perGroup.inputs {
              let element = ((out * perGroup.inputs + own) * kernel.height + vertical) * kernel.width + horizontal
              let channel = out / perGroup.outputs * perGroup.inputs + own
              let factor = weight[element] * scale
              body(
                element, factor, (sample * inputs + channel) * input.count, (sample * outputs + out) * output.count,
                rows)
            }
          }
        }
      }
    }
  }

  private func rows(_ vertical: Int, _ horizontal: Int) -> [Row] {
    (0..<output.height).compactMap { line in
      let y = line * stride.height - pad.height + vertical * dilation.height
      guard (0..<input.height).contains(y) else { return nil }
      let first = horizontal * dilation.width - pad.width
      let columns = (0..<output.width).filter { (0..<input.width).contains(first + $0 * stride.width) }
      guard let start = columns.first, let end = columns.last else { return nil }
      return Row(
        input: y * input.width + first + start * stride.width, output: line * output.width + start,
        count: end - start + 1, stride: stride.width)
    }
  }
}
