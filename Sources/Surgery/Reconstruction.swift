public import Networks

/// Least squares for one layer: the weights that best make wanted outputs out of given inputs.
///
/// The layer is Y = X·W: a row of X holds the inputs that one output position of one sample reads (0 in pads), and a 1 for
/// the intercept; W holds the effective weights of a convolution group (kernel elements fastest, then input channels).
/// All that is needed of the data is XᵀX, XᵀY, ΣY² and the number of rows; their packed arrays add.
public struct Reconstruction: Sendable {
  /// Which rows take part.
  public let sampling: RowSampling
  /// Elements of a packed statistic. It grows with the square of input channels × kernel elements: look before allocating.
  public let packedCount: Int

  let weights: LayerWeights
  let patches: InputPatches
  let hasIntercept: Bool
  let gram: PackedGram

  /// The problem of one layer.
  /// - Parameters:
  ///   - operation: the layer, as it is in the pruned network.
  ///   - input: its data operand's extents there; samples in equal runs along axis 0.
  ///   - output: its result's extents there.
  ///   - batchSize: samples that these extents hold.
  ///   - hasIntercept: whether the layer has or may get a bias.
  ///   - layer: its number, which the choice of rows depends on.
  ///   - samples: samples of the whole calibration set.
  ///   - rowLimit: the most rows to take; see `RowSampling`.
  /// - Throws: `SurgeryError` when the operation is no layer, the shapes do not fit it, it ignores its bias but is to get
  ///   one, or there are too many columns to count.
  public init(
    _ operation: Operation, input: Shape, output: Shape, batchSize: Int, hasIntercept: Bool, layer: Int, samples: Int,
    rowLimit: Int
  ) throws(SurgeryError) {
    patches = try InputPatches(operation, input: input, output: output, batchSize: batchSize)
    let axis: Int
    if case .linear = operation { axis = input.rank - 1 } else { axis = 1 }
    weights = try LayerWeights(operation, inputs: input[axis], outputs: output[axis])
    guard !hasIntercept || weights.beta != 0 else { throw SurgeryError("layer", "multiplies its bias by 0") }
    self.hasIntercept = hasIntercept
    let order = weights.inputsPerGroup * weights.kernel + (hasIntercept ? 1 : 0)
    // The square, times the groups and the outputs that a weight in memory can have, still counts.
    guard order <= 1 << 20 else { throw SurgeryError("layer", "\(order) weights per output, supported are \(1 << 20)") }
    gram = PackedGram(order: order)
    packedCount = Self.headCount + weights.groups * (gram.count + order * weights.outputsPerGroup)
    sampling = RowSampling(layer: layer, positions: patches.positions, samples: samples, limit: rowLimit)
  }

  // MARK: The packed form: rows, ΣY², then per convolution group XᵀX and XᵀY

  static let headCount = 2

  /// Columns of X.
  var order: Int { gram.order }
  /// Columns of X without the intercept.
  var weightColumns: Int { order - (hasIntercept ? 1 : 0) }

  /// Where XᵀX of a group begins.
  func gramOffset(_ group: Int) -> Int {
    Self.headCount + group * (gram.count + order * weights.outputsPerGroup)
  }

  /// Where XᵀY of a group begins: `order` elements per output.
  func productOffset(_ group: Int) -> Int { gramOffset(group) + gram.count }
}
