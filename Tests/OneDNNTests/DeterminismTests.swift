import Execution
import ExecutorContract
import Foundation
import Networks
import OneDNN
import Synchronization
import Testing

@Suite struct DeterminismTests {
  /// Convolutions that take several of oneDNN's kernels, and one of every kind of our own.
  static let problem: OperatorProblem = {
    var b = ProblemBuilder(name: "all kinds", batchSize: 4, sampleCount: 4, seed: 5)
    let stem = b.unary(
      .relu, b.convolution(b.input([3, 17, 19]), to: 24, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1]))
    b.observe(stem)
    let depth = b.unary(.hardSwish, b.convolution(stem, to: 24, kernel: [3, 3], padsBegin: [1, 1], groups: 24))
    b.observe(depth)
    let gate = b.unary(.sigmoid, b.convolution(b.mean(depth, axes: [2, 3]), to: 24, kernel: [1, 1]))
    let joined = b.binary(.add, stem, b.binary(.multiply, depth, gate))
    let pooled = b.pool(.max, joined, kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1])
    let wide = b.convolution(pooled, to: 67, kernel: [3, 3], padsBegin: [1, 1])
    b.observe(wide)
    let bent = b.groupNormalization(b.unary(.gelu(isApproximate: false), wide), groups: 67)
    let finer = b.convolutionTranspose(bent, to: 20, kernel: [2, 2], strides: [2, 2])
    b.observe(finer)
    let rows = b.layerNormalization(b.reshape(finer, [4, 20, b.shape(finer).count / 80]), axis: 2)
    let weights = b.softmax(b.matrixProduct(rows, b.transpose(rows, [0, 2, 1])), axis: 2)
    let mixed = b.matrixProduct(weights, rows)
    let features = b.binary(
      .maximum, b.reduce(.l2, mixed, axes: [2], kept: false), b.reduce(.max, rows, axes: [2], kept: false))
    let logits = b.linear(features, to: 10)
    b.observe(logits)
    return b.problem(output: logits, loss: .crossEntropy)
  }()

  static func bits(_ evaluation: Evaluation) -> [UInt64] {
    let weights = evaluation.weightProducts.flatMap { [$0.outputMagnitudes, $0.inputSums, $0.inputMagnitudes] }
    let doubles = [evaluation.losses] + evaluation.products + evaluation.inputGradients + weights
    return evaluation.outputs[0].map { UInt64($0.bitPattern) } + doubles.flatMap { $0.map(\.bitPattern) }
  }

  static func run() throws -> [UInt64] {
    bits(try OneDNNBackend().compile(problem.request).evaluate(problem.batch))
  }

  @Test func `gives the same bits again, whatever ran in between`() throws {
    let executor = try OneDNNBackend().compile(Self.problem.request)
    let batch = Self.problem.batch
    let other = Batch(inputs: batch.inputs.map { $0.map { 3 - 2 * $0 } }, targets: batch.targets, sampleCount: 2)
    let first = Self.bits(try executor.evaluate(batch))
    let between = Self.bits(try executor.evaluate(other))
    #expect(Self.bits(try executor.evaluate(batch)) == first)
    #expect(Self.bits(try executor.evaluate(other)) == between)
    #expect(Array(between.prefix(first.count)) != first)
  }

  @Test func `gives the same bits from every executor`() throws {
    #expect(try Self.run() == Self.run())
  }

  @Test(.timeLimit(.minutes(30)), arguments: [1, 2, 5])
  func `gives the same bits on every worker, however many run`(workers: Int) throws {
    let expected = try Self.run()
    let results = Mutex<[[UInt64]]>([])
    let threads = (0..<workers).map { _ in
      Thread {
        let found = try? Self.run()
        results.withLock { $0.append(found ?? []) }
      }
    }
    for thread in threads { thread.start() }
    while results.withLock({ $0.count }) < workers { Thread.sleep(forTimeInterval: 0.01) }
    for found in results.withLock({ $0 }) { #expect(found == expected) }
  }

  @Test func `runs on a thread other than the one that compiled it`() throws {
    // An executor belongs to one thread at a time: the box only carries it over.
    final class Box: @unchecked Sendable {
      let executor: any NetworkExecutor
      init(_ executor: any NetworkExecutor) { self.executor = executor }
    }
    let box = Box(try OneDNNBackend().compile(Self.problem.request))
    let result = Mutex<[UInt64]?>(nil)
    let thread = Thread {
      let found = (try? box.executor.evaluate(Self.problem.batch)).map(Self.bits)
      result.withLock { $0 = found ?? [] }
    }
    thread.start()
    while result.withLock({ $0 }) == nil { Thread.sleep(forTimeInterval: 0.01) }
    #expect(result.withLock { $0 } == (try Self.run()))
  }

  @Test func `a sample's figures do not depend on how many samples count`() throws {
    let executor = try OneDNNBackend().compile(Self.problem.request)
    let batch = Self.problem.batch
    let all = try executor.evaluate(batch)
    let two = try executor.evaluate(Batch(inputs: batch.inputs, targets: batch.targets, sampleCount: 2))
    #expect(two.losses == Array(all.losses.prefix(2)))
    #expect(two.outputs[0] == Array(all.outputs[0].prefix(20)))
    for (few, many) in zip(two.products, all.products) { #expect(few == Array(many.prefix(few.count))) }
  }
}
