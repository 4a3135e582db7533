import Glibc
import MessagePassing
import OpenMPI

/// Arrays of more bytes than 32 bits can count, from rank to rank.
///
/// Needs up to 4 GiB per rank, so no test runs it: `mpirun -n 2 conformance large`.
struct LargeMessages {
  private static let gibibyte = 1 << 30
  private let world: MPICommunicator

  init(_ world: MPICommunicator) {
    self.world = world
  }

  func check() throws {
    try checkBroadcast(count: Self.gibibyte * 23 / 10)
    tell("a broadcast of 2.3 GiB")
    try checkGather(count: Self.gibibyte * 12 / 10)
    tell("a gather of 1.2 GiB of each rank")
  }

  private func checkBroadcast(count: Int) throws {
    var bytes = world.rank == 0 ? content(count, seed: 0) : []
    try world.broadcast(&bytes, from: 0)
    try check(bytes, count: count, seed: 0)
  }

  private func checkGather(count: Int) throws {
    let parts = try world.gather(content(count, seed: world.rank), at: 0)
    for (rank, part) in (parts ?? []).enumerated() { try check(part, count: count, seed: rank) }
  }

  /// Bytes that repeat after a prime number of places, so that no piece looks like its neighbour.
  private func content(_ count: Int, seed: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      for place in 0..<count { buffer[place] = UInt8(truncatingIfNeeded: (place + seed) % 251) }
      initialized = count
    }
  }

  private func check(_ bytes: [UInt8], count: Int, seed: Int) throws {
    guard bytes.count == count else {
      throw Complaint(description: "\(bytes.count) bytes instead of \(count)", exitCode: 1)
    }
    let wrong = bytes.withUnsafeBufferPointer { bytes in
      bytes.indices.first { bytes[$0] != UInt8(truncatingIfNeeded: ($0 + seed) % 251) }
    }
    if let wrong { throw Complaint(description: "wrong byte at \(wrong) of \(count)", exitCode: 1) }
  }

  /// Says what came over, and the most memory that this process has had so far.
  private func tell(_ what: String) {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    print("rank \(world.rank): \(what) is whole; at most \(usage.ru_maxrss >> 10) MiB of memory")
    fflush(nil)
  }
}
