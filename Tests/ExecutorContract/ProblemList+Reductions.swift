import Networks

extension ProblemList {
  mutating func addReductions() {
    for kept in [true, false] {
      let form = kept ? "kept" : "dropped"
      for axes in [[2, 3], [1], [3], [1, 2, 3]] where kept || axes != [1, 2, 3] {
        add("mean over axes \(axes), \(form)") { problem in
          problem.mean(problem.front([4, 3, 5]), axes: axes, kept: kept)
        }
      }
      add("mean of rank 3, axis \(form)") { problem in problem.mean(problem.front([4, 5]), axes: [2], kept: kept) }
      add("mean over planes of 16 channels, axes \(form)") { problem in
        problem.mean(problem.front([16, 3, 3]), axes: [2, 3], kept: kept)
      }
    }
    add("mean over no axis") { problem in problem.mean(problem.front([4, 3, 5]), axes: []) }
    addOtherReductions()
  }

  private mutating func addOtherReductions() {
    // On a grid where the function has a kink at 0; the others on random numbers, of which no two are equal.
    let reductions: [(String, Reduction, isOnGrid: Bool)] = [
      ("sum", .sum, false), ("maximum", .max, false), ("minimum", .min, false), ("sum of magnitudes", .l1, true),
      ("Euclidean norm", .l2, false), ("sum of squares", .sumOfSquares, false),
      ("logarithm of the sum of exponentials", .logSumExp, false),
    ]
    for (name, reduction, isOnGrid) in reductions {
      for (sample, axes, kept) in [
        ([5], [1], true), ([4, 5], [2], false), ([4, 5], [1], true), ([4, 3, 5], [2, 3], true),
        ([4, 3, 5], [2, 3], false), ([4, 3, 5], [1], true), ([4, 3, 5], [1, 3], false), ([4, 3, 5], [3], false),
        ([4, 3, 5], [], true), ([16, 3, 3], [2, 3], true), ([3, 2, 3], [1, 2, 3], true),
      ] as [([Int], [Int], Bool)] {
        add("\(name) over axes \(axes) of \(sample), \(kept ? "kept" : "dropped")") { problem in
          let x = isOnGrid || axes.isEmpty ? problem.gridFront(sample) : problem.front(sample)
          return problem.reduce(reduction, x, axes: axes, kept: kept)
        }
      }
    }
    add("mean and maximum over channels, a spatial gate") { problem in
      let x = problem.front([4, 5, 5])
      let squeezed = problem.concat([problem.mean(x, axes: [1]), problem.reduce(.max, x, axes: [1])], axis: 1)
      let gate = problem.unary(.sigmoid, problem.convolution(squeezed, to: 1, kernel: [3, 3], padsBegin: [1, 1]))
      return problem.binary(.multiply, x, gate)
    }
    add("global response normalization") { problem in
      let x = problem.front([4, 3, 3])
      let norm = problem.reduce(.l2, x, axes: [2, 3])
      let share = problem.binary(
        .divide, norm, problem.binary(.add, problem.mean(norm, axes: [1]), problem.constant([], [1e-3])))
      return problem.binary(.add, problem.binary(.multiply, x, share), x)
    }
  }
}
