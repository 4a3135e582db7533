import FoundationEssentials
import Glibc
import MessagePassing

/// Carries out commands until there are no more. All ranks get the same ones; rank 0 answers.
///
/// - `run COUNT`: `{"seconds": …}` for COUNT batches on every worker of every rank, from the first's start to the last's
///   end.
/// - `memory`: `{"peak": …, "before": …}`, bytes of all ranks together: the most that was resident so far, and what was
///   when nothing was loaded.
/// - `results`, `profile`: what the workload says.
struct Session<Subject: Workload> {
  /// A command that is none.
  struct CommandError: Error, CustomStringConvertible {
    let description: String
  }

  private struct Duration: Encodable {
    let seconds: Double
  }

  private struct MemoryUse: Encodable {
    let peak: Int64
    let before: Int64
  }

  private let workload: Subject
  private let commands: CommandSource
  private let memoryBefore: Int
  private let world: any Communicator

  init(_ workload: Subject, _ commands: CommandSource, memoryBefore: Int, on world: any Communicator) {
    self.workload = workload
    self.commands = commands
    self.memoryBefore = memoryBefore
    self.world = world
  }

  func serve() throws {
    try answer(workload.description)
    while let words = commands.next() {
      switch words.first {
      case "run":
        guard words.count == 2, let count = Int(words[1]), count > 0 else {
          throw CommandError(description: "'\(words.joined(separator: " "))', expected 'run COUNT'")
        }
        try answer(Duration(seconds: try seconds(of: count)))
      case "memory":
        let parts = try world.gather([Int64(ProcessMemory.peak), Int64(memoryBefore)], at: 0) ?? []
        try answer(MemoryUse(peak: parts.reduce(0) { $0 + $1[0] }, before: parts.reduce(0) { $0 + $1[1] }))
      case "results": try answer(try workload.results())
      case "profile": try answer(try workload.profile())
      default: throw CommandError(description: "unknown command '\(words.joined(separator: " "))'")
      }
    }
  }

  private func seconds(of count: Int) throws -> Double {
    try world.barrier()
    let taken = try ContinuousClock().measure {
      try workload.run(count)
      try world.barrier()
    }
    return taken / .seconds(1)
  }

  private func answer(_ answer: some Encodable) throws {
    guard world.rank == 0 else { return }
    var line = Array(try JSONEncoder().encode(answer))
    line.append(UInt8(ascii: "\n"))
    var rest = line[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      guard count > 0 else { throw CommandError(description: "cannot write the answer") }
      rest = rest.dropFirst(count)
    }
  }
}
