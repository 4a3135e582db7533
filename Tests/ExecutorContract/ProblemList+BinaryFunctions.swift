import Networks

extension ProblemList {
  private static let binaryFunctions: [(String, BinaryFunction)] = [
    ("sum", .add), ("difference", .subtract), ("product", .multiply), ("quotient", .divide),
  ]

  /// What the second operand looks like beside [2, 4, 3, 3].
  private static let otherShapes: [(String, [Int])] = [
    ("the same shape", [2, 4, 3, 3]), ("[1, C, 1, 1]", [1, 4, 1, 1]), ("[N, C, 1, 1]", [2, 4, 1, 1]),
    ("[N, 1, H, W]", [2, 1, 3, 3]), ("a scalar", []), ("[1]", [1]), ("[C, 1, 1]", [4, 1, 1]), ("[W]", [3]),
    ("[1, C, H, W]", [1, 4, 3, 3]),
  ]

  mutating func addBinaryFunctions() {
    for (name, function) in Self.binaryFunctions {
      for (form, shape) in Self.otherShapes {
        add("\(name) with a constant of \(form)") { problem in
          let x = problem.front([4, 3, 3])
          return problem.binary(function, x, problem.constant(shape, in: 0.5...2))
        }
        add("\(name) with a constant of \(form) on the left") { problem in
          // Positive and far from 0, for the quotient's sake.
          let x = problem.input([4, 3, 3], in: 0.5...2)
          let scaled = problem.binary(.multiply, x, problem.constant([1, 4, 1, 1], in: 0.5...2))
          problem.observe(scaled)
          return problem.binary(function, problem.constant(shape, in: -1...1), scaled)
        }
      }
      for sample in [[4, 3, 3], [4, 1, 1], [1, 3, 3], [4, 1, 3]] {
        add("\(name) of values, the second of \(sample) per sample") { problem in
          let left = problem.front([4, 3, 3])
          let right = problem.binary(.add, problem.unary(.sigmoid, problem.input(sample)), problem.constant([], [0.5]))
          problem.observe(right)
          return problem.binary(function, left, right)
        }
        add("\(name) of values, the first of \(sample) per sample") { problem in
          let left = problem.front(sample)
          let right = problem.input([4, 3, 3], in: 0.5...2)
          problem.observe(right)
          return problem.binary(function, left, right)
        }
      }
      add("\(name) that widens both operands") { problem in
        let left = problem.front([4, 1, 3])
        let right = problem.input([1, 5, 1], in: 0.5...2)
        problem.observe(right, axis: 2)
        return problem.binary(function, left, right)
      }
      add("\(name) of rank 2 with a bias") { problem in
        problem.binary(function, problem.front([5]), problem.constant([5], in: 0.5...2))
      }
      add("\(name) of a value with itself") { problem in
        let x = problem.input([3, 2, 2], in: 0.5...2)
        problem.observe(x)
        let result = problem.binary(function, x, x)
        // x − x and x ÷ x have the gradient 0: more has to arrive from elsewhere to be compared with.
        return problem.binary(.add, result, problem.binary(.multiply, x, problem.constant([1, 3, 1, 1])))
      }
    }
    add("sum of a value of 16 channels and a gate") { problem in
      let x = problem.front([16, 3, 3])
      return problem.binary(.add, x, problem.mean(x, axes: [2, 3]))
    }
    add("product of values of different ranks") { problem in
      // [N, C, H, W] × [H′, W]: the second operand's batch is the first's height.
      let left = problem.front([3, 2, 4])
      let right = problem.constant([2, 4])
      return problem.binary(.multiply, left, right)
    }
    addPowers()
    addKinkedBinaryFunctions()
  }

  private mutating func addPowers() {
    for (form, shape) in Self.otherShapes {
      add("power with constant exponents of \(form)") { problem in
        problem.binary(.power, problem.positiveFront([4, 3, 3]), problem.constant(shape, in: -2...2))
      }
      add("power with constant bases of \(form)") { problem in
        problem.binary(.power, problem.constant(shape, in: 0.5...2), problem.front([4, 3, 3]))
      }
    }
    for (base, exponent) in [([4, 3, 3], [4, 1, 1]), ([1, 3, 3], [4, 3, 3]), ([4, 1, 3], [1, 3, 1]), ([5], [5])] {
      add("power of values \(base) to \(exponent) per sample") { problem in
        problem.binary(.power, problem.positiveFront(base), problem.front(exponent))
      }
    }
  }

