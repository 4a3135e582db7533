import Networks

extension ProblemList {
  /// Per sample the rows, what is summed over, and the columns.
  private static let extents = [(3, 4, 5), (1, 4, 3), (3, 1, 5), (5, 7, 1), (9, 16, 9), (16, 8, 24)]

  mutating func addMatrixProducts() {
    for (rows, inner, columns) in Self.extents {
      add("matrix product of values of rank 3, \(rows)×\(inner)×\(columns)") { problem in
        problem.matrixProduct(problem.front([rows, inner]), problem.front([inner, columns]))
      }
      add("matrix product of values of rank 4, \(rows)×\(inner)×\(columns)") { problem in
        let product = problem.matrixProduct(problem.front([2, rows, inner]), problem.front([2, inner, columns]))
        problem.observe(product, axis: 3)
        return product
      }
    }
    add("matrix product whose left operand is widened") { problem in
      problem.matrixProduct(problem.front([1, 3, 4]), problem.front([3, 4, 5]))
    }
    add("matrix product whose right operand is widened") { problem in
      problem.matrixProduct(problem.front([3, 3, 4]), problem.front([1, 4, 5]))
    }
    add("matrix product that widens both operands") { problem in
      let right = problem.reshape(problem.front([3, 4, 5]), [2, 1, 3, 4, 5])
      return problem.matrixProduct(problem.reshape(problem.front([2, 3, 4]), [2, 2, 1, 3, 4]), right)
    }
    for right in [[4, 5], [1, 4, 5], [3, 4, 5], [1, 3, 4, 5]] {
      add("matrix product with a constant \(right) on the right") { problem in
        problem.matrixProduct(problem.front([3, 2, 4]), problem.constant(right))
      }
    }
    for left in [[5, 2], [1, 5, 2], [3, 5, 2], [1, 3, 5, 2]] {
      add("matrix product with a constant \(left) on the left") { problem in
        problem.matrixProduct(problem.constant(left), problem.front([3, 2, 4]))
      }
    }
    add("matrix product of rank 2, the samples along the rows") { problem in
      problem.matrixProduct(problem.front([4]), problem.constant([4, 3]))
    }
    add("matrix product of rank 2, the samples along the columns") { problem in
      let columns = problem.transpose(problem.front([4]), [1, 0])
      return problem.transpose(problem.matrixProduct(problem.constant([3, 4]), columns), [1, 0])
    }
    add("matrix product with a constant of higher rank") { problem in
      // [N, C] as one matrix of rows, widened to two: [2, N, K], of which the first axis is summed away.
      let product = problem.matrixProduct(problem.front([4]), problem.constant([2, 4, 3]))
      return problem.reduce(.sum, product, axes: [0], kept: false)
    }
    add("matrix product of a value with itself") { problem in
      let x = problem.front([4, 4])
      return problem.matrixProduct(x, x)
    }
    add("matrix product of a value with itself transposed") { problem in
      let x = problem.front([3, 5])
      return problem.matrixProduct(x, problem.transpose(x, [0, 2, 1]))
    }
    add("matrix product of watched layers and a further layer") { problem in
      let x = problem.input([5, 6])
      let left = problem.linear(x, to: 4)
      let right = problem.linear(x, to: 4, bias: false)
      problem.observe(left, axis: 2)
      problem.observe(right, axis: 2)
      let scores = problem.matrixProduct(left, problem.transpose(right, [0, 2, 1]))
      return problem.linear(problem.unary(.tanh, scores), to: 3)
    }
  }
}
