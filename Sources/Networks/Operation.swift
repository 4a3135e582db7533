/// What a node computes, with every attribute resolved: no default, auto-pad or opset difference is left to look up.
///
/// Inputs and outputs are named in the order of `Node.inputs` and `Node.outputs`. Shapes: N samples, C channels, D… space.
public enum Operation: Hashable, Sendable {
  /// x [N, I, D…], weight [O, I ÷ groups, K…], bias [O] or absent → [N, O, D′…]. Weight and bias are constants.
  case convolution(Convolution)
  /// x […, I], constant weight, bias [O] or absent → […, O]: ONNX Gemm and MatMul with a constant.
  case linear(Linear)
  /// x [N, C, D…], scale, shift, mean, variance [C] (all constant) → x's shape; inference form.
  case batchNormalization(epsilon: Double)
  /// One value in, one out, element by element.
  case unary(UnaryFunction)
  /// Two operands, broadcast to one shape. One of them may be constant.
  case binary(BinaryFunction)
  /// Any number of operands, joined along an axis ≥ 0; some may be constant.
  case concat(axis: Int)
  /// One operand cut along an axis ≥ 0 into `outputs.count` runs; output shapes give the sizes.
  case split(axis: Int)
  /// A strided part: per axis the first index, the step (≠ 0, may be negative), the count in the output's shape.
  case slice(starts: [Int], steps: [Int])
  /// Max or average pooling over the axes behind the channel axis.
  case pool(Pool)
  /// The mean over `axes` (each ≥ 0, ascending). The output's shape says whether they are kept as 1.
  case reduceMean(axes: [Int])
  /// The same elements in row-major order under the output's shape: Reshape, Flatten, Squeeze, Unsqueeze.
  case reshape
  /// Axis i of the output is axis `permutation[i]` of the input.
  case transpose(permutation: [Int])
  /// Elements added around: per axis how many before and behind (≥ 0).
  case pad(Pad)
  /// Softmax along one axis ≥ 0, or its logarithm.
  case softmax(axis: Int, logarithm: Bool)
  /// Local response normalisation across channels (axis 1), ONNX LRN.
  case localResponseNormalization(LocalResponseNormalization)
}

/// A convolution's geometry: 1-D or 2-D (kernel.count axes of space).
public struct Convolution: Hashable, Sendable {
  /// Kernel extent per space axis.
  public var kernel: [Int]
  /// Steps per space axis.
  public var strides: [Int]
  /// Zeros in front, per space axis; negative pads are refused at import.
  public var padsBegin: [Int]
  /// Zeros behind, per space axis.
  public var padsEnd: [Int]
  /// Distance between kernel elements, 1 = dense (ONNX counting).
  public var dilations: [Int]
  /// Convolution groups; inputs and outputs divide by it.
  public var groups: Int
  /// What folding multiplied onto the output channels: output channel o is weight[o] × outputScale[o], then + bias.
  /// `nil` until a normalisation was folded in; executors apply it when they pack the weight.
  public var outputScale: [Double]?

  /// A convolution's geometry.
  public init(
    kernel: [Int], strides: [Int], padsBegin: [Int], padsEnd: [Int], dilations: [Int], groups: Int,
    outputScale: [Double]? = nil
  ) {
    self.kernel = kernel
    self.strides = strides
    self.padsBegin = padsBegin
    self.padsEnd = padsEnd
    self.dilations = dilations
    self.groups = groups
    self.outputScale = outputScale
  }
}

/// A linear layer: out[…, o] = alpha × Σᵢ x[…, i] × W(o, i) × outputScale[o] + beta × bias[o].
public struct Linear: Hashable, Sendable {
  /// True when the weight is stored [O, I] (Gemm with transB), false for [I, O].
  public var weightIsOutputByInput: Bool
  /// ONNX Gemm's alpha; 1 for MatMul.
  public var alpha: Double
  /// ONNX Gemm's beta; 1 for MatMul.
  public var beta: Double
  /// As in `Convolution.outputScale`.
  public var outputScale: [Double]?

