/// The header of an IDX file, the format of MNIST: two zero bytes, the type, the number of axes, then each extent in four
/// bytes. All numbers are big-endian.
enum IDXHeader {
  /// The element type of a type code, or `nil` when there is none.
  static func elementType(code: UInt8) -> ArrayElementType? {
    switch code {
    case 0x08: .uint8
    case 0x09: .int8
    case 0x0b: .int16
    case 0x0c: .int32
    case 0x0d: .float32
    case 0x0e: .float64
    default: nil
    }
  }

  /// The layout that the header of these bytes describes.
  static func layout(of region: ByteRegion, name: ArrayName) throws(ArrayFileError) -> ArrayLayout {
    let start = try region.bytes(in: 0..<min(4, region.count))
    guard start.count == 4, start[0] == 0, start[1] == 0, let elementType = elementType(code: start[2]), start[3] > 0
    else {
      throw name.badContent(expected: "an IDX header (00 00 type axes)", found: "bytes \(start)")
    }
    let headerBytes = 4 + 4 * Int(start[3])
    guard headerBytes <= region.count else {
      throw name.badContent(expected: "an IDX header of \(headerBytes) bytes", found: "only \(region.count)")
    }
    let extents = try region.bytes(in: 4..<headerBytes)
    let shape = stride(from: 0, to: extents.count, by: 4).map { offset in
      extents[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    return try ArrayLayout(
      elementType: elementType, isBigEndian: true, isFortranOrder: false, shape: shape, dataOffset: headerBytes,
      byteCount: region.count, name: name)
  }
}
