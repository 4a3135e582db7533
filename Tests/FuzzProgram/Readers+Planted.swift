import Glibc

/// Readers with a fault, to see that each kind of fault is noticed and named.
extension FuzzReader {
  static let planted: [FuzzReader] = [
    failing("planted-trap") { bytes in
      let number = bytes.reduce(UInt8(0)) { $0 &+ $1 }
      return Int8(exactly: number).map { $0 + 100 > 0 } ?? true
    },
    failing("planted-hang") { bytes in
      while bytes.contains(0xFF) { _ = getppid() }
      return true
    },
    failing("planted-wait") { bytes in
      if bytes.contains(0xFF) { sleep(1_000_000) }
      return true
    },
    failing("planted-memory") { bytes in
      let size = bytes.contains(0xFF) ? 1 << 40 : 1
      return [UInt8](repeating: 1, count: size).count == size
    },
    failing("planted-nothing") { _ in true },
  ]

  private static func failing(_ name: String, read: @escaping @Sendable ([UInt8]) -> Bool) -> FuzzReader {
    FuzzReader(
      name: name, seeds: [[1, 2, 3], [4, 5]], damaged: { ByteMutation.changed($0.pick($1), &$0, others: $1) },
      accepts: { bytes, _ in read(bytes) })
  }
}
