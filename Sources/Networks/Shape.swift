/// The extents of an array, outermost axis first; a scalar has none.
public struct Shape: Hashable, Sendable, CustomStringConvertible {
  /// The extents, each ≥ 0.
  public let dimensions: [Int]

  /// The number of elements. It is known to fit an `Int`.
  public let count: Int

  /// A shape of the given extents, or `nil` when one is negative or their product overflows.
  ///
  /// An extent of 0 hides no overflow of the others: the strides, and the shape with its axes in another order, fit too.
  public init?(checking dimensions: [Int]) {
    var product = 1
    for dimension in dimensions {
      guard dimension >= 0 else { return nil }
      let (next, overflow) = product.multipliedReportingOverflow(by: max(dimension, 1))
      guard !overflow else { return nil }
      product = next
    }
    self.dimensions = dimensions
    count = dimensions.contains(0) ? 0 : product
  }

  /// A shape of the given extents.
  /// - Precondition: no extent is negative and the product fits an `Int`; use `init(checking:)` for what a file says.
  public init(_ dimensions: [Int]) {
    guard let shape = Shape(checking: dimensions) else { preconditionFailure("no shape: \(dimensions)") }
    self = shape
  }

  /// The number of axes.
  public var rank: Int { dimensions.count }

  /// The extent of one axis.
  public subscript(axis: Int) -> Int { dimensions[axis] }

  /// Steps between neighbours along each axis, in elements, when the last axis is contiguous.
  public var rowMajorStrides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * dimensions[axis + 1] }
    return strides
  }

  /// The shape that two operands broadcast to (ONNX multidirectional broadcasting), or `nil` when they do not.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = max(self.rank, other.rank)
    var result = [Int](repeating: 1, count: rank)
    for axis in 0..<rank {
      let mine = axis - (rank - self.rank) < 0 ? 1 : dimensions[axis - (rank - self.rank)]
      let theirs = axis - (rank - other.rank) < 0 ? 1 : other.dimensions[axis - (rank - other.rank)]
      guard mine == theirs || mine == 1 || theirs == 1 else { return nil }
      result[axis] = mine == 1 ? theirs : mine
    }
    return Shape(checking: result)
  }

  /// The extents in brackets, as error texts show them.
  public var description: String { "[\(dimensions.map(String.init).joined(separator: ", "))]" }
}
