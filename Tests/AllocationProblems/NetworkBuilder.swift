public import Allocation
import Glibc

/// Groups and cost terms of real architectures, one cost unit per multiply-accumulate, with random losses.
public struct NetworkBuilder {
  /// The groups made so far.
  public private(set) var groups: [ChoiceGroup] = []
  /// The bit widths of the layers made so far; none where the network has no bits to choose.
  public private(set) var options: [OptionChoice] = []
  /// The multiply-accumulates of the layers made so far, times the bits chosen.
  public private(set) var terms: [CostTerm] = []
  private let kind: LossKind
  private let hasBits: Bool
  private var random: SeededGenerator

  init(kind: LossKind, seed: UInt64, hasBits: Bool) {
    self.kind = kind
    self.hasBits = hasBits
    random = SeededGenerator(seed: seed)
  }

  mutating func group(_ units: Int) throws -> LinearForm {
    let scale = Double.random(in: 0.05...1, using: &random)
    let losses = kind.losses(units, scale: scale, using: &random)
    groups.append(try ChoiceGroup(name: "g\(groups.count)", losses: losses))
    return LinearForm(keptIn: groups.count - 1)
  }

  mutating func layer(_ from: LinearForm, _ to: LinearForm, kernel: Int = 1, area: Int) throws {
    var option: OptionFactor?
    if hasBits {
      let bits = [8.0, 6, 4, 3, 2]
      let scale = Double.random(in: 1...20, using: &random)
      options.append(
        try OptionChoice(name: "b\(options.count)", losses: bits.map { scale * (exp2(8 - $0) - 1) / 16 }, original: 0))
      option = OptionFactor(choice: options.count - 1, factors: bits.map { $0 * 8 })
    }
    terms.append(CostTerm(coefficient: Double(kernel * kernel * area * area), left: from, right: to, option: option))
  }

  /// The weights of the layers, one cost unit each: a second cost, of other proportions.
  public var weights: [CostTerm] {
    terms.map { CostTerm(coefficient: 1, left: $0.left, right: $0.right) }
  }

  /// What the layers would cost if each were measured at every eighth width, on a machine that takes the time of a
  /// million multiply-accumulates to start one.
  public func measured() throws -> [CostTerm] {
    let whole = groups.map(\.unitCount)
    return try terms.map { term in
      func steps(_ form: LinearForm) -> [Double] {
        Array(stride(from: form.value(whole), to: 0, by: -8).reversed())
      }
      let (lefts, rights) = (steps(term.left), steps(term.right))
      let values = lefts.map { left in rights.map { 1e6 + term.coefficient * left * $0 } }
      return CostTerm(
        coefficient: 1, table: try WidthTable(lefts: lefts, rights: rights, values: values), left: term.left,
        right: term.right)
    }
  }

  /// The problem of the multiply-accumulates and bits divided by `ratio`, every group keeping a multiple of `multiple`.
  public func problem(ratio: Double, multiple: Int = 1) throws -> AllocationProblem {
    let groups = try groups.map { try ChoiceGroup(name: $0.name, losses: $0.losses, multiple: multiple) }
    let target = try Requirement(
      name: "target", terms: terms, compressionRatio: ratio, groups: groups, options: options)
    return try AllocationProblem(groups: groups, options: options, requirements: [target])
  }
}
