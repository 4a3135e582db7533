/// What layers take on one machine: nanoseconds per run, by layer shape and widths.
///
/// Only convolutions and linear layers are in it: the latency of a network is the sum of its layers'. Pools, additions and
/// activations that do not run with a layer are not counted.
public struct LatencyTable: Sendable, Equatable {
  /// The times of one layer shape at one number of input channels.
  public struct Row: Sendable, Hashable {
    /// Input channels of the whole layer; 1 for a depthwise layer.
    public let inputs: Int
    /// Output channels, ascending.
    public let outputs: [Int]
    /// Nanoseconds per run, one for each of `outputs`.
    public let nanoseconds: [Int]
  }

  /// The file, as errors name it.
  public let file: String
  /// Where the times were taken.
  public let machine: LatencyMachine
  /// By shape, input and output width.
  private var times: [LayerShape: [Int: [Int: Int]]] = [:]

  /// A table without times.
  public init(file: String, machine: LatencyMachine) {
    self.file = file
    self.machine = machine
  }

  /// The shapes that have times, in the order of the file.
  public var shapes: [LayerShape] { times.keys.sorted() }

  /// The time of a layer at widths that were timed; `nil` for others.
  public func nanoseconds(_ shape: LayerShape, inputs: Int, outputs: Int) -> Int? { times[shape]?[inputs]?[outputs] }

  /// Adds a time, or puts it in the place of another.
  public mutating func record(_ nanoseconds: Int, _ shape: LayerShape, inputs: Int, outputs: Int) {
    times[shape, default: [:]][inputs, default: [:]][outputs] = nanoseconds
  }

  /// The times of a shape by ascending input width.
  public func rows(of shape: LayerShape) -> [Row] {
    (times[shape] ?? [:]).sorted { $0.key < $1.key }.map { inputs, row in
      let cells = row.sorted { $0.key < $1.key }
      return Row(inputs: inputs, outputs: cells.map(\.key), nanoseconds: cells.map(\.value))
    }
  }

  /// How many times a shape has.
  public func count(of shape: LayerShape) -> Int { rows(of: shape).reduce(0) { $0 + $1.outputs.count } }

  /// The times of all pairs of some widths, the full ones among them; `nil` where there is no such pair.
  func grid(of shape: LayerShape) -> LatencyGrid? {
    let whole = rows(of: shape).filter { $0.outputs.last == shape.outputs }
    guard let last = whole.last, last.inputs == shape.fullInputs else { return nil }
    let common = whole.reduce(Set(last.outputs)) { $0.intersection($1.outputs) }.sorted()
    let rows = whole.map { row in common.compactMap { nanoseconds(shape, inputs: row.inputs, outputs: $0) } }
    return LatencyGrid(inputs: whole.map(\.inputs), outputs: common, nanoseconds: rows)
  }
}

/// The times of one layer shape at all pairs of some widths.
struct LatencyGrid {
  /// Input widths, ascending.
  let inputs: [Int]
  /// Output widths, ascending.
  let outputs: [Int]
  /// By input and output width.
  let nanoseconds: [[Int]]

  /// The entry of the smallest widths that are no smaller; beyond the last, the last.
  func time(inputs width: Int, outputs other: Int) -> Int {
    let row = inputs.firstIndex { $0 >= width } ?? inputs.count - 1
    return nanoseconds[row][outputs.firstIndex { $0 >= other } ?? outputs.count - 1]
  }

  /// Every entry as the least of those whose widths are both no smaller.
  var leastOfWider: [[Int]] {
    var least = nanoseconds
    for row in least.indices.reversed() {
      for column in least[row].indices.reversed() {
        if row + 1 < least.count { least[row][column] = min(least[row][column], least[row + 1][column]) }
        if column + 1 < least[row].count { least[row][column] = min(least[row][column], least[row][column + 1]) }
      }
    }
    return least
  }
}

extension LayerShape {
  /// The full width of the input side; a depthwise layer reads one channel per output.
  var fullInputs: Int { isDepthwise ? 1 : inputs }
}
