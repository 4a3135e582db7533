import FoundationEssentials
import SwiftProtobuf

/// Bytes of a message under construction, kept as the pieces that they come from until they are put together.
struct WireRope {
  private enum Piece {
    case run(ArraySlice<UInt8>)
    case data(Data)
  }

  private var pieces: [Piece] = []
  /// The bytes in all pieces.
  private(set) var count = 0

  /// Adds bytes of a file, or new ones; they are not copied.
  mutating func append(_ run: ArraySlice<UInt8>) {
    pieces.append(.run(run))
    count += run.count
  }

  /// Adds what another rope holds.
  mutating func append(_ other: WireRope) {
    pieces += other.pieces
    count += other.count
  }

  private mutating func append(_ data: Data) {
    pieces.append(.data(data))
    count += data.count
  }

  /// Adds a message as a field.
  mutating func append(_ message: some SwiftProtobuf.Message, field: Int) throws(ImportProblem) {
    let bytes: [UInt8]
    do { bytes = try message.serializedBytes() } catch {
      throw .unsupported("a message of field \(field) cannot be encoded: \(error)")
    }
    append(Self.head(field: field, count: bytes.count)[...])
    append(bytes[...])
  }

  /// Adds a tensor as a field; its raw data go last and are not copied.
  mutating func append(tensor: Onnx_TensorProto, field: Int) throws(ImportProblem) {
    guard tensor.hasRawData else { return try append(tensor, field: field) }
    var frame = tensor
    frame.clearRawData()
    let bytes: [UInt8]
    do { bytes = try frame.serializedBytes() } catch {
      throw .unsupported("tensor '\(tensor.name)' cannot be encoded: \(error)")
    }
    let raw = Self.head(field: 9, count: tensor.rawData.count)
    append(Self.head(field: field, count: bytes.count + raw.count + tensor.rawData.count)[...])
    append(bytes[...])
    append(raw[...])
    append(tensor.rawData)
  }

  /// Tag and length of a delimited field.
  static func head(field: Int, count: Int) -> [UInt8] { varint(UInt64(field) << 3 | 2) + varint(UInt64(count)) }

  private static func varint(_ number: UInt64) -> [UInt8] {
    var (rest, bytes) = (number, [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// All pieces in one.
  var joined: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for piece in pieces {
      switch piece {
      case .run(let run): bytes.append(contentsOf: run)
      case .data(let data): data.withUnsafeBytes { bytes.append(contentsOf: $0) }
      }
    }
    return bytes
  }
}
