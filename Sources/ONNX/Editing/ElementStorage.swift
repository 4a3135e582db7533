import FoundationEssentials
import Networks

/// How a tensor message stores elements of a type: bytes in raw data, and the typed field with its entries.
///
/// ONNX's element types by the numbers of `TensorProto.DataType`.
struct ElementStorage {
  /// The field for elements that are not raw data.
  enum Field {
    case float, int32, int64, double, uint64, string
  }

  /// Bytes of one element in raw data; `nil` for strings, which have no raw form.
  let bytesPerElement: Int?
  /// The typed field.
  let field: Field
  /// Entries of the typed field per element: two for complex numbers.
  let entriesPerElement: Int

  /// The storage of an element type; `nil` where elements share a byte, and for types that are not known here.
  init?(_ dataType: Int32) {
    let (bytes, field): (Int?, Field)
    switch dataType {
    case 1: (bytes, field) = (4, .float)  // float32
    case 2, 3, 9: (bytes, field) = (1, .int32)  // uint8, int8, bool
    case 4, 5, 10, 16: (bytes, field) = (2, .int32)  // uint16, int16, float16, bfloat16
    case 6: (bytes, field) = (4, .int32)  // int32
    case 7: (bytes, field) = (8, .int64)  // int64
    case 8: (bytes, field) = (nil, .string)  // string
    case 11: (bytes, field) = (8, .double)  // float64
    case 12: (bytes, field) = (4, .uint64)  // uint32
    case 13: (bytes, field) = (8, .uint64)  // uint64
    case 14: (bytes, field) = (8, .float)  // complex64
    case 15: (bytes, field) = (16, .double)  // complex128
    case 17, 18, 19, 20, 24: (bytes, field) = (1, .int32)  // float8 in five kinds
    default: return nil
    }
    (bytesPerElement, self.field) = (bytes, field)
    entriesPerElement = dataType == 14 || dataType == 15 ? 2 : 1
  }

  /// A type's name for people.
  static func name(of dataType: Int32) -> String {
    switch dataType {
    case 14: "complex64"
    case 15: "complex128"
    case 17: "float8e4m3fn"
    case 18: "float8e4m3fnuz"
    case 19: "float8e5m2"
    case 20: "float8e5m2fnuz"
    case 21: "uint4"
    case 22: "int4"
    case 23: "float4e2m1"
    case 24: "float8e8m0"
    default: ElementType.name(of: dataType)
    }
  }
}

extension Onnx_TensorProto {
  /// How the elements are stored.
  func storage() throws(ImportProblem) -> ElementStorage {
    guard let storage = ElementStorage(dataType) else {
      throw .unsupported("tensor '\(name)' has elements of type \(ElementStorage.name(of: dataType))")
    }
    guard !hasSegment else { throw .unsupported("tensor '\(name)' is stored in segments") }
    return storage
  }

  /// The extents, checked.
  func extents() throws(ImportProblem) -> Shape {
    let dimensions = dims.map { Int($0) }
    guard let shape = Shape(written: dimensions) else { throw .noShape(dimensions) }
    return shape
  }

  /// The bytes that the elements take as raw data.
  func rawByteCount() throws(ImportProblem) -> Int {
    guard let bytes = try storage().bytesPerElement else {
      throw .unsupported("tensor '\(name)' of strings has no raw data")
    }
    let (count, overflow) = try extents().count.multipliedReportingOverflow(by: bytes)
    guard !overflow else { throw .noShape(dims.map { Int($0) }) }
    return count
  }

  /// The elements as raw data, least significant byte first, whatever field of this message holds them.
  func rawBytes() throws(ImportProblem) -> Data {
    let byteCount = try rawByteCount()
    let bytes: Data
    if hasRawData {
      bytes = rawData
    } else {
      let storage = try storage()
      switch (storage.field, storage.bytesPerElement) {
      case (.float, _): bytes = floatData.withUnsafeBytes { Data($0) }
      case (.double, _): bytes = doubleData.withUnsafeBytes { Data($0) }
      case (.int64, _): bytes = int64Data.withUnsafeBytes { Data($0) }
      case (.uint64, 8): bytes = uint64Data.withUnsafeBytes { Data($0) }
      case (.uint64, _): bytes = Self.narrowed(uint64Data, to: UInt32.self)
      case (.int32, 1): bytes = Self.narrowed(int32Data, to: UInt8.self)
      case (.int32, 2): bytes = Self.narrowed(int32Data, to: UInt16.self)
      case (.int32, _): bytes = int32Data.withUnsafeBytes { Data($0) }
      case (.string, _): bytes = Data()
      }
    }
    guard bytes.count == byteCount else {
      throw .bad("tensor '\(name)' has \(bytes.count) bytes of data, expected \(byteCount) for its shape")
    }
    return bytes
  }

  private static func narrowed<Number: FixedWidthInteger>(_ entries: [some FixedWidthInteger], to: Number.Type) -> Data
  {
    entries.map { Number(truncatingIfNeeded: $0) }.withUnsafeBytes { Data($0) }
  }
}
