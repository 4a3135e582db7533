import Execution
import ExecutorContract
import Foundation
import Networks
import OneDNN
import Synchronization
import Testing

@testable import Pipelining

@Suite(.timeLimit(.minutes(30))) struct PipelineTests {
  /// A residual network with a gate, whose values cross several stages.
  static let problem: OperatorProblem = {
    var b = ProblemBuilder(name: "residual", batchSize: 2, sampleCount: 2, seed: 9)
    let stem = b.unary(.relu, b.convolution(b.input([3, 8, 8]), to: 8, kernel: [3, 3], padsBegin: [1, 1]))
    b.observe(stem)
    var x = stem
    for _ in 0..<3 {
      let branch = b.convolution(x, to: 8, kernel: [3, 3], padsBegin: [1, 1])
      b.observe(branch)
      x = b.unary(.relu, b.binary(.add, branch, x))
    }
    let gate = b.unary(.sigmoid, b.convolution(b.reduce(.mean, x, axes: [2, 3]), to: 8, kernel: [1, 1]))
    let last = b.binary(.add, b.binary(.multiply, x, gate), stem)
    let logits = b.linear(b.flatten(last), to: 5)
    return b.problem(output: logits, loss: .crossEntropy)
  }()

  /// Batches that are all different.
  static let batches: [Batch] = (0..<12).map { number in
    let whole = problem.batch
    return Batch(
      inputs: whole.inputs.map { $0.map { $0 + Float(number) / 8 } },
      targets: .classes([number % 5, (number + 2) % 5]),
      sampleCount: 1 + number % 2)
  }

  @Test(arguments: [2, 3, 4, 6], [1, 2])
  func `batches in flight from several threads give the bits of the whole network`(count: Int, threads: Int) throws {
    for backend in [OneDNNBackend(), ReferenceBackend()] as [any StagedBackend] {
      let request = Self.problem.request
      let whole = try backend.compile(request)
      let expected = try Self.batches.map { try whole.evaluate($0) }
      let pipeline = try ThreadPipeline(
        request, NetworkStages(request, count: count), on: backend, executors: threads, serverThreads: threads)
      let found = Mutex<[Int: Evaluation]>([:])
      let feeders = Threads()
      for first in 0..<4 {
        feeders.start {
          guard let executor = try? pipeline.program.makeExecutor() else { return }
          for number in stride(from: first, to: Self.batches.count, by: 4) {
            let evaluation = try? executor.evaluate(Self.batches[number])
            found.withLock { $0[number] = evaluation }
          }
        }
      }
      feeders.join()
      pipeline.end()
      for (number, one) in expected.enumerated() {
        let evaluation = try #require(found.withLock { $0[number] }, "batch \(number)")
        #expect(evaluation.firstDifference(from: one) == nil, "batch \(number)")
      }
      #expect(pipeline.servers.allSatisfy { $0.batchesUnderWay == 0 })
      #expect(pipeline.failures.errors.withLock { $0 } == [])
    }
  }

  @Test func `a batch that the last stage refuses fails alone`() throws {
    let request = Self.problem.request
    let pipeline = try ThreadPipeline(request, NetworkStages(request, count: 3), on: OneDNNBackend())
    let executor = try pipeline.program.makeExecutor()
    let wrong = Batch(inputs: Self.problem.batch.inputs, targets: .classes([0, 99]), sampleCount: 2)
    let whole = try OneDNNBackend().compile(request)
    let expected = #expect(throws: ExecutionError.self) { try whole.evaluate(wrong) }
    let found = #expect(throws: ExecutionError.self) { try executor.evaluate(wrong) }
    #expect(found == expected)
    #expect(pipeline.servers.allSatisfy { $0.batchesUnderWay == 0 })
    let next = try executor.evaluate(Self.problem.batch)
    #expect(next.firstDifference(from: try whole.evaluate(Self.problem.batch)) == nil)
    pipeline.end()
  }

  @Test func `a closed mailbox fails everybody who waits for it`() throws {
    let request = Self.problem.request
    let pipeline = try ThreadPipeline(request, NetworkStages(request, count: 3), on: OneDNNBackend())
    let lost = ExecutionError(.failed, "rank 2", "was lost")
    // The last stage's mailbox is closed: its server ends, and no answer ever comes.
    pipeline.link.mailboxes[2].close(lost)
    let caught = Mutex<ExecutionError?>(nil)
    let feeder = Threads()
    feeder.start {
      do throws(ExecutionError) {
        _ = try pipeline.program.makeExecutor().evaluate(Self.problem.batch)
      } catch {
        caught.withLock { $0 = error }
      }
    }
    Thread.sleep(forTimeInterval: 0.05)
    for mailbox in pipeline.link.mailboxes { mailbox.close(lost) }
    feeder.join()
    pipeline.join()
    #expect(caught.withLock { $0 } == lost)
    #expect(pipeline.failures.errors.withLock { $0 } == [lost, lost])
  }

  @Test func `gradients go before values`() throws {
    let mailbox = StageMailbox()
    mailbox.deliver(StageMessage(batch: 1, .values([1], sampleCount: 1, targets: .none)))
    mailbox.deliver(StageMessage(batch: 2, .gradients([2], results: [])))
    #expect(try mailbox.next().batch == 2)
    #expect(try mailbox.next().batch == 1)
    #expect(mailbox.count == 0)
  }

  @Test func `what this rank holds is its stage, shared by all batches in flight`() throws {
    let request = Self.problem.request
    let stages = try NetworkStages(request, count: 3)
    let link = ThreadLink(stages: 3)
    let first = try OneDNNBackend().program(for: request, stage: 0, of: stages, executorLimit: nil)
    let program = PipelinedProgram(request, first, executors: 2, over: link, link.mailboxes[0])
    #expect(program.memory.shared == first.memory.shared + 2 * first.memory.perExecutor)
    #expect(program.memory.perExecutor == first.traffic.valuesOut + first.traffic.gradientsIn)
  }
}
