/// An amount of memory as people write it: bytes, or with K, M, G, T (powers of 1024; KiB and KB mean the same).
struct MemorySize: OptionValue {
  /// Bytes.
  let bytes: Int

  static let expected = "an amount of memory like 2G, 512M or a number of bytes"

  init?(argument: String) {
    let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits), number > 0 else { return nil }
    let units = ["": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40]
    var unit = argument.dropFirst(digits.count).drop { $0 == " " }.lowercased()
    if unit.count > 1 { unit = String(unit.prefix(1)) + (["b", "ib"].contains(unit.dropFirst()) ? "" : "?") }
    guard let power = units[unit], let bytes = Int(exactly: (number * Double(1 << power)).rounded()) else { return nil }
    self.bytes = bytes
  }
}
