import Glibc

/// Memory that the host of a virtual machine has given.
///
/// It gives a page when the page is touched for the first time, which takes several times as long as clearing it: a
/// property of this machine, not of the hosts of a cluster. What was touched lately is still there for whoever takes it.
enum ReadyMemory {
  private static let byteCount = 3 << 29
  private static let pageSize = 4096

  /// Touches more memory than a search takes, and gives it back to the system.
  static func touch() {
    let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else { return }
    for offset in stride(from: 0, to: byteCount, by: pageSize) {
      memory.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
    }
    munmap(memory, byteCount)
  }
}
