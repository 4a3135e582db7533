import Allocation
import AllocationProblems

/// A small problem with all that costs can hold: options, measured tables, concatenations, several requirements.
struct RichProblem {
  let problem: AllocationProblem
  let seed: UInt64

  init(seed: UInt64, negative: Bool) throws {
    var random = SeededGenerator(seed: seed)
    let groups = try (0..<Int.random(in: 1...4, using: &random)).map { index in
      let scale = Double.random(in: 0.1...10, using: &random)
      let losses = (0..<Int.random(in: 2...5, using: &random)).map { _ in
        scale * Double.random(in: (negative ? -0.4 : 0)...1, using: &random)
      }
      return try ChoiceGroup(name: "g\(index)", losses: losses)
    }
    let options = try (0..<Int.random(in: 0...3, using: &random)).map { index in
      let losses = (0..<Int.random(in: 1...3, using: &random)).map { _ in
        Double.random(in: (negative ? -2 : 0)...4, using: &random)
      }
      return try OptionChoice(name: "o\(index)", losses: losses, original: 0)
    }
    var requirements: [Requirement] = []
    for number in 0..<Int.random(in: 0...3, using: &random) {
      let terms = try (0..<Int.random(in: 1...5, using: &random)).map { _ in
        try Self.term(groups: groups, options: options, using: &random)
      }
      let probe = try AllocationProblem(
        groups: groups, options: options, requirements: [Requirement(name: "probe", terms: terms, limit: 0)])
      let range = probe.ranges[0]
      let limit = range.lowest + Double.random(in: -0.05...1, using: &random) * (range.original - range.lowest)
      requirements.append(try Requirement(name: "r\(number)", terms: terms, limit: max(0, limit)))
    }
    problem = try AllocationProblem(groups: groups, options: options, requirements: requirements)
    self.seed = seed
  }

  private static func term(
    groups: [ChoiceGroup], options: [OptionChoice], using random: inout SeededGenerator
  ) throws -> CostTerm {
    func form() -> LinearForm {
      LinearForm(
        constant: Double(Int.random(in: 0...2, using: &random)),
        terms: (0..<Int.random(in: 0...2, using: &random)).map { _ in
          .init(
            group: Int.random(in: groups.indices, using: &random),
            perUnit: Double(Int.random(in: 0...3, using: &random)))
        })
    }
    let coefficient = Double.random(in: 0...5, using: &random)
    let (left, right) = (form(), form())
    if Int.random(in: 0..<3, using: &random) == 0 {
      func widths() -> [Double] {
        var width = 0.0
        return (0..<Int.random(in: 1...4, using: &random)).map { _ in
          width += Double(Int.random(in: 1...4, using: &random))
          return width
        }
      }
      let (lefts, rights) = (widths(), widths())
      let values = lefts.map { left in rights.map { left * $0 * Double.random(in: 0.5...1.5, using: &random) } }
      return CostTerm(
        coefficient: coefficient, table: try WidthTable(lefts: lefts, rights: rights, values: values), left: left,
        right: right)
    }
    guard let choice = options.indices.randomElement(using: &random), Bool.random(using: &random) else {
      return CostTerm(coefficient: coefficient, left: left, right: right)
    }
    let factors = options[choice].losses.map { _ in
      Int.random(in: 0..<8, using: &random) == 0 ? 0 : Double.random(in: 0...2, using: &random)
    }
    return CostTerm(
      coefficient: coefficient, left: left, right: right, option: OptionFactor(choice: choice, factors: factors))
  }
}
