/// Converts elements as they lie in a file to those that are delivered.
enum ElementConversion {
  /// Fills `output` with the elements of `bytes`.
  /// - Returns: the place of the first element that the delivered type cannot hold, or `nil` when all were converted.
  /// - Precondition: `bytes` holds exactly as many elements as `output` has places.
  static func convert<Delivered: DeliveredElement>(
    _ bytes: UnsafeRawBufferPointer, of type: ArrayElementType, isBigEndian: Bool,
    into output: UnsafeMutableBufferPointer<Delivered>
  ) -> Int? {
    precondition(bytes.count == output.count * type.byteCount, "\(bytes.count) bytes for \(output.count) elements")
    return switch type {
    case .float16: convert(bytes, as: Float16.self, isBigEndian: isBigEndian, into: output)
    case .float32: convert(bytes, as: Float.self, isBigEndian: isBigEndian, into: output)
    case .float64: convert(bytes, as: Double.self, isBigEndian: isBigEndian, into: output)
    case .int8: convert(bytes, as: Int8.self, isBigEndian: isBigEndian, into: output)
    case .int16: convert(bytes, as: Int16.self, isBigEndian: isBigEndian, into: output)
    case .int32: convert(bytes, as: Int32.self, isBigEndian: isBigEndian, into: output)
    case .int64: convert(bytes, as: Int64.self, isBigEndian: isBigEndian, into: output)
    case .uint8: convert(bytes, as: UInt8.self, isBigEndian: isBigEndian, into: output)
    case .uint16: convert(bytes, as: UInt16.self, isBigEndian: isBigEndian, into: output)
    case .uint32: convert(bytes, as: UInt32.self, isBigEndian: isBigEndian, into: output)
    case .uint64: convert(bytes, as: UInt64.self, isBigEndian: isBigEndian, into: output)
    case .bool: convert(bytes, as: StoredBool.self, isBigEndian: isBigEndian, into: output)
    }
  }

  @inline(__always)
  private static func convert<Stored: StoredElement, Delivered: DeliveredElement>(
    _ bytes: UnsafeRawBufferPointer, as stored: Stored.Type, isBigEndian: Bool,
    into output: UnsafeMutableBufferPointer<Delivered>
  ) -> Int? {
    guard let source = bytes.baseAddress, let target = output.baseAddress else { return nil }
    let size = MemoryLayout<Stored.Bits>.size
    for index in 0..<output.count {
      let bits = source.loadUnaligned(fromByteOffset: index * size, as: Stored.Bits.self)
      guard let value = Delivered.value(of: Stored(bits: isBigEndian ? bits.byteSwapped : bits)) else { return index }
      target.advanced(by: index).initialize(to: value)
    }
    return nil
  }
}
