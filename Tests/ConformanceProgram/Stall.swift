import Glibc
import MessagePassing
import OpenMPI

/// A job in which ranks wait for longer than it allows, or nearly.
struct Stall {
  enum Kind: String {
    /// A rank stops in front of a barrier.
    case barrier
    /// A rank stops in front of a gather of large arrays, half of which have come.
    case gather
    /// A rank stops, another waits for its message, and a third for that one's.
    case chain
    /// A rank stops when its work is done, and the others wait for it at the end of the job.
    case end
    /// A rank stops while rank 0 looks for messages without waiting.
    case polling
    /// Every rank waits for a message of the next one.
    case deadlock
    /// A rank waits for a message of anybody, and nobody else waits for it.
    case alone
    /// A rank computes while the others wait: longer than they may at rank 0, shorter at any other.
    case late
    /// Rank 0 is at work for longer than the others may wait for it, and shows to be alive.
    case busy
    /// The whole job is stopped for a while.
    case suspended
  }

  private let kind: Kind
  /// The rank that it is about.
  private let culprit: Int

  init?(_ name: String, rank: Int?) {
    guard let kind = Kind(rawValue: name) else { return nil }
    self.kind = kind
    culprit = rank ?? -1
  }

  /// How long a call may wait.
  var timeout: Duration {
    switch kind {
    case .suspended: .seconds(5)
    case .late where culprit > 0: .seconds(4)
    default: .milliseconds(1500)
    }
  }

  func perform(on world: MPICommunicator) throws {
    let isCulprit = world.rank == culprit
    let previous = (world.rank + world.size - 1) % world.size
    switch kind {
    case .barrier:
      if isCulprit { stop() }
      try world.barrier()
    case .gather:
      let part = [Double](repeating: 1, count: 1 << 20)
      _ = try world.gather(part, at: 0)
      if isCulprit { stop() }
      _ = try world.gather(part, at: 0)
    case .chain:
      if isCulprit { stop() }
      if world.rank > 0 { _ = try world.receive(Int.self, from: previous, tag: 0) }
      if world.rank < world.size - 1 { try world.send([1], to: world.rank + 1, tag: 0) }
      try world.barrier()
    case .end:
      if isCulprit { stop() }
    case .polling:
      if isCulprit { stop() }
      while world.rank == 0 {
        guard try world.probeWithoutWaiting(from: nil, tag: nil) == nil else { break }
        usleep(5000)
      }
      try world.barrier()
    case .deadlock:
      _ = try world.receive(Int.self, from: (world.rank + 1) % world.size, tag: 0)
    case .alone:
      _ = try world.receive(Int.self, from: nil, tag: nil)
    case .late:
      if isCulprit { sleep(culprit == 0 ? 4 : 2) }
      // Whoever has said that it waits must have taken it back: these rounds take longer than rank 0 waits for answers.
      for _ in 0..<200 {
        try world.barrier()
        usleep(20_000)
      }
    case .busy:
      for _ in 0..<400 where world.rank == 0 {
        usleep(20_000)
        try world.attend()
      }
      try world.barrier()
    case .suspended:
      try suspendAll(world)
      try world.barrier()
    }
  }

  /// Stops this process as SIGSTOP from outside does, and says which it is.
  private func stop() {
    print("stopped \(getpid())")
    fflush(nil)
    raise(SIGSTOP)
  }

  /// Has another program stop all ranks, for longer than a call may wait. The culprit comes later than the others.
  private func suspendAll(_ world: MPICommunicator) throws {
    let processes = try world.allGather(Int(getpid())).map(String.init).joined(separator: " ")
    guard world.rank == culprit else { return }
    let script = "sleep 0.3; kill -STOP \(processes); sleep 5.5; kill -CONT \(processes)"
    var helper = pid_t()
    var status: Int32 = 0
    let words: [String] = ["sh", "-c", script]
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { arguments.forEach { free($0) } }
    guard posix_spawn(&helper, "/bin/sh", nil, nil, arguments, environ) == 0 else {
      throw Complaint(description: "no helper", exitCode: 71)
    }
    while waitpid(helper, &status, 0) < 0 && errno == EINTR {}
    usleep(2_500_000)
  }
}
