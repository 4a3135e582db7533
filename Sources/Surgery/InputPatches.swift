import Networks

/// Which inputs an output position of a layer reads: the rows of its matrix product.
///
/// A linear layer is a 1×1 convolution of an image of one element per position. Positions of a sample are counted block
/// by block, a block being one index of axis 0 (there is one per sample, unless a reshape moved other axes there).
struct InputPatches: Sendable {
  /// Output positions per sample.
  let positions: Int
  /// Input elements per sample.
  let inputElements: Int
  /// Output elements per sample.
  let outputElements: Int
  /// Elements between neighbouring input channels of one position.
  let inputPlane: Int
  /// Elements between neighbouring output channels of one position.
  let outputPlane: Int
  /// Input elements of a block.
  private let inputBlock: Int
  /// Output elements of a block.
  private let outputBlock: Int
  /// Width of the input's and the output's image.
  private let width: (input: Int, output: Int)
  /// Per output line and kernel line the input line, −1 in a pad; likewise across.
  private let lines: [Int]
  private let columns: [Int]
  private let kernel: (lines: Int, columns: Int)

  /// - Throws: `SurgeryError` when the shapes do not fit the operation, or do not hold the samples along axis 0.
  init(_ operation: Operation, input: Shape, output: Shape, batchSize: Int) throws(SurgeryError) {
    guard input.rank >= 1, input.rank == output.rank, batchSize > 0, input[0] > 0, input[0] % batchSize == 0 else {
      throw SurgeryError("layer", "input \(input) and output \(output) do not hold \(batchSize) samples along axis 0")
    }
    switch operation {
    case .convolution(let convolution):
      guard let weight = Self.weight(convolution, input, output, isTransposed: false),
        convolution.outputShape(input: input, weight: weight) == output
      else { throw Self.misfit(input, output) }
      self.init(convolution, input, output, batchSize) { position, tap, axis in
        position * convolution.strides[axis] + tap * convolution.dilations[axis] - convolution.padsBegin[axis]
      }
    case .convolutionTranspose(let convolution):
      guard let weight = Self.weight(convolution, input, output, isTransposed: true),
        let least = convolution.transposedOutputShape(input: input, weight: weight),
        zip(output.dimensions, least.dimensions).allSatisfy({ $0 >= $1 }), output[0] == least[0]
      else { throw Self.misfit(input, output) }
      self.init(convolution, input, output, batchSize) { position, tap, axis in
        let steps = position + convolution.padsBegin[axis] - tap * convolution.dilations[axis]
        return steps % convolution.strides[axis] == 0 ? steps / convolution.strides[axis] : -1
      }
    case .linear:
      let (features, results) = (input[input.rank - 1], output[output.rank - 1])
      guard input.dimensions.dropLast() == output.dimensions.dropLast(), input.rank >= 2 else {
        throw Self.misfit(input, output)
      }
      let rows = input.dimensions.dropLast().reduce(1, *)
      let point = Convolution(kernel: [1], strides: [1], padsBegin: [0], padsEnd: [0], dilations: [1], groups: 1)
      self.init(point, Shape([rows, features, 1]), Shape([rows, results, 1]), batchSize) { position, _, _ in position }
    default: throw SurgeryError("operation", "is no convolution, transposed convolution or linear layer")
    }
  }

  private init(
    _ convolution: Convolution, _ input: Shape, _ output: Shape, _ batchSize: Int,
    source: (_ position: Int, _ tap: Int, _ axis: Int) -> Int
  ) {
    /// By output position and kernel element along an axis the input position, or −1.
    func taps(_ axis: Int) -> [Int] {
      var taps: [Int] = []
      for position in 0..<output[axis + 2] {
        for tap in 0..<convolution.kernel[axis] {
          let place = source(position, tap, axis)
          taps.append((0..<input[axis + 2]).contains(place) ? place : -1)
        }
      }
      return taps
    }
    let last = convolution.kernel.count - 1
    inputElements = input.count / batchSize
    outputElements = output.count / batchSize
    inputPlane = input.dimensions.dropFirst(2).reduce(1, *)
    outputPlane = output.dimensions.dropFirst(2).reduce(1, *)
    inputBlock = input[1] * inputPlane
    outputBlock = output[1] * outputPlane
    positions = input[0] / batchSize * outputPlane
    lines = last == 1 ? taps(0) : [0]
    columns = taps(last)
    width = (input[last + 2], output[last + 2])
    kernel = (last == 1 ? convolution.kernel[0] : 1, convolution.kernel[last])
  }

  /// A weight's shape that goes with the channels of input and output, or `nil`.
  private static func weight(_ convolution: Convolution, _ input: Shape, _ output: Shape, isTransposed: Bool) -> Shape?
  {
    guard (1...2).contains(convolution.kernel.count), input.rank == convolution.kernel.count + 2,
      convolution.groups > 0, input[1] % convolution.groups == 0, output[1] % convolution.groups == 0
    else { return nil }
    let channels =
      isTransposed ? [input[1], output[1] / convolution.groups] : [output[1], input[1] / convolution.groups]
    return Shape(checking: channels + convolution.kernel)
  }

  private static func misfit(_ input: Shape, _ output: Shape) -> SurgeryError {
    SurgeryError("layer", "input \(input) and output \(output) do not fit the operation")
  }

  /// The first output element of a position, counted in its sample.
  func outputElement(_ position: Int) -> Int {
    let (block, place) = position.quotientAndRemainder(dividingBy: outputPlane)
    return block * outputBlock + place
  }

  /// Writes by kernel element which element of the first input channel a position reads, counted in its sample; −1 in a pad.
  func inputElements(_ position: Int, to taps: UnsafeMutableBufferPointer<Int>) {
    let (block, place) = position.quotientAndRemainder(dividingBy: outputPlane)
    let (line, column) = place.quotientAndRemainder(dividingBy: width.output)
    var tap = 0
    for vertical in 0..<kernel.lines {
      let inputLine = lines[line * kernel.lines + vertical]
      for horizontal in 0..<kernel.columns {
        let inputColumn = columns[column * kernel.columns + horizontal]
        let isPad = inputLine < 0 || inputColumn < 0
        taps[tap] = isPad ? -1 : block * inputBlock + inputLine * width.input + inputColumn
        tap += 1
      }
    }
  }
}
