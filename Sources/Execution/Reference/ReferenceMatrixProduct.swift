import Networks

/// […, M, K] × […, K, N] → […, M, N], leading axes broadcast.
struct ReferenceMatrixProduct: ReferenceKernel {
  private let rows: Int
  private let inner: Int
  private let columns: Int
  /// By matrix of the result the first element of each operand's matrix.
  private let starts: [[Int]]

  init(left: Shape, right: Shape, result: Shape) {
    let (rows, inner, columns) = (left[left.rank - 2], left[left.rank - 1], right[right.rank - 1])
    self.rows = rows
    self.inner = inner
    self.columns = columns
    let leading = Shape(result.dimensions.dropLast(2))
    starts = [(left, rows * inner), (right, inner * columns)].map { shape, count in
      IndexMap.broadcast(Shape(shape.dimensions.dropLast(2)), to: leading).map { $0 * count }
    }
  }

  func forward(_ operands: [[Double]]) -> [[Double]] {
    var result = [Double](repeating: 0, count: starts[0].count * rows * columns)
    visit { left, right, product in result[product] += operands[0][left] * operands[1][right] }
    return [result]
  }

  func backward(_ operands: [[Double]], results: [[Double]], _ gradients: [[Double]], to position: Int) -> [Double] {
    var gradient = [Double](repeating: 0, count: operands[position].count)
    visit { left, right, product in
      if position == 0 {
        gradient[left] += gradients[0][product] * operands[1][right]
      } else {
        gradient[right] += gradients[0][product] * operands[0][left]
      }
    }
    return gradient
  }

  /// Calls `body` with the elements of every single product: left, right, and the result that it is added to.
  private func visit(_ body: (_ left: Int, _ right: Int, _ product: Int) -> Void) {
    for matrix in starts[0].indices {
      for row in 0..<rows {
        for step in 0..<inner {
          let left = starts[0][matrix] + row * inner + step
          for column in 0..<columns {
            body(left, starts[1][matrix] + step * columns + column, (matrix * rows + row) * columns + column)
          }
        }
      }
    }
  }
}
