import Execution
import MessagePassing

/// Executors of one stage that several threads share.
///
/// `@unchecked Sendable`: all that changes does so inside its monitor, and an executor is used by one thread at a time.
final class StageExecutorPool: @unchecked Sendable {
  private let program: any StageProgram
  private let monitor = Monitor()
  private var idle: [any StageExecutor] = []
  /// How many may still be made.
  private var unmade: Int
  private var urgent = 0

  init(_ program: any StageProgram, most: Int) {
    self.program = program
    unmade = most
  }

  /// Runs `body` with an executor that nobody else uses meanwhile.
  /// - Parameter urgently: whether it goes before those that are not: a batch is finished before another one is begun.
  func use<Result>(
    urgently isUrgent: Bool, _ body: (any StageExecutor) throws(ExecutionError) -> Result
  ) throws(ExecutionError) -> Result {
    let executor = try take(isUrgent)
    defer {
      monitor.locked {
        idle.append(executor)
        monitor.wakeAll()
      }
    }
    return try body(executor)
  }

  private func take(_ isUrgent: Bool) throws(ExecutionError) -> any StageExecutor {
    let found = monitor.locked { () -> (any StageExecutor)? in
      if isUrgent { urgent += 1 }
      defer {
        if isUrgent {
          urgent -= 1
          monitor.wakeAll()
        }
      }
      while true {
        if isUrgent || urgent == 0 {
          if let executor = idle.popLast() { return executor }
          if unmade > 0 {
            unmade -= 1
            return nil
          }
        }
        monitor.wait()
      }
    }
    if let found { return found }
    do throws(ExecutionError) {
      return try program.makeExecutor()
    } catch {
      monitor.locked {
        unmade += 1
        monitor.wakeAll()
      }
      throw error
    }
  }
}
