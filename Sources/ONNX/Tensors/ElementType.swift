/// The element types of ONNX tensors that a constant or an input may have, by their numbers in the format.
enum ElementType: Int32 {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13

  /// Whether it is a floating-point type.
  var isFloat: Bool { self == .float32 || self == .float16 || self == .float64 }

  /// Bytes per element in raw data.
  var size: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// The type's name for people; unknown numbers too.
  static func name(of number: Int32) -> String {
    ElementType(rawValue: number).map { "\($0)" }
      ?? (number == 8 ? "string" : number == 16 ? "bfloat16" : "type \(number)")
  }
}
