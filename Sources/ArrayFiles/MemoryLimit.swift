import Glibc

/// How much memory a file may ask for, so that a few hostile bytes cannot take all of it.
enum MemoryLimit {
  /// The machine's memory; no array can be larger.
  static let physicalBytes = max(1 << 30, Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE))))

  /// The most that one compressed array may inflate to: it is held in memory as long as the array is in use.
  static let inflatedBytes = min(8 << 30, physicalBytes / 2)

  /// The most that deflate can shrink anything: 258 bytes by two bits.
  static let largestDeflateRatio = 1032

  /// The error of an array that is larger than what may be inflated.
  static func excess(_ byteCount: String, limit: Int, name: ArrayName) -> ArrayFileError {
    name.badContent(
      "the array inflates to \(byteCount) bytes, the limit is \(limit); "
        + "store it without compression, so that it can be read in parts")
  }
}
