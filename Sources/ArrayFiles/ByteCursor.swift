/// Reads little-endian numbers from bytes, one after the other; beyond the end it gives `nil`.
struct ByteCursor {
  private let bytes: ArraySlice<UInt8>
  private(set) var position: Int

  init(_ bytes: some Collection<UInt8>) {
    self.bytes = ArraySlice(bytes)
    position = self.bytes.startIndex
  }

  /// The number of bytes not read yet.
  var remaining: Int { bytes.endIndex - position }

  /// The next bytes.
  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count <= remaining else { return nil }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// The next number.
  mutating func take<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) -> Number? {
    take(Number.bitWidth / 8)?.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
  }
}
