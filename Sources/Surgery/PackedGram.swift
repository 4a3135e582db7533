/// How the Gram matrix XᵀX lies in a packed array: the upper triangle in blocks of columns, so that BLAS adds to it in
/// place and packed arrays add element by element.
///
/// A block of columns first ..< end is stored by columns of `end` elements; what lies below the diagonal is 0.
struct PackedGram: Sendable {
  /// Columns that lie together.
  struct Block {
    let first: Int
    let end: Int
    let offset: Int
    var width: Int { end - first }
  }

  /// Columns per block: wide enough that dgemm runs at its full speed, narrow enough that little lies below the diagonal.
  private static let blockWidth = 128

  /// Columns of X.
  let order: Int
  /// Elements in all.
  let count: Int
  let blocks: [Block]

  init(order: Int) {
    self.order = order
    var blocks: [Block] = []
    var offset = 0
    for first in stride(from: 0, to: order, by: Self.blockWidth) {
      let end = min(first + Self.blockWidth, order)
      blocks.append(Block(first: first, end: end, offset: offset))
      offset += (end - first) * end
    }
    self.blocks = blocks
    count = offset
  }

  /// Adds the products of the columns of a panel of X, which is stored by rows.
  func add(_ panel: UnsafePointer<Double>, rows: Int, to gram: UnsafeMutablePointer<Double>) {
    let left = LinearAlgebra.Part(panel, stride: order)
    for block in blocks {
      let own = LinearAlgebra.Part(panel + block.first, stride: order)
      LinearAlgebra.add(
        left, isTransposed: false, times: own, isTransposed: true, rows: block.first, inner: rows, columns: block.width,
        to: .init(gram + block.offset, stride: block.end))
      LinearAlgebra.addSquare(
        of: own, order: block.width, inner: rows, toUpper: .init(gram + block.offset + block.first, stride: block.end))
    }
  }

  /// Adds Gram × right to result, both order × columns, stored by columns.
  func add(
    _ gram: UnsafePointer<Double>, times right: UnsafePointer<Double>, columns: Int,
    to result: UnsafeMutablePointer<Double>
  ) {
    for block in blocks {
      let above = LinearAlgebra.Part(gram + block.offset, stride: block.end)
      LinearAlgebra.add(
        above, isTransposed: false, times: .init(right + block.first, stride: order), isTransposed: false,
        rows: block.first, inner: block.width, columns: columns, to: .init(result, stride: order))
      LinearAlgebra.add(
        above, isTransposed: true, times: .init(right, stride: order), isTransposed: false, rows: block.width,
        inner: block.first, columns: columns, to: .init(result + block.first, stride: order))
      LinearAlgebra.add(
        symmetric: .init(gram + block.offset + block.first, stride: block.end), order: block.width,
        times: .init(right + block.first, stride: order), columns: columns,
        to: .init(result + block.first, stride: order))
    }
  }

  /// The element of a row and a column, row ≤ column.
  func element(_ gram: UnsafePointer<Double>, _ row: Int, _ column: Int) -> Double {
    let block = blocks[column / Self.blockWidth]
    return gram[block.offset + (column - block.first) * block.end + row]
  }

  /// Σ of the squares of a column.
  func diagonal(_ gram: UnsafePointer<Double>, _ column: Int) -> Double { element(gram, column, column) }

  /// Copies the upper triangle of some rows and columns, ascending, into a matrix of that order stored by columns.
  func copyUpper(_ gram: UnsafePointer<Double>, _ chosen: [Int], to matrix: UnsafeMutablePointer<Double>) {
    for (target, column) in chosen.enumerated() {
      let block = blocks[column / Self.blockWidth]
      let source = gram + (block.offset + (column - block.first) * block.end)
      for row in 0...target { matrix[target * chosen.count + row] = source[chosen[row]] }
    }
  }
}
