/// The header of a `.npy` file, format 1.0, 2.0 and 3.0 (NumPy's `numpy.lib.format`).
///
/// Six bytes of magic, two of version, the text's length (two bytes in version 1, four later), then a Python dictionary
/// with the keys `descr`, `fortran_order` and `shape`.
enum NPYHeader {
  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// The layout that the header of these bytes describes.
  static func layout(of region: ByteRegion, name: ArrayName) throws(ArrayFileError) -> ArrayLayout {
    let start = try region.bytes(in: 0..<min(12, region.count))
    guard start.starts(with: magic) else {
      throw name.badContent("it is not a NumPy array: the magic bytes are missing")
    }
    guard start.count >= 10 else {
      throw name.badContent(expected: "a NumPy header", found: "only \(start.count) bytes")
    }
    let version = start[6]
    guard 1...3 ~= version, start[7] == 0 else {
      throw name.badContent(expected: "NumPy format 1.0, 2.0 or 3.0", found: "\(version).\(start[7])")
    }
    let textOffset = version == 1 ? 10 : 12
    guard start.count >= textOffset else {
      throw name.badContent(expected: "a NumPy header", found: "only \(start.count) bytes")
    }
    let length = start[8..<textOffset].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= region.count - textOffset else {
      throw name.badContent(expected: "a header of \(length) bytes", found: "only \(region.count - textOffset)")
    }
    guard length <= ArrayLimits.headerBytes else {
      throw name.badContent(expected: "a header of at most \(ArrayLimits.headerBytes) bytes", found: "\(length)")
    }
    var text = NPYHeaderText(try region.bytes(in: textOffset..<textOffset + length), name: name)
    let fields = try text.fields()
    let type = try elementType(fields.descr, name: name)
    return try ArrayLayout(
      elementType: type.element, isBigEndian: type.isBigEndian, isFortranOrder: fields.isFortranOrder,
      shape: fields.shape, dataOffset: textOffset + length, byteCount: region.count, name: name)
  }

  /// The element type of a type string: byte order, kind, bytes, such as `<f4`.
  private static func elementType(
    _ descr: String, name: ArrayName
  ) throws(ArrayFileError) -> (element: ArrayElementType, isBigEndian: Bool) {
    let element: ArrayElementType
    switch descr.dropFirst() {
    case "f2": element = .float16
    case "f4": element = .float32
    case "f8": element = .float64
    case "i1": element = .int8
    case "i2": element = .int16
    case "i4": element = .int32
    case "i8": element = .int64
    case "u1": element = .uint8
    case "u2": element = .uint16
    case "u4": element = .uint32
    case "u8": element = .uint64
    case "b1": element = .bool
    case "O": throw name.badContent("it holds pickled Python objects (type \(descr)), not numbers")
    default: throw name.badContent(expected: "elements of a real number type or bool", found: "type \(descr)")
    }
    switch descr.first {
    case "<", "=": return (element, false)
    case ">": return (element, true)
    case "|" where element.byteCount == 1: return (element, false)
    default: throw name.badContent(expected: "a byte order < or > in the type", found: descr)
    }
  }
}
