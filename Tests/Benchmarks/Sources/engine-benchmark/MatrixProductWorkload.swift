import CMatrixProduct
import Synchronization

/// Square matrix products by oneDNN, as a measure of what the processor can do.
struct MatrixProductWorkload: Workload {
  /// oneDNN refused.
  struct Refusal: Error, CustomStringConvertible {
    let size: Int
    var description: String { "oneDNN does not multiply matrices of \(size) rows" }
  }

  /// The sizes that are tried.
  struct Description: Encodable {
    let sizes = [384, 512, 768, 1024, 1536, 2048]
  }

  /// By size, multiply-adds per second of all workers together.
  struct Details: Encodable {
    let rates: [String: Double]
  }

  let description = Description()
  private let workerCount: Int

  init(workerCount: Int) { self.workerCount = workerCount }

  func run(_ count: Int) throws {
    for size in description.sizes { _ = try rate(size, count) }
  }

  /// The rate of every size, each measured for about a tenth of a second.
  func results() throws -> Details {
    var rates: [String: Double] = [:]
    for size in description.sizes {
      rates["\(size)"] = try rate(size, max(1, 4_000_000_000 / (size * size * size)))
    }
    return Details(rates: rates)
  }

  func profile() throws -> Details { try results() }

  /// Multiply-adds per second of all workers together, each multiplying `count` times behind one that is not timed.
  private func rate(_ size: Int, _ count: Int) throws -> Double {
    let sum = Mutex(0.0)
    try Workers.run(workerCount) { _ in
      // No denormal numbers: those are slow, and networks have none to speak of.
      let left = [Float](repeating: 0.5, count: size * size)
      let right = [Float](repeating: 0.25, count: size * size)
      var product = [Float](repeating: 0, count: size * size)
      func multiply() throws {
        guard pc_matrix_product(size, left, right, &product) else { throw Refusal(size: size) }
      }
      try multiply()
      let taken = try ContinuousClock().measure {
        for _ in 0..<count { try multiply() }
      }
      sum.withLock { $0 += Double(size * size * size * count) / (taken / .seconds(1)) }
    }
    return sum.withLock { $0 }
  }
}
