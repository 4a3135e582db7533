extension PieceKey {
  /// How many numbers a packed key has.
  public static let packedCount = byteCount / 4

  /// The key as whole numbers below 2³², to be sent along with a piece's values.
  public var packed: [Double] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      Double(bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
    }
  }

  /// The key that was packed, or `nil` when these are no such numbers.
  public init?(packed: some Collection<Double>) {
    guard packed.count == PieceKey.packedCount else { return nil }
    var bytes: [UInt8] = []
    for number in packed {
      guard let word = UInt32(exactly: number) else { return nil }
      bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) }
    }
    self.init(bytes: bytes)
  }
}
