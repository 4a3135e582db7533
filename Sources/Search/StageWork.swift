import Configuration
import Execution
import MessagePassing
import Pipelining
import Synchronization
import WorkSharing

/// One rank's part in a network whose stages several ranks hold: its stage, and the messages to its neighbours.
final class StageWork: SideTraffic, Sendable {
  private let courier: StageCourier
  private let server: StageServer?
  /// Threads that run batches through this stage for others.
  private let threadCount: Int
  private let failure = Mutex<(any Error)?>(nil)
  private let configuration: SearchConfiguration

  /// The work of a rank that holds the first stage.
  static func first(
    _ program: any StageProgram, of package: StagePackage, firstRank: Int, executors: Int,
    _ configuration: SearchConfiguration
  ) -> (work: StageWork, program: PipelinedProgram) {
    let courier = StageCourier(stage: 0, of: package.stages.count, firstRank: firstRank)
    let whole = PipelinedProgram(
      package.request, program, executors: executors, over: courier, courier.mailbox)
    return (StageWork(courier, nil, threadCount: 0, configuration), whole)
  }

  /// The work of a rank that holds a later stage.
  convenience init(
    _ program: any StageProgram, of package: StagePackage, firstRank: Int, threads: Int,
    _ configuration: SearchConfiguration
  ) {
    let (stage, count) = (package.stage, package.stages.count)
    let courier = StageCourier(stage: stage, of: count, firstRank: firstRank)
    let server = StageServer(program, stage: stage, of: count, over: courier, courier.mailbox)
    self.init(courier, server, threadCount: threads, configuration)
  }

  private init(
    _ courier: StageCourier, _ server: StageServer?, threadCount: Int, _ configuration: SearchConfiguration
  ) {
    self.courier = courier
    self.server = server
    self.threadCount = threadCount
    self.configuration = configuration
  }

  /// Runs `body`, which exchanges the messages, while threads of this rank serve others; they end with it.
  func serving(_ body: () throws -> Void) throws {
    var threads: [RankThread] = []
    defer {
      end()
      for thread in threads { thread.join() }
    }
    if let server {
      for _ in 0..<threadCount { threads.append(try RankThread { [self] in serve(server) }) }
    }
    do {
      try body()
    } catch {
      // The thread that hangs may be one of these, and nobody could wait for it.
      if (error as? CommunicationError)?.kind == .stalled {
        for thread in threads { thread.leave() }
        threads = []
      }
      throw error
    }
  }

  private func serve(_ server: StageServer) {
    do {
      try server.serve()
    } catch {
      guard !courier.mailbox.isClosed else { return }
      failure.withLock { $0 = $0 ?? SearchError(error, in: configuration) }
    }
  }

  // MARK: Traffic

  func begin(wake: @escaping @Sendable () -> Void) { courier.begin(wake: wake) }

  func exchange(on world: any Communicator) throws -> Bool {
    if let failure = failure.withLock({ $0 }) { throw failure }
    return try courier.exchange(on: world)
  }

  var held: Int { server?.load.held ?? 0 }

  var beats: Int { server?.load.finished ?? 0 }

  var isWaiting: Bool { courier.mailbox.isAwaited }

  func abandon() { end() }

  func end() {
    courier.mailbox.close(
      ExecutionError(.failed, configuration.model.path, "the run ends while a batch is at another rank"))
  }
}
