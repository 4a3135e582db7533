import Glibc
import Execution

/// Bytes that begin on a cache line: kernels choose their path by alignment, so all memory has one.
///
/// Whoever writes does so before others are told of it: what several threads share is not written again.
final class AlignedMemory: @unchecked Sendable {
  /// The bytes.
  let bytes: UnsafeMutableRawBufferPointer

  /// The alignment of every array, in bytes.
  static let alignment = 64

  /// Memory of `count` bytes, not initialised.
  /// - Throws: `ExecutionError` naming `place` when there is not so much.
  init(count: Int, for place: String) throws(ExecutionError) {
    var address: UnsafeMutableRawPointer?
    guard posix_memalign(&address, Self.alignment, max(count, 1)) == 0, let address else {
      throw ExecutionError(.failed, place, "cannot allocate \(count) bytes")
    }
    bytes = UnsafeMutableRawBufferPointer(start: address, count: count)
  }

  /// Memory that holds `values`.
  convenience init(copying values: [Float], for place: String) throws(ExecutionError) {
    try self.init(count: values.count * MemoryLayout<Float>.stride, for: place)
    values.withUnsafeBytes { bytes.copyMemory(from: $0) }
  }

  /// What it holds, as float32.
  var constantFloats: UnsafePointer<Float> {
    // posix_memalign gave an address, so the buffer has one.
    UnsafePointer(bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self))
  }

  deinit { free(bytes.baseAddress) }
}

/// Names a buffer of one compiled network.
struct BufferID: Hashable {
  /// The index into the plan's buffers.
  let index: Int
}

/// Where buffers lie in an executor's memory. Buffers whose use does not overlap in time share bytes.
struct MemoryPlan {
  /// A buffer to place: its size and the first and last step that touch it.
  struct Request {
    /// Bytes.
    let size: Int
    /// The first step that touches it.
    var first: Int
    /// The last step that touches it.
    var last: Int
  }

  /// Per buffer the first byte.
  let offsets: [Int]
  /// Bytes in all.
  let size: Int

  /// Places the largest first, each at the lowest address that is free throughout its use.
  ///
  /// - Returns: `nil` when the sum of the sizes overflows.
  init?(_ requests: [Request]) {
    var offsets = [Int](repeating: 0, count: requests.count)
    var placed: [Int] = []
    var end = 0
    let order = requests.indices.sorted { (requests[$0].size, -$0) > (requests[$1].size, -$1) }
    for index in order {
      let request = requests[index]
      let (padded, overflow) = request.size.addingReportingOverflow(AlignedMemory.alignment - 1)
      guard !overflow else { return nil }
      let size = padded / AlignedMemory.alignment * AlignedMemory.alignment
      var offset = 0
      // `placed` ascends by address, so one pass finds the first gap.
      for other in placed where requests[other].first <= request.last && request.first <= requests[other].last {
        let (needed, overflow) = offset.addingReportingOverflow(size)
        guard !overflow else { return nil }
        if needed <= offsets[other] { break }
        let blockEnd = offsets[other] + requests[other].size
        let aligned = (blockEnd + AlignedMemory.alignment - 1) / AlignedMemory.alignment * AlignedMemory.alignment
        offset = max(offset, aligned)
      }
      let (bufferEnd, endOverflow) = offset.addingReportingOverflow(size)
      guard !endOverflow else { return nil }
      offsets[index] = offset
      end = max(end, bufferEnd)
      let place = placed.firstIndex { offsets[$0] > offset } ?? placed.count
      placed.insert(index, at: place)
    }
    self.offsets = offsets
    size = end
  }
}

/// The buffers of one executor at their addresses, and the calls that were prepared for these.
final class Memory {
  /// The first byte.
  private let base: UnsafeMutableRawPointer
  /// Per buffer the first byte behind `base`.
  private let offsets: [Int]
  private let arena: AlignedMemory
  /// Calls of oneDNN, by number.
  var calls: [KernelCall?]

  /// Buffers as planned.
  /// - Throws: `ExecutionError` naming `place` when there is not so much memory.
  init(_ plan: MemoryPlan, callCount: Int, for place: String) throws(ExecutionError) {
    arena = try AlignedMemory(count: plan.size, for: place)
    guard let base = arena.bytes.baseAddress else { throw ExecutionError(.failed, place, "no memory") }
    self.base = base
    offsets = plan.offsets
    calls = [KernelCall?](repeating: nil, count: callCount)
  }

  /// A buffer's bytes.
  func raw(_ buffer: BufferID) -> UnsafeMutableRawPointer { base + offsets[buffer.index] }

  /// A buffer of float32.
  func floats(_ buffer: BufferID) -> UnsafeMutablePointer<Float> {
    raw(buffer).assumingMemoryBound(to: Float.self)
  }

  /// A buffer of float64.
  func doubles(_ buffer: BufferID) -> UnsafeMutablePointer<Double> {
    raw(buffer).assumingMemoryBound(to: Double.self)
  }

  /// A buffer of window positions.
  func positions(_ buffer: BufferID) -> UnsafeMutablePointer<Int32> {
    raw(buffer).assumingMemoryBound(to: Int32.self)
  }
}
