import Execution
import Foundation
import Networks
import Pipelining
import Synchronization

/// Stages as threads of one process; messages take the way over bytes that they would take between ranks.
struct ThreadLink: StageLink {
  let mailboxes: [StageMailbox]

  init(stages: Int) { mailboxes = (0..<stages).map { _ in StageMailbox() } }

  func send(_ message: StageMessage, to stage: Int) {
    do {
      mailboxes[stage].deliver(try StageMessage(bytes: message.bytes))
    } catch {
      for mailbox in mailboxes { mailbox.close(error) }
    }
  }
}

/// Threads that can be waited for.
final class Threads: @unchecked Sendable {
  private let group = DispatchGroup()

  func start(_ body: @escaping @Sendable () -> Void) {
    group.enter()
    Thread {
      body()
      self.group.leave()
    }.start()
  }

  func join() { group.wait() }
}

/// A network in stages, each with threads of its own, as ranks would run it.
struct ThreadPipeline {
  let program: PipelinedProgram
  let link: ThreadLink
  let servers: [StageServer]
  private let threads = Threads()
  let failures = Failures()

  final class Failures: Sendable {
    let errors = Mutex<[ExecutionError]>([])
  }

  init(
    _ request: ExecutionRequest, _ stages: NetworkStages, on backend: any StagedBackend, executors: Int = 1,
    serverThreads: Int = 1
  ) throws {
    link = ThreadLink(stages: stages.count)
    func program(_ stage: Int) throws -> any StageProgram {
      try StagePackage(bytes: StagePackage(request, stages, stage: stage).bytes).program(on: backend)
    }
    self.program = PipelinedProgram(
      request, try program(0), executors: executors, over: link, link.mailboxes[0])
    var servers: [StageServer] = []
    for stage in 1..<stages.count {
      let server = StageServer(
        try program(stage), stage: stage, of: stages.count, over: link, link.mailboxes[stage])
      servers.append(server)
      for _ in 0..<serverThreads {
        threads.start { [failures] in
          do throws(ExecutionError) {
            try server.serve()
          } catch {
            failures.errors.withLock { $0.append(error) }
          }
        }
      }
    }
    self.servers = servers
  }

  /// Waits for the servers to return.
  func join() { threads.join() }

  /// Lets the servers return, as a rank does when its work is done, and waits for them.
  func end() {
    let reason = ExecutionError(.failed, "the network", "no batch follows")
    for mailbox in link.mailboxes { mailbox.close(reason) }
    join()
    failures.errors.withLock { $0.removeAll { $0 == reason } }
  }
}
