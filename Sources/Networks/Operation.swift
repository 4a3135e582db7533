/// What a node computes, with every attribute resolved: no default, auto-pad or opset difference is left to look up.
///
/// Inputs and outputs are named in the order of `Node.inputs` and `Node.outputs`. Shapes: N samples, C channels, D… space.
public enum Operation: Hashable, Sendable, Codable {
  // MARK: Layers

  /// x [N, I, D…], weight [O, I ÷ groups, K…], bias [O] or absent → [N, O, D′…]. Weight and bias are constants.
  case convolution(Convolution)
  /// x [N, I, D…], weight [I, O ÷ groups, K…], bias [O] or absent → [N, O, D′…]. Weight and bias are constants.
  ///
  /// The gradient of a convolution as a forward operation: input i adds weight × x(i) at stride × i + dilation × k −
  /// padsBegin. D′ = stride × (D − 1) + dilation × (K − 1) + 1 − padsBegin − padsEnd + output padding; the output's shape
  /// says how much output padding there is, and places that no input reaches hold the bias.
  case convolutionTranspose(Convolution)
  /// x […, I], constant weight, bias [O] or absent → […, O]: ONNX Gemm and MatMul with a constant.
  case linear(Linear)
  /// Two operands of rank ≥ 2, of which one may be constant: […, M, K] × […, K, N] → […, M, N]; the axes in front of the
  /// last two broadcast.
  case matrixProduct

  // MARK: Normalisations

  /// x [N, C, D…], scale, shift, mean, variance [C] (all constant) → x's shape; inference form.
  case batchNormalization(epsilon: Double)
  /// x, scale, bias or absent → x's shape: (x − mean) ÷ √(variance + epsilon) × scale + bias, the mean and the (biased)
  /// variance taken over the axes from `axis` ≥ 0 to the last. Scale and bias are constants of the extents of those axes.
  case layerNormalization(axis: Int, epsilon: Double)
  /// x [N, C, D…], scale [C], bias [C] (both constant) → x's shape: each of `groups` runs of channels of a sample
  /// normalised with its mean and (biased) variance over channels and space. ONNX InstanceNormalization has C groups.
  case groupNormalization(groups: Int, epsilon: Double)
  /// Local response normalisation across channels (axis 1), ONNX LRN.
  case localResponseNormalization(LocalResponseNormalization)
  /// Softmax along one axis ≥ 0, or its logarithm.
  case softmax(axis: Int, logarithm: Bool)

  // MARK: Element by element

  /// One value in, one out, element by element.
  case unary(UnaryFunction)
  /// Two operands, broadcast to one shape. One of them may be constant.
  case binary(BinaryFunction)
  /// condition, a, b, broadcast to one shape: a where the condition is not 0, else b. Any of them may be constant; the
  /// gradient flows to a and b only.
  case select

  // MARK: Sums, windows and resizing

  /// The elements along `axes` (each ≥ 0, ascending) made one. The output's shape says whether the axes are kept as 1.
  case reduce(Reduction, axes: [Int])
  /// Max or average pooling over the axes behind the channel axis.
  case pool(Pool)
  /// Resizing by weighted sums along single axes, at most one entry per axis, axes ascending; applied in that order. All
  /// modes of ONNX Resize and Upsample come to this.
  case resample([Resampling])
  /// Sums of the elements up to each place of an axis ≥ 0; exclusive: without the place's own, reversed: from the end.
  case cumulativeSum(axis: Int, isExclusive: Bool, isReversed: Bool)

  // MARK: Movement

  /// Any number of operands, joined along an axis ≥ 0; some may be constant.
  case concat(axis: Int)
  /// One operand cut along an axis ≥ 0 into `outputs.count` runs; output shapes give the sizes.
  case split(axis: Int)
  /// A strided part: per axis the first index, the step (≠ 0, may be negative), the count in the output's shape.
  case slice(starts: [Int], steps: [Int])
  /// The parts of an axis ≥ 0 that constant indices ≥ 0 name. Output axes: x's in front of `axis`, `indexRank` axes of the
  /// indices (extents in the output's shape, `indices` in row-major order), x's behind `axis`.
  case gather(axis: Int, indices: [Int], indexRank: Int)
  /// One operand, broadcast to the output's shape: ONNX Expand.
  case expand
  /// The same elements in row-major order under the output's shape: Reshape, Flatten, Squeeze, Unsqueeze.
  case reshape
  /// Axis i of the output is axis `permutation[i]` of the input.
  case transpose(permutation: [Int])
  /// Elements added around: per axis how many before and behind (≥ 0).
  case pad(Pad)
}

extension Operation {
  /// Whether ∂result/∂operand can be other than 0 for the operand at a position; parameters (weight, scale, statistics)
  /// count as operands that get none.
  public func carriesGradient(to position: Int) -> Bool {
    switch self {
    case .convolution, .convolutionTranspose, .linear, .batchNormalization, .layerNormalization, .groupNormalization:
      position == 0
    case .unary(let function): function.isDifferentiable
    case .binary(let function): function.isDifferentiable
    case .select: position > 0
    case .matrixProduct, .localResponseNormalization, .softmax, .reduce, .pool, .resample, .cumulativeSum, .concat,
      .split, .slice, .gather, .expand, .reshape, .transpose, .pad:
      true
    }
  }
}
