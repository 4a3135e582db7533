import Configuration
import Execution

/// How many changed networks a rank evaluates at a time.
struct EvaluationMemory: Sendable {
  /// As many as there are processors.
  let mostWorkers: Int
  /// What may be held beside the network as it was read, in bytes; `nil` for any amount.
  private let room: Int?
  /// What one worker holds: each has a network compiled for itself.
  private let each: Int

  /// - Parameters:
  ///   - weightBytes: of the network as it was read.
  ///   - memoryLimit: the most bytes that the rank may hold, or `nil`.
  /// - Throws: `SearchError` when the network cannot be run, or not within the limit.
  init(_ subject: VariantSubject, weightBytes: Int, mostWorkers: Int, memoryLimit: Int?) throws {
    self.mostWorkers = mostWorkers
    guard let memoryLimit else {
      (room, each) = (nil, 0)
      return
    }
    each = EvaluationMemory.bytesPerWorker(
      try subject.model(of: .original, loss: subject.comparedLoss).program.memory, weightBytes: weightBytes)
    let room = memoryLimit - MemoryForecast.process - weightBytes
    guard room >= each else {
      throw SearchError(
        .configuration, file: subject.configuration.file,
        "--memory-limit: \(MemoryForecast.mebibytes(memoryLimit)) MiB, but to evaluate a changed network a rank needs at least \(MemoryForecast.mebibytes(memoryLimit - room + each)) MiB"
      )
    }
    self.room = room
  }

  /// What one worker holds whose network takes so much: a change has a copy of the weights that it touches, at the most of
  /// all.
  static func bytesPerWorker(_ requirement: MemoryRequirement, weightBytes: Int) -> Int {
    requirement.shared + requirement.perExecutor + weightBytes
  }

  /// As many workers as fit; one at least.
  var workerCount: Int { workerCount(beside: 0) }

  /// As many workers as fit where each also looks at so many values of a run, which lie in its executor and in a copy.
  func workerCount(beside elements: Int) -> Int {
    guard let room else { return mostWorkers }
    return max(min(mostWorkers, room / (each + 2 * elements * MemoryLayout<Float>.stride)), 1)
  }
}
