/// How the elements of a message are stored; the same on every rank.
public enum ElementKind: String, Equatable, Sendable {
  case uint8
  case int32
  case int64
  case float
  case double
}

/// A number that messages are made of: `UInt8`, `Int32`, `Int64`, `Int`, `Float` or `Double`.
///
/// Transports know exactly the kinds of `ElementKind`, so other types have no reason to conform.
public protocol MessageElement: AdditiveArithmetic, Comparable, BitwiseCopyable, Sendable {
  /// How this type is stored.
  static var elementKind: ElementKind { get }

  /// The sum as MPI forms it: integers wrap around, floating-point numbers round.
  ///
  /// Sums of `UInt8` should fit: with vector instructions Open MPI 4.1 ends at 255 instead.
  static func messageSum(_ left: Self, _ right: Self) -> Self
}

extension MessageElement {
  /// That many zeros, written as one block: `Array(repeating:count:)` would call a generic copy for every element.
  static func zeros(_ count: Int) -> [Self] {
    filled(count) { buffer in
      // Zero bytes are zero in every `ElementKind`.
      UnsafeMutableRawBufferPointer(buffer).initializeMemory(as: UInt8.self, repeating: 0)
    }
  }

  /// That many elements, all of which `body` writes: memory that is written once, and not zeroed before.
  static func filled<Failure: Error>(
    _ count: Int, _ body: (UnsafeMutableBufferPointer<Self>) throws(Failure) -> Void
  ) throws(Failure) -> [Self] {
    // All empty arrays are one object, whose count that initialiser would write: a race between ranks that are threads.
    guard count > 0 else {
      try body(UnsafeMutableBufferPointer(start: nil, count: 0))
      return []
    }
    var failure: Failure?
    let elements = [Self](unsafeUninitializedCapacity: count) { buffer, initializedCount in
      do throws(Failure) {
        try body(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
        initializedCount = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return elements
  }
}

extension MessageElement where Self: FixedWidthInteger {
  /// The sum, wrapping around on overflow.
  public static func messageSum(_ left: Self, _ right: Self) -> Self { left &+ right }
}

extension MessageElement where Self: BinaryFloatingPoint {
  /// The rounded sum.
  public static func messageSum(_ left: Self, _ right: Self) -> Self { left + right }
}

extension UInt8: MessageElement {
  /// One unsigned byte.
  public static var elementKind: ElementKind { .uint8 }
}

extension Int32: MessageElement {
  /// Four bytes, signed.
  public static var elementKind: ElementKind { .int32 }
}

extension Int64: MessageElement {
  /// Eight bytes, signed.
  public static var elementKind: ElementKind { .int64 }
}

#if _pointerBitWidth(_64)
  extension Int: MessageElement {
    /// Eight bytes, signed: only where `Int` has 64 bits.
    public static var elementKind: ElementKind { .int64 }
  }
#endif

extension Float: MessageElement {
  /// IEEE 754 single precision.
  public static var elementKind: ElementKind { .float }
}

extension Double: MessageElement {
  /// IEEE 754 double precision.
  public static var elementKind: ElementKind { .double }
}