  /// Functions with a kink or step where the operands are equal, or where the first is 0: operands are odd multiples of
  /// 1/32 on one side, quarters on the other.
  private mutating func addKinkedBinaryFunctions() {
    let smooth: [(String, BinaryFunction)] = [
      ("maximum", .maximum), ("minimum", .minimum), ("relu with slopes", .parametricRelu),
    ]
    let steps: [(String, BinaryFunction)] = [
      ("equal", .equal), ("less", .less), ("less or equal", .lessOrEqual), ("greater", .greater),
      ("greater or equal", .greaterOrEqual), ("logical and", .logicalAnd), ("logical or", .logicalOr),
      ("logical xor", .logicalXor),
    ]
    for (name, function) in smooth {
      for (form, shape) in Self.otherShapes {
        add("\(name), with a constant of \(form)") { problem in
          problem.binary(function, problem.gridFront([4, 3, 3]), problem.gridConstant(shape))
        }
        add("\(name), with a constant of \(form) on the left") { problem in
          // Not 0, where the slopes' function has its kink.
          let elements = problem.random.quarters(shape.reduce(1, *)).map { $0 + 1 / 16 }
          let constant = problem.constant(shape, elements)
          return problem.binary(function, constant, problem.gridFront([4, 3, 3]))
        }
      }
      for (left, right) in [
        ([4, 3, 3], [4, 3, 3]), ([4, 3, 3], [4, 1, 1]), ([4, 1, 1], [4, 3, 3]), ([4, 1, 3], [1, 5, 1]), ([5], [5]),
        ([3, 1], [3, 4]),
      ] {
        add("\(name), of values \(left) and \(right) per sample") { problem in
          let x = problem.gridFront(left)
          let other = problem.gridInput(right)
          problem.observe(other)
          return problem.binary(function, x, other)
        }
      }
    }
    add("relu with a slope per channel, 16 channels") { problem in
      problem.binary(.parametricRelu, problem.gridFront([16, 3, 3]), problem.constant([16, 1, 1], in: -0.5...0.5))
    }
    for (name, function) in steps {
      for (left, right) in [([4, 3, 3], [4, 3, 3]), ([4, 3, 3], [4, 1, 1]), ([1, 3, 3], [4, 1, 3]), ([5], [5])] {
        add("\(name), of values \(left) and \(right) per sample, as a gate") { problem in
          let x = problem.gridFront(left)
          let gate = problem.binary(function, x, problem.gridInput(right))
          return problem.binary(.multiply, gate, problem.unary(.tanh, x))
        }
      }
      // Both sides of an equal number are other than it: the difference quotient is 0 there too.
      guard [.equal, .logicalAnd, .logicalOr, .logicalXor].contains(function) else { continue }
      add("\(name), of an input and constants, some of them equal") { problem in
        let x = problem.gridInput([4, 2, 3])
        let gate = problem.binary(function, x, problem.gridConstant([4, 1, 1]))
        return problem.binary(.multiply, gate, problem.front([4, 2, 3]))
      }
    }
  }

  mutating func addChoices() {
    for (a, b, condition) in [
      ([4, 3, 3], [4, 3, 3], [4, 3, 3]), ([4, 3, 3], [4, 1, 1], [1, 3, 3]), ([4, 1, 1], [4, 3, 3], [4, 3, 1]),
      ([1, 1, 1], [4, 1, 3], [4, 3, 1]), ([5], [5], [5]), ([3, 4], [3, 1], [1, 4]),
    ] {
      add("choice by a computed condition \(condition) of values \(a) and \(b) per sample") { problem in
        let grid = problem.gridFront(condition)
        let holds = problem.binary(.greater, grid, problem.constant([], [0]))
        return problem.select(holds, problem.front(a), problem.front(b))
      }
    }
    for (form, shape) in Self.otherShapes {
      add("choice by a constant condition of \(form)") { problem in
        let count = shape.reduce(1, *)
        let condition = problem.constant(shape, (0..<count).map { Float($0 % 3 == 1 ? 0 : $0 % 2 + 1) })
        return problem.select(condition, problem.front([4, 3, 3]), problem.front([4, 3, 3]))
      }
      add("choice between a value and a constant of \(form)") { problem in
        let x = problem.gridFront([4, 3, 3])
        let holds = problem.binary(.lessOrEqual, x, problem.constant([], [0.25]))
        return problem.select(holds, x, problem.constant(shape))
      }
    }
    add("choice whose condition is a value itself") { problem in
      let x = problem.gridFront([3, 2, 4])
      return problem.select(x, problem.unary(.sine, x), problem.constant([], [1]))
    }
    add("choice by a condition of conditions") { problem in
      let x = problem.gridFront([3, 2, 4])
      let low = problem.binary(.less, x, problem.constant([], [-0.25]))
      let high = problem.binary(.greaterOrEqual, x, problem.constant([], [0.5]))
      let between = problem.unary(.logicalNot, problem.binary(.logicalOr, low, high))
      return problem.select(between, problem.unary(.exp, x), problem.unary(.cosine, x))
    }
  }
}
