/// Products of units out of XᵀX and the weights.
struct UnitProducts {
  private let problem: ResponseProducts
  /// By place of a unit its set and its number there.
  private let units: [(set: Int, index: Int)]
  /// By set where its products begin.
  private let starts: [Int]
  private(set) var packed: [Double]

  init(_ problem: ResponseProducts) {
    self.problem = problem
    units = problem.unitCounts.enumerated().flatMap { set, count in (0..<count).map { (set, $0) } }
    var starts = [1]
    for count in problem.unitCounts { starts.append(starts[starts.count - 1] + count * (count + 1) / 2) }
    self.starts = starts
    packed = [Double](repeating: 0, count: problem.packedCount)
  }

  /// Adds Σ over the kernels of XᵀX ∘ WWᵀ for every two channels of a convolution group.
  mutating func add(_ gram: PackedGram, _ sums: [Double], _ group: Int) {
    let (weights, order) = (problem.weights, problem.order)
    let outputs = weights.outputsPerGroup
    var factors = [Double](repeating: 0, count: order * outputs)
    for output in 0..<outputs {
      let channel = group * outputs + output
      let factor = weights.factor(of: channel)
      for place in 0..<order {
        factors[output * order + place] = factor * Double(problem.rows[channel * order + place])
      }
    }
    let widest = gram.blocks.map { $0.width * $0.end }.max() ?? 0
    var square = [Double](repeating: 0, count: widest)
    sums.withUnsafeBufferPointer { sums in
      factors.withUnsafeBufferPointer { factors in
        square.withUnsafeMutableBufferPointer { square in
          guard let sums = sums.baseAddress, let factors = factors.baseAddress, let square = square.baseAddress else {
            return
          }
          for block in gram.blocks {
            square.update(repeating: 0, count: block.width * block.end)
            LinearAlgebra.add(
              .init(factors, stride: order), isTransposed: false, times: .init(factors + block.first, stride: order),
              isTransposed: true, rows: block.end, inner: outputs, columns: block.width,
              to: .init(square, stride: block.end))
            let products = sums + group * gram.count + block.offset
            for column in block.first..<block.end {
              let start = (column - block.first) * block.end
              add(column, products + start, square + start, group)
            }
          }
        }
      }
    }
  }

  /// Adds the products of one column of X with those up to it.
  private mutating func add(
    _ column: Int, _ products: UnsafePointer<Double>, _ weights: UnsafePointer<Double>, _ group: Int
  ) {
    let kernel = problem.weights.kernel
    let first = group * problem.weights.inputsPerGroup
    let own = column / kernel
    let ownPlace = problem.places[first + own]
    for channel in 0...own {
      var sum = 0.0
      let last = channel == own ? column : (channel + 1) * kernel
      for row in channel * kernel..<last { sum += products[row] * weights[row] }
      // Every other pair stands for two.
      let isOwn = channel == own
      let diagonal = isOwn ? products[column] * weights[column] : 0
      packed[0] += 2 * sum + diagonal
      let place = problem.places[first + channel]
      guard place >= 0, ownPlace >= 0, units[place].set == units[ownPlace].set else { continue }
      let (low, high) = (min(units[place].index, units[ownPlace].index), max(units[place].index, units[ownPlace].index))
      packed[starts[units[place].set] + high * (high + 1) / 2 + low] += low == high ? 2 * sum + diagonal : sum
    }
  }
}
