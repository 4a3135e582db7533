import Execution

/// Puts numbers and arrays one behind another.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  /// Nothing yet, with room for so many bytes: growing in between would take twice the memory.
  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  mutating func put(_ number: Int) { withUnsafeBytes(of: number) { bytes += $0 } }

  /// An array of numbers of any kind.
  mutating func put<Element: BitwiseCopyable>(_ elements: [Element]) {
    put(elements.count)
    elements.withUnsafeBytes { bytes += $0 }
  }

  mutating func put(_ text: String) { put(Array(text.utf8)) }
}

/// Takes apart what a writer put together.
struct ByteReader {
  private let bytes: [UInt8]
  private var next = 0

  static let wrong = ExecutionError(.failed, "a stage of the network", "was sent a message that it cannot read")

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { next == bytes.count }

  mutating func number() throws(ExecutionError) -> Int {
    guard bytes.count - next >= MemoryLayout<Int>.size else { throw ByteReader.wrong }
    defer { next += MemoryLayout<Int>.size }
    return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: next, as: Int.self) }
  }

  mutating func array<Element: BitwiseCopyable>() throws(ExecutionError) -> [Element] {
    let count = try number()
    let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard count >= 0, !overflow, size <= bytes.count - next else { throw ByteReader.wrong }
    defer { next += size }
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      bytes[next..<next + size].withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
      initialized = count
    }
  }

  mutating func list<Element>(
    _ element: (inout ByteReader) throws(ExecutionError) -> Element
  ) throws(ExecutionError) -> [Element] {
    let count = try number()
    // Every element takes one number at least.
    guard count >= 0, count <= (bytes.count - next) / MemoryLayout<Int>.size else { throw ByteReader.wrong }
    var list: [Element] = []
    for _ in 0..<count { list.append(try element(&self)) }
    return list
  }

  mutating func text() throws(ExecutionError) -> String { String(decoding: try array() as [UInt8], as: UTF8.self) }
}