  /// A linear layer.
  public init(weightIsOutputByInput: Bool, alpha: Double = 1, beta: Double = 1, outputScale: [Double]? = nil) {
    self.weightIsOutputByInput = weightIsOutputByInput
    self.alpha = alpha
    self.beta = beta
    self.outputScale = outputScale
  }
}

/// A function of one value. Derivatives at kinks are PyTorch's: Relu, LeakyRelu 0-side at 0 (Relu′(0) = 0, LeakyRelu′(0) = α);
/// Clip passes the gradient strictly inside its bounds, as ReLU6 does; HardSigmoid and HardSwish take the flat side's value at theirs.
public enum UnaryFunction: Hashable, Sendable {
  /// max(x, 0)
  case relu
  /// x for x > 0, slope × x otherwise.
  case leakyRelu(slope: Double)
  /// min(max(x, lower), upper); an absent ONNX bound is ∓infinity.
  case clip(lower: Double, upper: Double)
  /// 1 ÷ (1 + e⁻ˣ)
  case sigmoid
  /// min(max(alpha × x + beta, 0), 1)
  case hardSigmoid(alpha: Double, beta: Double)
  /// x × min(max(x ÷ 6 + ½, 0), 1)
  case hardSwish
  /// Hyperbolic tangent.
  case tanh
}

/// A function of two broadcast operands.
public enum BinaryFunction: Hashable, Sendable {
  /// a + b
  case add
  /// a − b
  case subtract
  /// a × b
  case multiply
  /// a ÷ b
  case divide
}

/// A pooling window.
public struct Pool: Hashable, Sendable {
  /// What a window yields.
  public enum Kind: Hashable, Sendable {
    /// The largest element; the gradient goes to the first of equals in row-major order. Pads never win.
    case max
    /// The mean; `countsPads`: divide by the window's extent inside the padded input, else by the real elements only.
    case average(countsPads: Bool)
  }

  /// What a window yields.
  public var kind: Kind
  /// Window extent per space axis.
  public var kernel: [Int]
  /// Steps per space axis.
  public var strides: [Int]
  /// Pads in front, per space axis.
  public var padsBegin: [Int]
  /// Pads behind as written. With ceil mode the last window may reach further: trust the output's shape.
  public var padsEnd: [Int]
  /// Distance between window elements, 1 = dense.
  public var dilations: [Int]

  /// A pooling window.
  public init(kind: Kind, kernel: [Int], strides: [Int], padsBegin: [Int], padsEnd: [Int], dilations: [Int]) {
    self.kind = kind
    self.kernel = kernel
    self.strides = strides
    self.padsBegin = padsBegin
    self.padsEnd = padsEnd
    self.dilations = dilations
  }
}

/// Padding of any axes.
public struct Pad: Hashable, Sendable {
  /// Where the added elements come from.
  public enum Mode: Hashable, Sendable {
    /// One value.
    case constant(Double)
    /// Mirrored at the border element, which is not repeated.
    case reflect
    /// The border element repeated.
    case edge
  }

  /// Elements added in front, per axis.
  public var before: [Int]
  /// Elements added behind, per axis.
  public var behind: [Int]
  /// Where they come from.
  public var mode: Mode

  /// Padding of any axes.
  public init(before: [Int], behind: [Int], mode: Mode) {
    self.before = before
    self.behind = behind
    self.mode = mode
  }
}

/// out = x ÷ (bias + alpha ÷ size × Σ over the window of x²)^beta, the window being `size` channels around, ONNX LRN.
public struct LocalResponseNormalization: Hashable, Sendable {
  /// Channels in the window: ⌊(size − 1) ÷ 2⌋ in front, ⌈(size − 1) ÷ 2⌉ behind.
  public var size: Int
  /// Weight of the squares.
  public var alpha: Double
  /// Exponent.
  public var beta: Double
  /// Offset.
  public var bias: Double

  /// A normalisation window.
  public init(size: Int, alpha: Double, beta: Double, bias: Double) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }
}
