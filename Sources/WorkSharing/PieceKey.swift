import Crypto

/// What the result of a piece of work depends on, as one SHA-256.
///
/// Two pieces have one key only if all that they depend on is the same, text by text: where a text ends is part of what is
/// hashed.
public struct PieceKey: Hashable, Sendable {
  /// The 32 bytes of the digest.
  let bytes: [UInt8]

  /// Bytes of a key.
  static let byteCount = SHA256.Digest.byteCount

  /// The key of texts in their order.
  public init(_ parts: [String]) { self.init(above: nil, parts) }

  /// The key that 64 hexadecimal digits spell as `description` does, with small letters; `nil` for any other text.
  public init?(hexadecimal text: String) {
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in text.utf8 {
      let digit: UInt8
      switch character {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
      default: return nil
      }
      guard let first = high else {
        high = digit
        continue
      }
      bytes.append(first << 4 | digit)
      high = nil
      guard bytes.count <= PieceKey.byteCount else { return nil }
    }
    guard bytes.count == PieceKey.byteCount, high == nil else { return nil }
    self.bytes = bytes
  }

  /// The key of what this one stands for together with texts in their order.
  public func appending(_ parts: [String]) -> PieceKey { PieceKey(above: self, parts) }

  /// - Precondition: there are 32 bytes.
  init(bytes: [UInt8]) {
    precondition(bytes.count == PieceKey.byteCount)
    self.bytes = bytes
  }

  private init(above: PieceKey?, _ parts: [String]) {
    var hash = SHA256()
    hash.append(number: UInt64(above == nil ? 0 : 1))
    if let above { hash.append(above.bytes) }
    for part in parts {
      let text = Array(part.utf8)
      hash.append(number: UInt64(text.count))
      hash.append(text)
    }
    bytes = Array(hash.finalize())
  }
}

extension PieceKey: CustomStringConvertible {
  /// 64 hexadecimal digits, with small letters.
  public var description: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

extension SHA256 {
  fileprivate mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update(bufferPointer: $0) } }

  fileprivate mutating func append(number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { update(bufferPointer: $0) }
  }
}
