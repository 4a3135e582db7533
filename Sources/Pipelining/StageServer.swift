public import Execution
import MessagePassing

/// The work of a rank that holds a stage behind the first one.
///
/// Batches are in it between their values and their gradients; of each it keeps only what the stage before handed over.
/// `@unchecked Sendable`: all that changes does so inside its monitor.
public final class StageServer: @unchecked Sendable {
  private let program: any StageProgram
  private let stage: Int
  private let isLast: Bool
  private let link: any StageLink
  private let mailbox: StageMailbox
  private let monitor = Monitor()
  private var kept: [Int: Kept] = [:]
  private var underWork = 0
  private var finished = 0

  /// What is kept of a batch until its gradients come.
  private struct Kept {
    let values: [UInt8]
    let batch: Batch
  }

  /// A stage ready to serve.
  /// - Parameters:
  ///   - program: the stage compiled.
  ///   - count: how many stages there are.
  ///   - mailbox: where this rank's messages are delivered.
  public init(_ program: any StageProgram, stage: Int, of count: Int, over link: any StageLink, _ mailbox: StageMailbox)
  {
    precondition((1..<count).contains(stage), "stage \(stage) of \(count)")
    self.program = program
    self.stage = stage
    isLast = stage == count - 1
    self.link = link
    self.mailbox = mailbox
  }

  /// Runs batches until the mailbox is closed. Several threads may call it: each makes an executor of its own, and they
  /// share the batches.
  /// - Throws: what the mailbox was closed with, or `ExecutionError` when memory runs out. What is wrong with a batch is
  ///   told to the first stage instead.
  public func serve() throws(ExecutionError) -> Never {
    let executor = try program.makeExecutor()
    while true {
      let message = try mailbox.next()
      monitor.locked { underWork += 1 }
      defer {
        monitor.locked {
          underWork -= 1
          finished += 1
        }
      }
      switch message.content {
      case .values(let values, let sampleCount, let targets):
        let batch = Batch(inputs: [], targets: targets, sampleCount: sampleCount)
        begin(message.batch, batch, values, on: executor)
      case .gradients(let gradients, let results): finish(message.batch, gradients, results, on: executor)
      case .failure:
        _ = take(message.batch)
        link.send(message, to: stage - 1)
      }
    }
  }

  /// Messages that wait for a thread or are worked on, and those that are done with.
  public var load: (held: Int, finished: Int) {
    let waiting = mailbox.count
    return monitor.locked { (waiting + underWork, finished) }
  }

  private func begin(_ number: Int, _ batch: Batch, _ values: [UInt8], on executor: any StageExecutor) {
    do throws(ExecutionError) {
      guard !isLast else {
        let result = try executor.complete(batch, values, gradients: [])
        return answer(number, result, [])
      }
      let next = try executor.forward(batch, values)
      // Nothing is computed on the way back through a stage that no gradients reach.
      let kept = Kept(values: program.traffic.gradientsIn > 0 ? values : [], batch: batch)
      monitor.locked { self.kept[number] = kept }
      link.send(
        StageMessage(batch: number, .values(next, sampleCount: batch.sampleCount, targets: batch.targets)),
        to: stage + 1)
    } catch {
      link.send(StageMessage(batch: number, .failure(error)), to: stage - 1)
    }
  }

  private func finish(
    _ number: Int, _ gradients: [UInt8], _ results: [StageResult], on executor: any StageExecutor
  ) {
    guard let kept = take(number) else {
      let error = ExecutionError(.failed, "stage \(stage)", "was sent gradients of a batch that it does not know")
      return link.send(StageMessage(batch: number, .failure(error)), to: stage - 1)
    }
    guard program.traffic.gradientsIn > 0 else {
      return link.send(StageMessage(batch: number, .gradients([], results: results)), to: stage - 1)
    }
    do throws(ExecutionError) {
      answer(number, try executor.complete(kept.batch, kept.values, gradients: gradients), results)
    } catch {
      link.send(StageMessage(batch: number, .failure(error)), to: stage - 1)
    }
  }

  private func answer(_ number: Int, _ result: StageResult, _ others: [StageResult]) {
    link.send(
      StageMessage(batch: number, .gradients(result.gradients, results: others + [result.withoutGradients])),
      to: stage - 1)
  }

  /// How many batches are between their values and their gradients.
  var batchesUnderWay: Int { monitor.locked { kept.count } }

  private func take(_ number: Int) -> Kept? { monitor.locked { kept.removeValue(forKey: number) } }
}

extension StageResult {
  /// What is left for the first stage once the gradients have gone to the stage before.
  fileprivate var withoutGradients: StageResult {
    StageResult(
      losses: losses, outputs: outputs, products: products, inputGradients: inputGradients, gradients: [])
  }
}
