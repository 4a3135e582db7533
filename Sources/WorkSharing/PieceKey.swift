import Digests

/// What the result of a piece of work depends on, as one SHA-256.
///
/// Two pieces have one key only if all that they depend on is the same, text by text: where a text ends is part of what is
/// hashed.
public struct PieceKey: Hashable, Sendable {
  /// The 32 bytes of the digest.
  let bytes: [UInt8]

  /// Bytes of a key.
  static let byteCount = SHA256.byteCount

  /// The key of texts in their order.
  public init(_ parts: [String]) { self.init(above: nil, parts) }

  /// The key that 64 hexadecimal digits spell as `description` does, with small letters; `nil` for any other text.
  public init?(hexadecimal text: String) {
    guard let bytes = SHA256.digest(hexadecimal: text) else { return nil }
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
    let hash = SHA256()
    hash.append(number: UInt64(above == nil ? 0 : 1))
    if let above { hash.append(above.bytes) }
    for part in parts {
      let text = Array(part.utf8)
      hash.append(number: UInt64(text.count))
      hash.append(text)
    }
    bytes = hash.digest
  }
}

extension PieceKey: CustomStringConvertible {
  /// 64 hexadecimal digits, with small letters.
  public var description: String { SHA256.hexadecimal(bytes) }
}

extension SHA256 {
  fileprivate func append(number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { append($0) }
  }
}
