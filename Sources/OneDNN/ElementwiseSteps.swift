import CKernels
import COneDNN
import Execution
import Networks

/// A function of one value as the kernels take it.
struct ElementFunction: Sendable {
  /// Which function.
  let kind: pc_unary_function
  /// The slope, the lower bound, alpha, or the scale.
  let first: Float
  /// The upper bound, beta, or the lowest step.
  let second: Float
  /// The highest step.
  let third: Float

  /// The kernel for a function.
  init(_ function: UnaryFunction) {
    switch function {
    case .relu: (kind, first, second) = (pc_relu, 0, 0)
    case .leakyRelu(let slope): (kind, first, second) = (pc_leaky_relu, Float(slope), 0)
    case .clip(let lower, let upper): (kind, first, second) = (pc_clip, Float(lower), Float(upper))
    case .sigmoid: (kind, first, second) = (pc_sigmoid, 0, 0)
    case .hardSigmoid(let alpha, let beta): (kind, first, second) = (pc_hard_sigmoid, Float(alpha), Float(beta))
    case .hardSwish: (kind, first, second) = (pc_hard_swish, 0, 0)
    case .tanh: (kind, first, second) = (pc_tanh, 0, 0)
    case .elu(let alpha): (kind, first, second) = (pc_elu, Float(alpha), 1)
    case .selu(let alpha, let gamma): (kind, first, second) = (pc_elu, Float(alpha * gamma), Float(gamma))
    case .celu(let alpha): (kind, first, second) = (pc_celu, Float(alpha), Float(1 / alpha))
    case .swish: (kind, first, second) = (pc_swish, 0, 0)
    case .gelu(let isApproximate): (kind, first, second) = (isApproximate ? pc_gelu_approximate : pc_gelu, 0, 0)
    case .softplus: (kind, first, second) = (pc_softplus, 0, 0)
    case .mish: (kind, first, second) = (pc_mish, 0, 0)
    case .softsign: (kind, first, second) = (pc_softsign, 0, 0)
    case .exp: (kind, first, second) = (pc_exponential, 0, 0)
    case .log: (kind, first, second) = (pc_logarithm, 0, 0)
    case .squareRoot: (kind, first, second) = (pc_square_root, 0, 0)
    case .reciprocal: (kind, first, second) = (pc_reciprocal, 0, 0)
    case .negate: (kind, first, second) = (pc_negate, 0, 0)
    case .absolute: (kind, first, second) = (pc_absolute, 0, 0)
    case .erf: (kind, first, second) = (pc_error_function, 0, 0)
    case .power(2): (kind, first, second) = (pc_square, 0, 0)
    case .power(3): (kind, first, second) = (pc_cube, 0, 0)
    case .power(0.5): (kind, first, second) = (pc_square_root, 0, 0)
    case .power(-1): (kind, first, second) = (pc_reciprocal, 0, 0)
    case .power(let exponent): (kind, first, second) = (pc_constant_power, Float(exponent), 0)
    case .sine: (kind, first, second) = (pc_sine, 0, 0)
    case .cosine: (kind, first, second) = (pc_cosine, 0, 0)
    case .floor: (kind, first, second) = (pc_floor, 0, 0)
    case .ceiling: (kind, first, second) = (pc_ceiling, 0, 0)
    case .round: (kind, first, second) = (pc_round, 0, 0)
    case .sign: (kind, first, second) = (pc_sign, 0, 0)
    case .logicalNot: (kind, first, second) = (pc_not, 0, 0)
    case .quantize(let grid): (kind, first, second) = (pc_quantize, grid.scale, Float(grid.steps.lowerBound))
    }
    if case .quantize(let grid) = function { third = Float(grid.steps.upperBound) } else { third = 0 }
  }

  /// Whether its derivative is computed from the result.
  var needsResult: Bool { pc_unary_needs_result(kind) }

  /// The function with its parameters.
  var parameters: pc_function { pc_function(function: kind, first: first, second: second, third: third) }

  /// The function as a layer's kernel runs it with its own, where it can.
  var layerActivation: pc_dnn_activation? {
    switch kind {
    case pc_relu: pc_dnn_activation(kind: pc_dnn_relu, lower: 0, upper: 0)
    case pc_clip: pc_dnn_activation(kind: pc_dnn_clip, lower: first, upper: second)
    default: nil
    }
  }
}

/// to = f(from), element by element.
struct UnaryStep: Step {
  /// f
  let function: ElementFunction
  /// The operand.
  let from: Tensor
  /// The result, in the operand's layout.
  let to: Tensor

  var kind: StepKind { .elementwise }
  var reads: [BufferID] { [from.buffer] }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    pc_unary_forward(function.parameters, memory.floats(to.buffer), memory.floats(from.buffer), to.shape.count)
  }
}

/// Σ activation × gradient per sample and channel.
struct ProductStep: Step {
  private let activation: BufferID
  private let gradient: BufferID
  private let sums: BufferID
  private let samples: Int
  private let outer: Int
  private let channels: Int
  private let inner: Int

  /// The sums of a value and its gradient, both in one layout; axis 0 holds one or more rows of each sample.
  init(activation: Tensor, gradient: Tensor, samples: Int, channelAxis: Int, sums: BufferID) {
    let (outer, channels, inner) = activation.layout.split(activation.shape, at: channelAxis)
    self.activation = activation.buffer
    self.gradient = gradient.buffer
    self.sums = sums
    self.samples = samples
    self.outer = outer / samples
    self.channels = channels
    self.inner = inner
  }

  var kind: StepKind { .gradientPass }
  var reads: [BufferID] { [activation, gradient] }
  var writes: [BufferID] { [sums] }

  func run(_ memory: Memory) {
    pc_product_sums(
      memory.doubles(sums), memory.floats(activation), memory.floats(gradient), samples, outer, channels, inner)
  }
}
