// Elements are read and written as they lie in memory, so the code states what it takes for granted.
#if _endian(big)
  #error("ArrayFiles is written for little-endian machines")
#endif

/// A type that elements have in a file.
protocol StoredElement {
  /// The unsigned integer of as many bits, in which the byte order is set right.
  associatedtype Bits: FixedWidthInteger & BitwiseCopyable
  init(bits: Bits)
  var float: Float { get }
  var double: Double { get }
  /// The same whole number, or `nil` when it does not fit.
  var integer: Int64? { get }
}

extension StoredElement where Self: FixedWidthInteger {
  init(bits: Self) { self = bits }
  var float: Float { Float(self) }
  var double: Double { Double(self) }
  var integer: Int64? { Int64(exactly: self) }
}

extension Int8: StoredElement {}
extension Int16: StoredElement {}
extension Int32: StoredElement {}
extension Int64: StoredElement {}
extension UInt8: StoredElement {}
extension UInt16: StoredElement {}
extension UInt32: StoredElement {}
extension UInt64: StoredElement {}

extension Float16: StoredElement {
  init(bits: UInt16) { self.init(bitPattern: bits) }
  var float: Float { Float(self) }
  var double: Double { Double(self) }
  var integer: Int64? { Int64(exactly: self) }
}

extension Float: StoredElement {
  init(bits: UInt32) { self.init(bitPattern: bits) }
  var float: Float { self }
  var double: Double { Double(self) }
  var integer: Int64? { Int64(exactly: self) }
}

extension Double: StoredElement {
  init(bits: UInt64) { self.init(bitPattern: bits) }
  var float: Float { Float(self) }
  var double: Double { self }
  var integer: Int64? { Int64(exactly: self) }
}

/// A truth value of one byte, of which anything but 0 is true.
struct StoredBool: StoredElement {
  private let value: Int64
  init(bits: UInt8) { value = bits == 0 ? 0 : 1 }
  var float: Float { Float(value) }
  var double: Double { Double(value) }
  var integer: Int64? { value }
}

/// A type in which elements are delivered.
protocol DeliveredElement: BitwiseCopyable {
  /// The type in a file that is delivered as it is.
  static var unconverted: ArrayElementType { get }

  /// The value of a stored element, or `nil` when this type cannot hold it.
  static func value(of element: some StoredElement) -> Self?
}

extension Float: DeliveredElement {
  static var unconverted: ArrayElementType { .float32 }
  static func value(of element: some StoredElement) -> Float? { element.float }
}

extension Double: DeliveredElement {
  static var unconverted: ArrayElementType { .float64 }
  static func value(of element: some StoredElement) -> Double? { element.double }
}

extension Int64: DeliveredElement {
  static var unconverted: ArrayElementType { .int64 }
  static func value(of element: some StoredElement) -> Int64? { element.integer }
}
