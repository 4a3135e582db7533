import Networks

extension ProblemList {
  private static let kinds: [(String, Pool.Kind)] = [
    ("maximum", .max), ("average", .average(countsPads: false)), ("average with pads", .average(countsPads: true)),
  ]

  mutating func addPools() {
    for (name, kind) in Self.kinds {
      add("\(name) of 2×2") { problem in
        problem.pool(kind, problem.front([3, 4, 6]), kernel: [2, 2], strides: [2, 2])
      }
      add("\(name) of 2×2 over an odd plane of 16 channels") { problem in
        problem.pool(kind, problem.front([16, 5, 5]), kernel: [2, 2], strides: [2, 2])
      }
      add("\(name) of overlapping windows") { problem in
        problem.pool(kind, problem.front([3, 7, 7]), kernel: [3, 3], strides: [2, 2])
      }
      add("\(name) of overlapping windows with pads") { problem in
        problem.pool(kind, problem.front([3, 6, 7]), kernel: [3, 3], strides: [2, 2], padsBegin: [1, 1])
      }
      add("\(name) with unequal pads") { problem in
        problem.pool(
          kind, problem.front([2, 5, 6]), kernel: [3, 4], strides: [1, 2], padsBegin: [0, 2], padsEnd: [2, 1])
      }
      add("\(name) with a last window past the end") { problem in
        problem.pool(kind, problem.front([2, 6, 6]), kernel: [3, 3], strides: [2, 2], ceil: true)
      }
      add("\(name) with a last window past the pads") { problem in
        problem.pool(
          kind, problem.front([2, 6, 5]), kernel: [3, 2], strides: [2, 2], padsBegin: [1, 1], padsEnd: [1, 0],
          ceil: true)
      }
      add("\(name) with a last window far past the pads") { problem in
        problem.pool(
          kind, problem.front([2, 7, 7]), kernel: [4, 4], strides: [3, 3], padsBegin: [0, 1], padsEnd: [1, 1],
          ceil: true)
      }
      add("\(name) of a dilated window") { problem in
        problem.pool(
          kind, problem.front([2, 7, 6]), kernel: [2, 3], strides: [2, 1], padsBegin: [1, 1], dilations: [3, 2])
      }
      add("\(name) along one axis") { problem in
        problem.pool(kind, problem.front([3, 9]), kernel: [3], strides: [2], padsBegin: [1])
      }
      add("\(name) along one axis with a last window past the end") { problem in
        problem.pool(kind, problem.front([4, 8]), kernel: [3], strides: [2], padsEnd: [0], ceil: true)
      }
      add("\(name) over the whole plane") { problem in
        problem.pool(kind, problem.front([4, 3, 5]), kernel: [3, 5], strides: [1, 1])
      }
      add("\(name) of windows far wider than the plane") { problem in
        let (wide, pad) = (1 << 20, 1 << 20 - 1)
        return problem.pool(
          kind, problem.front([2, 5, 4]), kernel: [wide, 2], strides: [wide, 2], padsBegin: [pad, 1],
          padsEnd: [pad, 1])
      }
      add("\(name) of windows that leave gaps") { problem in
        problem.pool(kind, problem.front([2, 7, 7]), kernel: [1, 2], strides: [3, 3])
      }
    }
    add("maximum of what pads surround") { problem in
      let pad = Pad(before: [0, 0, 1, 1], behind: [0, 0, 1, 1], mode: .constant(-8))
      let padded = problem.node(.pad(pad), [problem.front([2, 4, 4])], result: [2, 2, 6, 6])
      return problem.pool(.max, padded, kernel: [2, 2], strides: [2, 2])
    }
  }
}
