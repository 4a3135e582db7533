import Configuration
import Execution
import MessagePassing

/// How much of the network and of its values a rank holds at a time while it evaluates changed networks.
struct EvaluationMemory: Sendable {
  /// Changed networks that are evaluated at a time; each is compiled for its worker alone.
  let workerCount: Int
  /// Elements of what layers read that a worker looks at per run; the same on every rank.
  let elementLimit: Int

  /// Without a limit: 256 MiB.
  private static let mostElements = 1 << 26

  /// As many workers as fit, at most `mostWorkers`; all ranks take part.
  /// - Parameters:
  ///   - weightBytes: of the network as it was read.
  ///   - memoryLimit: the most bytes that the rank may hold, or `nil`.
  /// - Throws: `SearchError` when the network cannot be run, or not within the limit.
  init(
    _ subject: VariantSubject, weightBytes: Int, on world: any Communicator, mostWorkers: Int, memoryLimit: Int?
  ) throws {
    guard let memoryLimit else {
      (workerCount, elementLimit) = (mostWorkers, EvaluationMemory.mostElements)
      return
    }
    let loss = subject.needsClasses ? .crossEntropy : Loss(subject.configuration.loss)
    let one = try subject.model(of: .original, loss: loss).program.memory
    // A change has a copy of the weights that it touches, at the most of all.
    let each = one.shared + one.perExecutor + weightBytes
    let left = memoryLimit - MemoryForecast.process - weightBytes
    guard left >= each else {
      throw SearchError(
        .configuration, file: subject.configuration.file,
        "--memory-limit: \(MemoryForecast.mebibytes(memoryLimit)) MiB, but to evaluate a changed network a rank needs at least \(MemoryForecast.mebibytes(memoryLimit - left + each)) MiB"
      )
    }
    workerCount = min(mostWorkers, left / each)
    // What is looked at lies in the executor and in a copy.
    let spare = (left - workerCount * each) / (workerCount * 2 * MemoryLayout<Float>.stride)
    elementLimit = Int(try world.allReduce(Int64(min(max(spare, 1), EvaluationMemory.mostElements)), .min))
  }
}
