/// What a file is called until it is whole.
enum TemporaryName {
  private static let (start, end) = (".prune-cluster-", ".tmp")

  /// A name that nobody uses, as far as chance can tell.
  ///
  /// Not derived from the final name, which may be as long as a name can be.
  static var random: String { start + String(UInt64.random(in: .min ... .max), radix: 36) + end }

  /// Whether a name is one of these.
  static func matches(_ name: String) -> Bool {
    guard name.hasPrefix(start), name.hasSuffix(end), name.utf8.count > start.utf8.count + end.utf8.count else {
      return false
    }
    let digits = name.dropFirst(start.count).dropLast(end.count)
    guard let number = UInt64(digits, radix: 36) else { return false }
    return String(number, radix: 36) == digits
  }
}
