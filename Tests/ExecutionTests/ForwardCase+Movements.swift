import Networks

extension ForwardCase {
  static let movements: [ForwardCase] = [
    ForwardCase(
      description: "reflection", operation: .pad(Pad(before: [0, 2], behind: [0, 1], mode: .reflect)), shape: [1, 3],
      x: [1, 2, 3], result: [1, 6], expected: [3, 2, 1, 2, 3, 2]),
    ForwardCase(
      description: "edge", operation: .pad(Pad(before: [0, 2], behind: [0, 1], mode: .edge)), shape: [1, 3],
      x: [1, 2, 3], result: [1, 6], expected: [1, 1, 1, 2, 3, 3]),
    ForwardCase(
      description: "constant", operation: .pad(Pad(before: [0, 0, 1], behind: [0, 1, 0], mode: .constant(7))),
      shape: [1, 1, 2], x: [1, 2], result: [1, 2, 3], expected: [7, 1, 2, 7, 7, 7]),
    ForwardCase(
      description: "slice backwards", operation: .slice(starts: [0, 1, 3], steps: [1, -1, -2]), shape: [1, 2, 4],
      x: [0, 1, 2, 3, 10, 11, 12, 13], result: [1, 2, 2], expected: [13, 11, 3, 1]),
    // y[0, j, k, i] = x[0, i, j, k].
    ForwardCase(
      description: "transposition", operation: .transpose(permutation: [0, 2, 3, 1]), shape: [1, 2, 1, 3],
      x: [1, 2, 3, 4, 5, 6], result: [1, 1, 3, 2], expected: [1, 4, 2, 5, 3, 6]),
    ForwardCase(
      description: "join with a constant in front of the last axis", operation: .concat(axis: 1), shape: [1, 1, 2],
      x: [1, 2], constants: [([1, 2, 2], [3, 4, 5, 6])], result: [1, 3, 2], expected: [1, 2, 3, 4, 5, 6]),
    ForwardCase(
      description: "join along the last axis", operation: .concat(axis: 2), shape: [1, 2, 1], x: [1, 2],
      constants: [([1, 2, 2], [3, 4, 5, 6])], result: [1, 2, 3], expected: [1, 3, 4, 2, 5, 6]),
    ForwardCase(
      description: "difference from a constant per channel", operation: .binary(.subtract), shape: [1, 2, 2],
      x: [1, 2, 3, 4], constants: [([2, 1], [10, 20])], result: [1, 2, 2], expected: [-9, -8, -17, -16]),
    ForwardCase(
      description: "quotient that widens both", operation: .binary(.divide), shape: [1, 2, 1], x: [6, 12],
      constants: [([2], [2, 3])], result: [1, 2, 2], expected: [3, 2, 6, 4]),
    ForwardCase(
      description: "channels by index", operation: .gather(axis: 1, indices: [2, 0, 2], indexRank: 1),
      shape: [1, 3, 2],
      x: [1, 2, 3, 4, 5, 6], result: [1, 3, 2], expected: [5, 6, 1, 2, 5, 6]),
    ForwardCase(
      description: "one element by index", operation: .gather(axis: 2, indices: [1], indexRank: 0), shape: [1, 3, 2],
      x: [1, 2, 3, 4, 5, 6], result: [1, 3], expected: [2, 4, 6]),
    ForwardCase(
      description: "a matrix of indices", operation: .gather(axis: 1, indices: [0, 1, 1, 0], indexRank: 2),
      shape: [1, 2, 2], x: [1, 2, 3, 4], result: [1, 2, 2, 2], expected: [1, 2, 3, 4, 3, 4, 1, 2]),
    ForwardCase(
      description: "expansion", operation: .expand, shape: [1, 2, 1], x: [1, 2], result: [1, 2, 2, 2],
      expected: [1, 1, 2, 2, 1, 1, 2, 2]),
  ]
}
