import FoundationEssentials
import Networks

extension Onnx_TensorProto {
  /// A tensor of the file's format.
  init(_ tensor: ConstantTensor, type: ElementType, name: String) {
    self.init()
    self.name = name
    dims = tensor.shape.dimensions.map { Int64($0) }
    dataType = type.rawValue
    switch type {
    case .float32: rawData = Self.raw(tensor.floats)
    case .float64: rawData = Self.raw(tensor.doubles)
    case .float16: rawData = Self.raw(tensor.floats.map { Float16($0).bitPattern })
    case .int64, .uint64: rawData = Self.raw(tensor.integers)
    case .int32, .uint32: rawData = Self.raw(tensor.integers.map { Int32(truncatingIfNeeded: $0) })
    case .int16, .uint16: rawData = Self.raw(tensor.integers.map { Int16(truncatingIfNeeded: $0) })
    case .int8, .uint8, .bool: rawData = Self.raw(tensor.integers.map { Int8(truncatingIfNeeded: $0) })
    }
  }

  private static func raw<Element: BitwiseCopyable>(_ elements: [Element]) -> Data {
    elements.withUnsafeBytes { Data($0) }
  }
}

extension ConstantTensor {
  /// A list of integers under some extents.
  init(integers: [Int64], dimensions: [Int]) {
    self.init(shape: Shape(dimensions), elements: .integer(integers))
  }

  /// All elements as integers; floats are cut off.
  fileprivate var integers: [Int64] {
    if case .integer(let values) = elements { return values }
    return doubles.map { Int64(saturating: $0) }
  }
}
