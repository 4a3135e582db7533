/// The type of an array's elements in the file.
public enum ArrayElementType: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  /// IEEE 754 half precision.
  case float16
  /// IEEE 754 single precision.
  case float32
  /// IEEE 754 double precision.
  case float64
  /// Signed, one byte.
  case int8
  /// Signed, two bytes.
  case int16
  /// Signed, four bytes.
  case int32
  /// Signed, eight bytes.
  case int64
  /// Unsigned, one byte.
  case uint8
  /// Unsigned, two bytes.
  case uint16
  /// Unsigned, four bytes.
  case uint32
  /// Unsigned, eight bytes.
  case uint64
  /// One byte: 0 is false, anything else true.
  case bool

  /// The bytes of one element.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// Whether the elements are whole numbers (bool included).
  public var isInteger: Bool {
    switch self {
    case .float16, .float32, .float64: false
    default: true
    }
  }

  /// NumPy's name, such as "float32".
  public var description: String { rawValue }
}
