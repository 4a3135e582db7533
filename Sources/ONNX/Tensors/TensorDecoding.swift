import FoundationEssentials
import Networks

extension ConstantTensor {
  /// The tensor of an ONNX message.
  ///
  /// Data is taken from `raw_data`, from the typed field of its element type or from external data; its amount has to be
  /// what the dimensions say, before anything is allocated.
  /// - Parameter files: external data by location.
  init(_ proto: Onnx_TensorProto, files: [String: [UInt8]]) throws(ImportProblem) {
    let dimensions = proto.dims.map { Int($0) }
    guard let shape = Shape(written: dimensions) else { throw .noShape(dimensions) }
    guard let type = ElementType(rawValue: proto.dataType) else {
      throw .unsupported("elements of type \(ElementType.name(of: proto.dataType))")
    }
    guard !proto.hasSegment else { throw .unsupported("a tensor stored in segments") }
    let (byteCount, overflow) = shape.count.multipliedReportingOverflow(by: type.size)
    guard !overflow else { throw .noShape(dimensions) }
    let elements: Elements
    if proto.isExternal {
      elements = try proto.externalBytes(of: files, byteCount: byteCount).withUnsafeBytes {
        Elements(raw: $0, type: type)
      }
    } else if proto.hasRawData {
      let raw = proto.rawData
      guard raw.count == byteCount else {
        throw .bad("\(raw.count) bytes of raw data, expected \(byteCount) for \(shape) of \(type)")
      }
      elements = raw.withUnsafeBytes { Elements(raw: $0, type: type) }
    } else {
      elements = Elements(typedFieldOf: proto, type: type)
      guard elements.count == shape.count else {
        throw .bad("\(elements.count) elements of \(type), expected \(shape.count) for \(shape)")
      }
    }
    self.init(shape: shape, elements: elements)
  }
}

extension ConstantTensor.Elements {
  /// Elements as they stand in a file: least significant byte first, as on every machine that this runs on.
  init(raw bytes: UnsafeRawBufferPointer, type: ElementType) {
    func integers<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type) -> Self {
      .integer(Self.load(Number.self, from: bytes).map { Int64(truncatingIfNeeded: $0) })
    }
    self =
      switch type {
      case .float32: .float(Self.load(Float.self, from: bytes))
      case .float64: .double(Self.load(Double.self, from: bytes))
      case .float16: .float(Self.load(UInt16.self, from: bytes).map { Float(Float16(bitPattern: $0)) })
      case .uint8: integers(UInt8.self)
      case .int8: integers(Int8.self)
      case .uint16: integers(UInt16.self)
      case .int16: integers(Int16.self)
      case .uint32: integers(UInt32.self)
      case .int32: integers(Int32.self)
      case .uint64: integers(UInt64.self)
      case .int64: integers(Int64.self)
      case .bool: .integer(bytes.map { $0 == 0 ? 0 : 1 })
      }
  }

  /// Elements of the typed field that ONNX lays down for an element type.
  init(typedFieldOf proto: Onnx_TensorProto, type: ElementType) {
    self =
      switch type {
      case .float32: .float(proto.floatData)
      case .float64: .double(proto.doubleData)
      case .float16: .float(proto.int32Data.map { Float(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) })
      case .int64: .integer(proto.int64Data)
      case .uint32, .uint64: .integer(proto.uint64Data.map { Int64(truncatingIfNeeded: $0) })
      case .bool: .integer(proto.int32Data.map { $0 == 0 ? 0 : 1 })
      case .uint8, .int8, .uint16, .int16, .int32: .integer(proto.int32Data.map { Int64($0) })
      }
  }

  private static func load<Number: BitwiseCopyable>(_: Number.Type, from bytes: UnsafeRawBufferPointer) -> [Number] {
    let whole = bytes.count / MemoryLayout<Number>.size
    return [Number](unsafeUninitializedCapacity: whole) { buffer, count in
      let source = UnsafeRawBufferPointer(rebasing: bytes[..<(whole * MemoryLayout<Number>.size)])
      UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
      count = whole
    }
  }
}
