/// An array in memory, to be written as a `.npy` file or as a member of an archive.
public struct NumPyArray: Sendable {
  /// The elements, in row-major order.
  public enum Elements: Sendable {
    /// float32 elements.
    case floats([Float])
    /// float64 elements.
    case doubles([Double])
    /// int64 elements.
    case int64s([Int64])

    /// The number of elements.
    public var count: Int {
      switch self {
      case .floats(let values): values.count
      case .doubles(let values): values.count
      case .int64s(let values): values.count
      }
    }

    var type: ArrayElementType {
      switch self {
      case .floats: .float32
      case .doubles: .float64
      case .int64s: .int64
      }
    }
  }

  /// The extents, outermost axis first.
  public let shape: [Int]
  /// The elements; as many as the shape says.
  public let elements: Elements

  /// An array of the given shape.
  /// - Precondition: the product of the extents is the number of elements.
  public init(shape: [Int], _ elements: Elements) {
    precondition(shape.allSatisfy { $0 >= 0 } && shape.count <= ArrayLimits.axes, "no shape: \(shape)")
    precondition(shape.reduce(1, *) == elements.count, "\(elements.count) elements for shape \(shape)")
    self.shape = shape
    self.elements = elements
  }

  /// An array of one axis.
  public init(_ elements: Elements) {
    self.init(shape: [elements.count], elements)
  }

  /// Writes the array as a `.npy` file of format 1.0, whole or not at all.
  public func write(to path: String) throws(ArrayFileError) {
    try AtomicFile.write(to: path) { (output) throws(ArrayFileError) in
      try output.append(header)
      try append(to: output)
    }
  }

  /// The header of the `.npy` format, a multiple of 64 bytes.
  var header: [UInt8] {
    let type =
      switch elements {
      case .floats: "<f4"
      case .doubles: "<f8"
      case .int64s: "<i8"
      }
    // One extent is written with a comma, as Python writes a tuple of one.
    let extents = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
    var text = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
    let start = NPYHeader.magic.count + 4
    let rest = (start + text.count + 1) % 64
    text += [UInt8](repeating: UInt8(ascii: " "), count: rest == 0 ? 0 : 64 - rest) + [UInt8(ascii: "\n")]
    return NPYHeader.magic + [1, 0] + littleEndianBytes(UInt16(text.count)) + text
  }

  /// Appends the elements' bytes.
  func append(to output: borrowing OutputFile) throws(ArrayFileError) {
    switch elements {
    case .floats(let values): try output.append(values)
    case .doubles(let values): try output.append(values)
    case .int64s(let values): try output.append(values)
    }
  }

  /// The number of the elements' bytes.
  var byteCount: Int { elements.count * elements.type.byteCount }

  /// The CRC-32 of header and elements.
  func checksum(behind header: [UInt8]) -> UInt32 {
    let start = header.withUnsafeBytes { checksumOfBytes($0) }
    return switch elements {
    case .floats(let values): values.withUnsafeBytes { checksumOfBytes($0, continuing: start) }
    case .doubles(let values): values.withUnsafeBytes { checksumOfBytes($0, continuing: start) }
    case .int64s(let values): values.withUnsafeBytes { checksumOfBytes($0, continuing: start) }
    }
  }
}

/// The bytes of a number, lowest first.
func littleEndianBytes(_ number: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { Array($0) }
}
