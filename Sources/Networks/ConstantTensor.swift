/// An array whose elements are known before anything runs: a weight, a bias, an index list.
public struct ConstantTensor: Sendable {
  /// The elements in row-major order. Half precision is held as `float`, every integer type and bool as `integer`.
  public enum Elements: Sendable {
    /// float32 and float16 data.
    case float([Float])
    /// float64 data, and what folding computed.
    case double([Double])
    /// Integer and boolean data.
    case integer([Int64])

    /// The number of elements.
    public var count: Int {
      switch self {
      case .float(let values): values.count
      case .double(let values): values.count
      case .integer(let values): values.count
      }
    }
  }

  /// The extents.
  public let shape: Shape
  /// The data, `shape.count` elements.
  public let elements: Elements

  /// A constant.
  /// - Precondition: `elements.count == shape.count`.
  public init(shape: Shape, elements: Elements) {
    precondition(shape.count == elements.count, "\(elements.count) elements for shape \(shape)")
    self.shape = shape
    self.elements = elements
  }

  /// All elements as float64 (exact for float32; integers beyond 2⁵³ round).
  public var doubles: [Double] {
    switch elements {
    case .float(let values): values.map(Double.init)
    case .double(let values): values
    case .integer(let values): values.map(Double.init)
    }
  }

  /// All elements as float32, rounded to nearest.
  public var floats: [Float] {
    switch elements {
    case .float(let values): values
    case .double(let values): values.map(Float.init)
    case .integer(let values): values.map(Float.init)
    }
  }
}
