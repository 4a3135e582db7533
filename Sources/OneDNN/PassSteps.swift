import CKernels

/// to = f(from × scale + shift + addend) × factors, whatever of it is given.
struct ForwardPassStep: Step {
  /// Samples, rows and channels.
  let geometry: RowGeometry
  /// The operand.
  let from: Rows
  /// Added before the function.
  var addend: Rows?
  /// Per channel, applied first.
  var affine: Affine?
  /// The function.
  var function: ElementFunction?
  /// Per sample and channel, multiplied last.
  var factors: BufferID?
  /// The result; may be the operand's own memory.
  let to: Rows

  var kind: StepKind { .elementwise }
  var reads: [BufferID] { [from.buffer] + (addend.map { [$0.buffer] } ?? []) + (factors.map { [$0] } ?? []) }
  var writes: [BufferID] { [to.buffer] }

  func run(_ memory: Memory) {
    var pass = pc_forward()
    pass.samples = geometry.samples
    pass.rows = geometry.rows
    pass.channels = geometry.channels
    pass.source = from.kernel(memory)
    if let addend { pass.addend = addend.kernel(memory) }
    if let affine { (pass.scale, pass.shift) = affine.pointers }
    if let function {
      pass.has_function = true
      pass.function = function.parameters
    }
    if let factors { pass.factors = UnsafePointer(memory.floats(factors)) }
    pass.destination = memory.floats(to.buffer) + to.offset
    pass.destination_stride = to.stride
    pc_forward_pass(&pass)
  }
}

/// Brings together what a value's readers say of its gradient, takes it through a function, and sums products with it.
struct GradientPassStep: Step {
  /// A function that the gradient passes.
  struct Slope {
    /// The function.
    let function: ElementFunction
    /// Its operand or its result, as the function wants; with an affine map, what that is applied to.
    let known: Rows
  }

  /// Σ (left − minus) × gradient per sample and channel.
  struct Product {
    /// The activation.
    let left: Rows
    /// What is subtracted from it.
    var minus: Rows?
    /// Whether the activation is this function of `left`.
    var function: ElementFunction?
    /// Where the sums go.
    let sums: BufferID
    /// Whether they are float32 gradients, not float64 sums.
    var isFloat = false

    fileprivate var buffers: [BufferID] { [left.buffer] + (minus.map { [$0.buffer] } ?? []) }
  }

  /// Samples, rows and channels.
  let geometry: RowGeometry
  /// What is added up.
  let contributions: [Contribution.Source]
  /// The function.
  var slope: Slope?
  /// Applied before the function, so that the gradient takes its scale.
  var affine: Affine?
  /// The result; may be a contribution's own memory.
  var to: Rows?
  /// Whether the result is added to what is there.
  var accumulates = false
  /// The sums.
  var products: [Product] = []

  var kind: StepKind { .gradientPass }

  var reads: [BufferID] {
    contributions.flatMap(\.buffers) + (slope.map { [$0.known.buffer] } ?? []) + products.flatMap(\.buffers)
      + (accumulates ? to.map { [$0.buffer] } ?? [] : [])
  }

  var writes: [BufferID] { (to.map { [$0.buffer] } ?? []) + products.map(\.sums) }

  func run(_ memory: Memory) {
    withUnsafeTemporaryAllocation(of: pc_contribution.self, capacity: contributions.count) { parts in
      withUnsafeTemporaryAllocation(of: pc_product.self, capacity: max(products.count, 1)) { sums in
        for (index, contribution) in contributions.enumerated() {
          parts.initializeElement(at: index, to: kernel(contribution, memory))
        }
        for (index, product) in products.enumerated() {
          sums.initializeElement(at: index, to: kernel(product, memory))
        }
        var pass = pc_gradient()
        pass.samples = geometry.samples
        pass.rows = geometry.rows
        pass.channels = geometry.channels
        pass.contributions = UnsafePointer(parts.baseAddress)
        pass.contribution_count = Int32(contributions.count)
        if let slope {
          pass.has_function = true
          pass.function = slope.function.parameters
          pass.known = slope.known.kernel(memory)
        } else if let function = products.lazy.compactMap(\.function).first {
          pass.function = function.parameters
        }
        if let affine { (pass.scale, pass.shift) = affine.pointers }
        if let to {
          pass.destination = memory.floats(to.buffer) + to.offset
          pass.destination_stride = to.stride
          pass.accumulate = accumulates
        }
        pass.products = UnsafePointer(sums.baseAddress)
        pass.product_count = Int32(products.count)
        pc_gradient_pass(&pass)
      }
    }
  }

  private func kernel(_ contribution: Contribution.Source, _ memory: Memory) -> pc_contribution {
    var kernel = pc_contribution()
    kernel.factor = 1
    switch contribution {
    case .rows(let rows): kernel.gradient = rows.kernel(memory)
    case .scaled(let rows, let factors):
      kernel.gradient = rows.kernel(memory)
      kernel.factors = UnsafePointer(memory.floats(factors.buffer) + factors.first)
      kernel.factor_stride = factors.stride
    case .spread(let values, let factor):
      kernel.factors = UnsafePointer(memory.floats(values.buffer) + values.first)
      kernel.factor_stride = values.stride
      kernel.factor = factor
    }
    return kernel
  }

  private func kernel(_ product: Product, _ memory: Memory) -> pc_product {
    var kernel = pc_product()
    kernel.left = product.left.kernel(memory)
    if let minus = product.minus { kernel.minus = minus.kernel(memory) }
    kernel.applies_function = product.function != nil
    if product.isFloat {
      kernel.floats = memory.floats(product.sums)
    } else {
      kernel.sums = memory.doubles(product.sums)
    }
    return kernel
  }
}

/// x × scale + shift, one of each per channel.
struct Affine: Sendable {
  private let scale: AlignedMemory?
  private let shift: AlignedMemory?
  private let first: Int

  /// A map of all channels; what is absent is left out.
  init(scale: AlignedMemory?, shift: AlignedMemory?) {
    self.init(scale: scale, shift: shift, first: 0)
  }

  private init(scale: AlignedMemory?, shift: AlignedMemory?, first: Int) {
    self.scale = scale
    self.shift = shift
    self.first = first
  }

  /// The map of the channels from `first` on.
  func channels(from first: Int) -> Affine { Affine(scale: scale, shift: shift, first: self.first + first) }

  /// Without the shift, as gradients take it.
  var linearPart: Affine { Affine(scale: scale, shift: nil, first: first) }

  fileprivate var pointers: (scale: UnsafePointer<Float>?, shift: UnsafePointer<Float>?) {
    (scale.map { $0.constantFloats + first }, shift.map { $0.constantFloats + first })
  }
}
