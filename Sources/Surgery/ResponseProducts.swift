public import Networks

/// How much the responses of a layer to its input channels agree: their products, summed over output positions.
///
/// A layer yields a bias and the sum over its input channels c of the responses z_c = Σ over the kernel of effective
/// weight × input. Channels are put together to units, whose responses are the sums of theirs; units of one set are
/// compared with each other: H[u, v] = Σ over outputs, positions and samples of z_u · z_v. Removing the units of r changes
/// the layer's results by −Σ z_u, whose square sum is rᵀHr.
///
/// What is summed over samples is either XᵀX of the inputs, weights coming in at the end (Luo et al., arXiv:1707.06342,
/// form the responses first), or where inputs are many and units few H itself. Sums add, and so do packed products.
public struct ResponseProducts: Sendable {
  /// The unit that an input channel belongs to.
  public struct Unit: Hashable, Sendable {
    /// Which set of units it is in.
    public let set: Int
    /// Its number there.
    public let index: Int

    /// A unit of a set.
    public init(set: Int, index: Int) {
      self.set = set
      self.index = index
    }
  }

  /// Which rows take part.
  public let sampling: RowSampling
  /// By set how many units it has.
  public let unitCounts: [Int]
  /// Numbers that are summed over samples.
  public let sumCount: Int
  /// Numbers of the packed products: Σ of the squares of the whole response, then by set the upper triangle of H by
  /// columns.
  public let packedCount: Int

  let patches: InputPatches
  let weights: LayerWeights
  /// The weights as output × input of the group × kernel.
  let rows: [Float]
  /// By input channel, all groups counted, the place of its unit among those of all sets; −1 for none.
  let places: [Int]
  /// The layout of XᵀX of every convolution group; `nil` where H itself is summed.
  let gram: PackedGram?

  /// The products of one layer.
  /// - Parameters:
  ///   - operation: the layer.
  ///   - input: its data operand's extents, samples in equal runs along axis 0.
  ///   - output: its result's extents.
  ///   - batchSize: samples that these extents hold.
  ///   - weight: in the network's layout.
  ///   - units: by input channel, all convolution groups counted, its unit; `nil` for a channel of none.
  ///   - unitCounts: by set how many units it has.
  ///   - layer: its number, which the choice of rows depends on.
  ///   - samples: samples of the whole calibration set.
  ///   - rowLimit: the most rows to take; see `RowSampling`.
  /// - Throws: `SurgeryError` when the operation is no layer, the shapes do not fit it, or there are too many units.
  public init(
    _ operation: Operation, input: Shape, output: Shape, batchSize: Int, weight: [Float], units: [Unit?],
    unitCounts: [Int], layer: Int, samples: Int, rowLimit: Int
  ) throws(SurgeryError) {
    patches = try InputPatches(operation, input: input, output: output, batchSize: batchSize)
    let axis: Int
    if case .linear = operation { axis = input.rank - 1 } else { axis = 1 }
    let weights = try LayerWeights(operation, inputs: input[axis], outputs: output[axis])
    guard weight.count == weights.count, units.count == weights.inputs else {
      throw SurgeryError("layer", "\(weight.count) weights and \(units.count) inputs do not fit \(input) and \(output)")
    }
    let order = weights.inputsPerGroup * weights.kernel
    guard order <= 1 << 20 else { throw SurgeryError("layer", "\(order) weights per output, supported are \(1 << 20)") }
    self.weights = weights
    self.unitCounts = unitCounts
    sampling = RowSampling(layer: layer, positions: patches.positions, samples: samples, limit: rowLimit)
    rows = weights.byOutput(weight)
    var starts = [0]
    for count in unitCounts { starts.append(starts[starts.count - 1] + count) }
    places = units.map { unit in unit.map { starts[$0.set] + $0.index } ?? -1 }
    let packedCount = 1 + unitCounts.reduce(0) { $0 + $1 * ($1 + 1) / 2 }
    guard packedCount <= Self.mostNumbers else {
      throw SurgeryError("layer", "\(packedCount) products of units, supported are \(Self.mostNumbers)")
    }
    self.packedCount = packedCount
    let squares = unitCounts.reduce(0) { $0 + $1 * $1 }
    let packedGram = PackedGram(order: order)
    let isFewer = order * order / 2 <= weights.outputsPerGroup * (Self.scalarCost * order + squares / 2)
    gram = isFewer && packedGram.count * weights.groups <= Self.mostNumbers ? packedGram : nil
    sumCount = gram.map { $0.count * weights.groups } ?? 1 + squares
  }

  /// What a multiplication outside BLAS costs, counted in those inside.
  private static let scalarCost = 4
  /// The most numbers (512 MiB) of XᵀX, above which H itself is summed, and of half of H, which is symmetric.
  private static let mostNumbers = 1 << 26

  /// The library that sums products, with its version and the kernels that it uses here.
  public static var library: String { LinearAlgebra.description }

  /// Columns of X.
  var order: Int { weights.inputsPerGroup * weights.kernel }
  /// Units of all sets.
  var unitCount: Int { unitCounts.reduce(0, +) }

  /// Adds what some samples say.
  ///
  /// The rows of the samples are taken in order, in panels of a fixed number of rows: the same call gives the same bits.
  /// - Parameters:
  ///   - inputs: the layer's data operand, row-major; the first `samples.count` samples count, what follows is ignored.
  ///   - samples: their numbers in the whole calibration set.
  ///   - sums: `sumCount` numbers, 0 at first.
  public func accumulate(inputs: [Float], samples: Range<Int>, into sums: inout [Double]) {
    precondition(sums.count == sumCount, "\(sums.count) sums, expected \(sumCount)")
    precondition(inputs.count >= samples.count * patches.inputElements, "\(inputs.count) inputs for \(samples)")
    var panel = ResponsePanel(self)
    inputs.withUnsafeBufferPointer { inputs in
      sums.withUnsafeMutableBufferPointer { sums in
        for sample in samples {
          for position in sampling.positions(of: sample) {
            panel.append(sample: sample - samples.lowerBound, position: position)
            if panel.isFull { panel.flush(inputs, into: sums) }
          }
        }
        panel.flush(inputs, into: sums)
      }
    }
  }

  /// The packed products, `packedCount` numbers, of sums.
  public func packed(_ sums: [Double]) -> [Double] {
    precondition(sums.count == sumCount, "\(sums.count) sums, expected \(sumCount)")
    guard let gram else { return packedDirectly(sums) }
    var products = UnitProducts(self)
    for group in 0..<weights.groups { products.add(gram, sums, group) }
    return products.packed
  }

  /// Upper triangles out of whole matrices.
  private func packedDirectly(_ sums: [Double]) -> [Double] {
    var packed = [sums[0]]
    packed.reserveCapacity(packedCount)
    var start = 1
    for count in unitCounts {
      for column in 0..<count { packed += sums[start + column * count...start + column * (count + 1)] }
      start += count * count
    }
    return packed
  }
}

extension LayerWeights {
  /// A weight's elements as output × input of the group × kernel.
  fileprivate func byOutput(_ weight: [Float]) -> [Float] {
    if isOutputMajor { return weight }
    var rows = [Float](repeating: 0, count: count)
    var target = 0
    for group in 0..<groups {
      for output in 0..<outputsPerGroup {
        for input in 0..<inputsPerGroup {
          let start = element(group: group, output: output, input: input, kernel: 0)
          for place in 0..<kernel { rows[target + place] = weight[start + place] }
          target += kernel
        }
      }
    }
    return rows
  }
}
