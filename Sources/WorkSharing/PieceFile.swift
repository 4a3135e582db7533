import Digests

/// The bytes of a stored piece of work.
///
/// | offset | bytes | content |
/// | ---: | ---: | --- |
/// | 0 | 8 | 0x89, then `PCPIECE`: not text, not anything else |
/// | 8 | 8 | the version of this form: 1 |
/// | 16 | 32 | the key |
/// | 48 | 8 | how many values: n |
/// | 56 | 8 n | the values: float64, any bits |
/// | 56 + 8 n | 32 | SHA-256 of all bytes before |
///
/// All numbers are little-endian. Who reads knows key and count beforehand: what the file says of itself is compared and
/// never believed.
enum PieceFile {
  private static let magic: [UInt8] = [0x89] + Array("PCPIECE".utf8)
  private static let version: UInt64 = 1
  private static let keyOffset = 16
  private static let countOffset = 48
  private static let headerSize = 56
  private static let checksumSize = SHA256.byteCount

  /// Bytes of a file of so many values.
  static func byteCount(_ count: Int) -> Int { headerSize + count * MemoryLayout<UInt64>.stride + checksumSize }

  /// The file of a piece.
  static func bytes(_ values: [Double], _ key: PieceKey) -> [UInt8] {
    let end = byteCount(values.count) - checksumSize
    var bytes = [UInt8](repeating: 0, count: end)
    bytes.withUnsafeMutableBytes { bytes in
      bytes.copyBytes(from: magic)
      bytes.storeBytes(of: version.littleEndian, toByteOffset: magic.count, as: UInt64.self)
      UnsafeMutableRawBufferPointer(rebasing: bytes[keyOffset..<countOffset]).copyBytes(from: key.bytes)
      bytes.storeBytes(of: UInt64(values.count).littleEndian, toByteOffset: countOffset, as: UInt64.self)
      for (place, value) in values.enumerated() {
        bytes.storeBytes(
          of: value.bitPattern.littleEndian, toByteOffset: headerSize + 8 * place, as: UInt64.self)
      }
    }
    return bytes + checksum(bytes[...])
  }

  /// The values of a file that should hold `count` of `key`.
  /// - Precondition: there are `byteCount(count)` bytes.
  /// - Throws: `Damage`.
  static func values(_ bytes: [UInt8], _ key: PieceKey, count: Int) throws(Damage) -> [Double] {
    precondition(bytes.count == byteCount(count), "the size of the file was not compared")
    guard bytes.starts(with: magic) else { throw Damage("does not begin like a stored piece of work") }
    let found = number(bytes, at: magic.count)
    guard found == version else { throw Damage("has version \(found), expected \(version)") }
    let end = bytes.count - checksumSize
    guard checksum(bytes[..<end]) == Array(bytes[end...]) else {
      throw Damage("has not the content that its checksum is of")
    }
    guard bytes[keyOffset..<countOffset].elementsEqual(key.bytes) else { throw Damage("is the piece of another key") }
    let stated = number(bytes, at: countOffset)
    guard stated == UInt64(count) else { throw Damage("says that it has \(stated) values, expected \(count)") }
    return [Double](unsafeUninitializedCapacity: count) { values, initialized in
      bytes.withUnsafeBytes { bytes in
        for place in 0..<count {
          let bits = bytes.loadUnaligned(fromByteOffset: headerSize + 8 * place, as: UInt64.self)
          values.initializeElement(at: place, to: Double(bitPattern: UInt64(littleEndian: bits)))
        }
      }
      initialized = count
    }
  }

  /// Why a file is not what it should be.
  struct Damage: Error {
    let problem: String

    init(_ problem: String) { self.problem = problem }
  }

  private static func number(_ bytes: [UInt8], at offset: Int) -> UInt64 {
    bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
  }

  static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let hash = SHA256()
    hash.append(bytes)
    return hash.digest
  }
}
