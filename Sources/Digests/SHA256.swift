private import COpenSSL

/// The SHA-256 (FIPS 180-4) of bytes that come one after the other.
///
/// libcrypto computes it, with the instructions that the processor has for it.
public final class SHA256 {
  /// Bytes of a digest.
  public static let byteCount = 32

  /// Nothing goes by the system's settings of the library; and as others may be at work when the program exits, it does not
  /// take itself down then.
  private static let isReady =
    OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT), nil) == 1

  private let context: OpaquePointer

  /// Of no bytes yet.
  public init() {
    guard SHA256.isReady, let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("libcrypto computes no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Adds bytes behind those before.
  public func append(_ bytes: UnsafeRawBufferPointer) {
    check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
  }

  /// Adds bytes behind those before.
  public func append(_ bytes: some Collection<UInt8>) {
    if bytes.withContiguousStorageIfAvailable({ append(UnsafeRawBufferPointer($0)) }) == nil { append(Array(bytes)) }
  }

  /// The 32 bytes of the digest of what was added; more may be added afterwards.
  public var digest: [UInt8] {
    guard let copy = EVP_MD_CTX_new() else { fatalError("libcrypto has no memory") }
    defer { EVP_MD_CTX_free(copy) }
    check(EVP_MD_CTX_copy_ex(copy, context))
    return [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { bytes, count in
      check(EVP_DigestFinal_ex(copy, bytes.baseAddress, nil))
      count = SHA256.byteCount
    }
  }

  /// The digest as 64 hexadecimal digits, with small letters.
  public var hexadecimal: String { SHA256.hexadecimal(digest) }

  /// Two hexadecimal digits a byte, with small letters.
  public static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The digest that 64 hexadecimal digits spell as `hexadecimal` does, with small letters; `nil` for any other text.
  public static func digest(hexadecimal text: String) -> [UInt8]? {
    let digits = text.utf8.map { character -> UInt8? in
      switch character {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
      default: nil
      }
    }
    guard digits.count == 2 * byteCount else { return nil }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[place], let low = digits[place + 1] else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  /// Only memory can be wanting.
  private func check(_ status: Int32) {
    guard status == 1 else { fatalError("libcrypto computes no SHA-256") }
  }
}
