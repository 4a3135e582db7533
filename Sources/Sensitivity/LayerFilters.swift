public import Channels
public import Networks

/// The filters of a layer: of every output channel its weights, one behind another.
public struct LayerFilters: Sendable {
  /// Filters, which is output channels.
  public let count: Int
  /// Weights of each.
  public let length: Int
  private let rows: Rows

  private enum Rows: Sendable {
    case float([Float])
    case double([Double])
  }

  /// The filters of a layer of the analysed network.
  public init(of layer: Layer, in network: Network) {
    let node = network.nodes[layer.node]
    guard let id = node.inputs[1], let weight = network[id].constant else {
      preconditionFailure("a layer has a constant weight")
    }
    count = layer.outputs
    length = count == 0 ? 0 : weight.shape.count / count
    let order = FilterOrder(node.operation, weight.shape)
    var factor = 1.0
    if case .linear(let linear) = node.operation { factor = linear.alpha }
    switch weight.elements {
    case .float(let values) where factor == 1: rows = .float(order.rows(values))
    case .float(let values): rows = .double(order.rows(values).map { Double($0) * factor })
    case .double(let values): rows = .double(order.rows(values).map { $0 * factor })
    case .integer: rows = .double(order.rows(weight.doubles).map { $0 * factor })
    }
  }

  /// The weights filter by filter, where they are float32; `nil` where they are wider.
  public var floats: [Float]? {
    if case .float(let values) = rows { values } else { nil }
  }

  /// The weights filter by filter.
  public var doubles: [Double] {
    switch rows {
    case .float(let values): values.map(Double.init)
    case .double(let values): values
    }
  }

  /// By filter Σ |w|.
  public var absoluteSums: [Double] {
    switch rows {
    case .float(let values): LayerFilters.sums(values, length) { abs($0) }
    case .double(let values): LayerFilters.sums(values, length) { abs($0) }
    }
  }

  /// By filter Σ w².
  public var squaredSums: [Double] {
    switch rows {
    case .float(let values): LayerFilters.sums(values, length) { $0 * $0 }
    case .double(let values): LayerFilters.sums(values, length) { $0 * $0 }
    }
  }

  /// Σ |w| of one filter over each of so many equal parts of it: its input channels.
  func absoluteSums(of filter: Int, parts: Int) -> [Double] {
    let places = filter * length..<(filter + 1) * length
    switch rows {
    case .float(let values): return LayerFilters.sums(Array(values[places]), length / parts) { abs($0) }
    case .double(let values): return LayerFilters.sums(Array(values[places]), length / parts) { abs($0) }
    }
  }

  /// By filter of a range the sum over the layer's other filters of the euclidean distance to this one.
  ///
  /// Takes `filters.count` × `count` × `length` operations.
  public func distanceSums(_ filters: Range<Int>) -> [Double] {
    switch rows {
    case .float(let values):
      LayerFilters.distanceSums(values, count, length, filters) { SIMD8<Double>($0) }
    case .double(let values): LayerFilters.distanceSums(values, count, length, filters) { $0 }
    }
  }

  @inline(__always)
  private static func sums<Element: BinaryFloatingPoint>(
    _ values: [Element], _ length: Int, _ of: (Double) -> Double
  ) -> [Double] {
    guard length > 0 else { return [] }
    return values.withUnsafeBufferPointer { values in
      stride(from: 0, to: values.count, by: length).map { start in
        var sum = 0.0
        for place in start..<start + length { sum += of(Double(values[place])) }
        return sum
      }
    }
  }

  /// Eight sums side by side: one alone would wait for itself in every addition.
  @inline(__always)
  private static func distanceSums<Element: BinaryFloatingPoint & SIMDScalar>(
    _ values: [Element], _ count: Int, _ length: Int, _ filters: Range<Int>,
    _ widened: (SIMD8<Element>) -> SIMD8<Double>
  ) -> [Double] {
    values.withUnsafeBytes { bytes in
      func eight(_ place: Int) -> SIMD8<Double> {
        widened(bytes.loadUnaligned(fromByteOffset: place * MemoryLayout<Element>.stride, as: SIMD8<Element>.self))
      }
      func one(_ place: Int) -> Double {
        Double(bytes.load(fromByteOffset: place * MemoryLayout<Element>.stride, as: Element.self))
      }
      return filters.map { filter in
        var total = 0.0
        for other in 0..<count where other != filter {
          var squares = SIMD8<Double>()
          var rest = 0.0
          let (first, second) = (filter * length, other * length)
          var place = 0
          while place + 8 <= length {
            let difference = eight(first + place) - eight(second + place)
            squares += difference * difference
            place += 8
          }
          while place < length {
            let difference = one(first + place) - one(second + place)
            rest += difference * difference
            place += 1
          }
          total += (squares.sum() + rest).squareRoot()
        }
        return total
      }
    }
  }
}

/// Where a weight's elements lie: blocks × channels × run.
private struct FilterOrder {
  /// Blocks of all channels that follow each other: 1 where the outputs are the first axis, else one per input.
  let blocks: Int
  /// Channels of one block.
  let channels: Int
  /// Elements of a channel that follow each other.
  let run: Int
  /// Blocks that hold the same channels, those of one convolution group.
  let blocksPerGroup: Int

  init(_ operation: Operation, _ weight: Shape) {
    let isOutputFirst: Bool
    var groups = 1
    switch operation {
    case .convolutionTranspose(let convolution):
      isOutputFirst = false
      groups = convolution.groups
    case .linear(let linear): isOutputFirst = linear.weightIsOutputByInput
    default: isOutputFirst = true
    }
    blocks = isOutputFirst ? 1 : weight[0]
    channels = isOutputFirst ? weight[0] : weight[1]
    run = weight.count / max(blocks * channels, 1)
    blocksPerGroup = max(blocks / groups, 1)
  }

  /// The elements filter by filter.
  func rows<Element>(_ values: [Element]) -> [Element] {
    guard blocks > 1 else { return values }
    var rows: [Element] = []
    rows.reserveCapacity(values.count)
    for group in 0..<blocks / blocksPerGroup {
      for channel in 0..<channels {
        for block in group * blocksPerGroup..<(group + 1) * blocksPerGroup {
          let start = (block * channels + channel) * run
          rows += values[start..<start + run]
        }
      }
    }
    return rows
  }
}
