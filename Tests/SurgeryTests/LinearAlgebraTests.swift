import CLAPACK
import ExecutorContract
import Foundation
import Testing

@testable import Surgery

struct LinearAlgebraTests {
  private static let seed: UInt64 = 7

  @Test func `a factored matrix gives back a known solution`() {
    // UᵀU for U = [2 1 3; 0 4 1; 0 0 5], and (1, −2, 3) times it.
    var matrix: [Double] = [4, 0, 0, 2, 17, 0, 6, 7, 35]
    var sides: [Double] = [18, -11, 97]
    matrix.withUnsafeMutableBufferPointer { matrix in
      sides.withUnsafeMutableBufferPointer { sides in
        guard let base = matrix.baseAddress, let side = sides.baseAddress else { return }
        #expect(LinearAlgebra.factor(upper: .init(base, stride: 3), order: 3))
        LinearAlgebra.solve(factor: .init(base, stride: 3), order: 3, .init(side, stride: 3), columns: 1)
      }
    }
    #expect(matrix == [2, 0, 0, 1, 4, 0, 3, 1, 5])
    // Small integers: every step is exact but for the divisions.
    for (found, expected) in zip(sides, [1.0, -2, 3]) { #expect(abs(found - expected) < 1e-14) }
  }

  @Test func `a matrix that is not positive definite has no factor`() {
    var matrix: [Double] = [1, 0, 2, 1]
    matrix.withUnsafeMutableBufferPointer { matrix in
      guard let base = matrix.baseAddress else { return }
      #expect(!LinearAlgebra.factor(upper: .init(base, stride: 2), order: 2))
    }
  }

  @Test(arguments: [1, 5, 127, 128, 129, 300])
  func `a packed Gram matrix holds the products of the columns, and multiplies`(order: Int) {
    // Multiples of ¼ with small sums: exact in any order.
    var random = SeededGenerator(seed: Self.seed)
    let (rows, columns) = (9, 3)
    let x = random.quarters(rows * order).map(Double.init)
    let right = random.quarters(order * columns).map(Double.init)
    let layout = PackedGram(order: order)
    var packed = [Double](repeating: 0, count: layout.count)
    var product = [Double](repeating: 0, count: order * columns)
    var copy = [Double](repeating: 0, count: order * order)
    packed.withUnsafeMutableBufferPointer { packed in
      guard let base = packed.baseAddress else { return }
      x.withUnsafeBufferPointer { x in
        guard let x = x.baseAddress else { return }
        layout.add(x, rows: 4, to: base)
        layout.add(x + 4 * order, rows: rows - 4, to: base)
      }
      right.withUnsafeBufferPointer { right in
        product.withUnsafeMutableBufferPointer { product in
          guard let right = right.baseAddress, let product = product.baseAddress else { return }
          layout.add(base, times: right, columns: columns, to: product)
        }
      }
      copy.withUnsafeMutableBufferPointer { copy in
        guard let copy = copy.baseAddress else { return }
        layout.copyUpper(base, Array(0..<order), to: copy)
      }
    }
    let gram = (0..<order).map { i in
      (0..<order).map { j in (0..<rows).reduce(0) { $0 + x[$1 * order + i] * x[$1 * order + j] } }
    }
    let isRight = (0..<order).allSatisfy { j in (0...j).allSatisfy { copy[j * order + $0] == gram[$0][j] } }
    #expect(isRight, "order \(order), seed \(Self.seed)")
    for column in 0..<columns {
      let expected = gram.map { row in row.indices.reduce(0) { $0 + row[$1] * right[column * order + $1] } }
      #expect(Array(product[column * order..<(column + 1) * order]) == expected)
    }
  }

  @Test(.timeLimit(.minutes(30)))
  func `several threads at once give the bits of one`() {
    let layout = PackedGram(order: 200)
    var random = SeededGenerator(seed: Self.seed)
    let x = random.floats(500 * 200, in: -1...1).map(Double.init)
    @Sendable func gram() -> [Double] {
      var packed = [Double](repeating: 0, count: layout.count)
      packed.withUnsafeMutableBufferPointer { packed in
        x.withUnsafeBufferPointer { x in
          guard let x = x.baseAddress, let packed = packed.baseAddress else { return }
          for _ in 0..<5 { layout.add(x, rows: 500, to: packed) }
        }
      }
      return packed
    }
    let alone = gram()
    #expect(openblas_get_num_threads() == 1)
    let results = Results()
    DispatchQueue.concurrentPerform(iterations: 8) { _ in results.append(gram()) }
    #expect(results.all.count == 8)
    #expect(results.all.allSatisfy { $0 == alone })
  }

  /// What threads found, behind `lock`.
  private final class Results: @unchecked Sendable {
    private let lock = NSLock()
    private var found: [[Double]] = []
    func append(_ result: [Double]) { lock.withLock { found.append(result) } }
    var all: [[Double]] { lock.withLock { found } }
  }
}
