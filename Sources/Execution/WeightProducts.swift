public import Networks

/// What the products w·∂L/∂w of one layer's weights come to, by channel, L being the sum of the losses of a batch's samples;
/// biases do not count, and factors that are folded into weights make no difference.
///
/// The magnitudes of the products are the connection sensitivities of Lee, Ajanthan and Torr (SNIP, arXiv:1810.02340).
public struct WeightProducts: Hashable, Sendable {
  /// Per output channel Σ |w·∂L/∂w| over the weights that make it.
  public private(set) var outputMagnitudes: [Double]
  /// Per input channel Σ w·∂L/∂w over the weights that read it.
  public private(set) var inputSums: [Double]
  /// Per input channel Σ |w·∂L/∂w| over the weights that read it.
  public private(set) var inputMagnitudes: [Double]

  /// Nothing but zeros.
  public init(_ axes: WeightAxes) {
    outputMagnitudes = [Double](repeating: 0, count: axes.outputs)
    inputSums = [Double](repeating: 0, count: axes.inputs)
    inputMagnitudes = inputSums
  }

  /// The sums of products that lie as the weight does.
  public init(_ axes: WeightAxes, products: UnsafeBufferPointer<Float>) {
    self.init(axes)
    add(products, axes)
  }

  /// The sums of products that lie as the weight does.
  public init(_ axes: WeightAxes, products: UnsafeBufferPointer<Double>) {
    self.init(axes)
    add(products, axes)
  }

  /// Whether all sums are finite.
  public var isFinite: Bool { outputMagnitudes.allSatisfy(\.isFinite) && inputMagnitudes.allSatisfy(\.isFinite) }

  private mutating func add<Element: BinaryFloatingPoint>(
    _ products: UnsafeBufferPointer<Element>, _ axes: WeightAxes
  ) {
    precondition(products.count == axes.count)
    outputMagnitudes.withUnsafeMutableBufferPointer { outputMagnitudes in
      inputMagnitudes.withUnsafeMutableBufferPointer { inputMagnitudes in
        inputSums.withUnsafeMutableBufferPointer { inputSums in
          for row in 0..<axes.rows {
            for column in 0..<axes.columns {
              let (output, input) = axes.channels(row, column)
              let start = (row * axes.columns + column) * axes.elements
              var (sum, magnitude) = (0.0, 0.0)
              for element in start..<start + axes.elements {
                let product = Double(products[element])
                sum += product
                magnitude += abs(product)
              }
              outputMagnitudes[output] += magnitude
              inputSums[input] += sum
              inputMagnitudes[input] += magnitude
            }
          }
        }
      }
    }
  }
}

/// How a layer's weight lies: rows and columns of channels, and the elements of a kernel.
public struct WeightAxes: Hashable, Sendable {
  /// Output channels, of all groups.
  public let outputs: Int
  /// Input channels, of all groups.
  public let inputs: Int
  /// Rows of the weight: its first axis.
  let rows: Int
  /// Columns of the weight: its second axis, of one group.
  let columns: Int
  /// Elements of a kernel.
  let elements: Int
  private let rowsAreOutputs: Bool
  private let rowsPerGroup: Int

  /// How the weight of an operation lies; `nil` for one that has none.
  public init?(_ operation: Operation, weight: Shape) {
    switch operation {
    case .convolution(let convolution):
      self.init(weight, groups: convolution.groups, rowsAreOutputs: true)
    case .convolutionTranspose(let convolution):
      self.init(weight, groups: convolution.groups, rowsAreOutputs: false)
    case .linear(let linear):
      self.init(weight, groups: 1, rowsAreOutputs: linear.weightIsOutputByInput)
    default: return nil
    }
  }

  /// How a matrix [outputs, inputs] lies.
  public init(outputs: Int, inputs: Int) {
    self.init(Shape([outputs, inputs]), groups: 1, rowsAreOutputs: true)
  }

  private init(_ weight: Shape, groups: Int, rowsAreOutputs: Bool) {
    (rows, columns) = (weight[0], weight[1])
    elements = weight.dimensions[2...].reduce(1, *)
    rowsPerGroup = max(rows / groups, 1)
    self.rowsAreOutputs = rowsAreOutputs
    outputs = rowsAreOutputs ? rows : columns * groups
    inputs = rowsAreOutputs ? columns * groups : rows
  }

  /// Elements of the weight.
  public var count: Int { rows * columns * elements }

  /// The channels of one row and column.
  @inline(__always)
  func channels(_ row: Int, _ column: Int) -> (output: Int, input: Int) {
    let other = row / rowsPerGroup * columns + column
    return rowsAreOutputs ? (row, other) : (other, row)
  }
}

extension ExecutionRequest {
  /// How the weights of the weighed nodes lie.
  /// - Throws: `ExecutionError` for a node without a constant weight.
  public func weightAxes() throws(ExecutionError) -> [WeightAxes] {
    var all: [WeightAxes] = []
    for index in weighed {
      let node = network.nodes[index]
      guard node.inputs.count > 1, let weight = node.inputs[1], network[weight].constant != nil,
        let axes = WeightAxes(node.operation, weight: network[weight].shape)
      else { throw ExecutionError(.unsupported, node.name, "it has no constant weight to be weighed") }
      all.append(axes)
    }
    return all
  }
}
