import Glibc

/// What an array file may claim: beyond these it is refused, with an error, before memory or time is spent on it.
///
/// docs/limits.md has the list for people.
enum ArrayLimits {
  /// More axes than NumPy allows; a file that says so is broken.
  static let axes = 64
  /// Bytes of the text in a `.npy` header: far more than three keys and 64 extents need; NumPy itself stops at 10,000.
  static let headerBytes = 1 << 16
  /// Bytes of an archive's directory: one of a hundred thousand members fits; more is a broken or hostile file.
  static let directoryBytes = 1 << 24
  /// Members of an archive.
  static let members = 1 << 17
  /// Bytes of a member's name.
  static let nameBytes = 1 << 14
  /// Bytes of a name with characters beyond ASCII: comparing names puts marks over one letter in order, in a time that
  /// grows with the square of their number.
  static let otherNameBytes = 4096
  /// Characters of an error text.
  static let errorCharacters = 2000

  /// The memory that this process can have, the machine's or less where its address space is limited; no array can be
  /// larger.
  static let processMemory: Int = {
    let machine = max(1 << 28, Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE))))
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, let bytes = Int(exactly: limit.rlim_cur)
    else {
      return machine
    }
    return min(machine, bytes)
  }()

  /// Bytes of the elements that one read delivers.
  static let deliveredBytes = processMemory / 2

  /// The most that one compressed array may inflate to: it is held in memory as long as the array is in use.
  static let inflatedBytes = min(8 << 30, processMemory / 4)

  /// The most that deflate can shrink anything: 258 bytes by two bits.
  static let largestDeflateRatio = 1032

  /// The error of an array that is larger than what may be inflated.
  static func excess(_ byteCount: String, limit: Int, name: ArrayName) -> ArrayFileError {
    name.badContent(
      "the array inflates to \(byteCount) bytes, the limit is \(limit); "
        + "store it without compression, so that it can be read in parts")
  }
}
