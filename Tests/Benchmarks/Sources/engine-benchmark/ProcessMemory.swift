import Glibc

/// What the kernel says of this process's memory, in bytes; 0 where it says nothing.
enum ProcessMemory {
  /// The most that was resident at once.
  static var peak: Int { value("VmHWM:") }

  /// What is resident now.
  static var resident: Int { value("VmRSS:") }

  private static func value(_ key: String) -> Int {
    guard let file = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(line) }
    while getline(&line, &capacity, file) >= 0, let line {
      let words = String(cString: line).split { $0.isWhitespace }
      if words.first.map(String.init) == key, words.count > 1 { return (Int(words[1]) ?? 0) * 1024 }
    }
    return 0
  }
}
