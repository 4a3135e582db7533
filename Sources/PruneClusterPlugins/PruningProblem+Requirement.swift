extension PruningProblem {
  /// A cost that has to come down to a limit.
  public struct Requirement: Hashable, Sendable {
    /// What it is, for messages.
    public let name: String
    /// The most that a plan may cost.
    public let limit: Double
    /// What the whole network costs.
    public let original: Double
    /// What is added up, in this order.
    public let terms: [Term]

    /// A requirement that a search tells of.
    package init(name: String, limit: Double, original: Double, terms: [Term]) {
      (self.name, self.limit, self.original, self.terms) = (name, limit, original, terms)
    }

    /// What a plan costs: the very bits that the search compares with the limit.
    /// - Precondition: the plan has a count for every group of the problem, and an alternative for every option.
    public func cost(of plan: PruningPlan) -> Double {
      var sum = 0.0
      for term in terms { sum += term.value(in: plan) }
      return sum
    }
  }

  /// One term of a cost: coefficient × left × right × the factor of the chosen alternative, or coefficient ×
  /// table(left, right). It couples groups: what a layer costs is a product of the widths of its inputs and outputs.
  public struct Term: Hashable, Sendable {
    /// What the product, or the table's entry, is multiplied by.
    public let coefficient: Double
    /// The one width.
    public let left: Width
    /// The other width.
    public let right: Width
    /// The option whose chosen factor multiplies the product; `nil` where none does, and beside a table.
    public let option: OptionFactors?
    /// Measured costs in place of the product; `nil` for a product.
    public let table: Table?

    /// A term that a search tells of.
    package init(coefficient: Double, left: Width, right: Width, option: OptionFactors?, table: Table?) {
      (self.coefficient, self.left, self.right) = (coefficient, left, right)
      (self.option, self.table) = (option, table)
    }

    /// What a plan makes of it. The order of the multiplications decides the last bit, and is that of the search.
    public func value(in plan: PruningPlan) -> Double {
      let (left, right) = (left.value(in: plan), right.value(in: plan))
      if let table { return coefficient * table.value(left, right) }
      let product = coefficient * left * right
      guard let option else { return product }
      return product * option.factors[plan.alternatives[option.option]]
    }
  }

  /// A width: `constant` + Σ `perUnit` × what the group keeps, in the order of `shares`.
  public struct Width: Hashable, Sendable {
    /// What no decision changes; may be negative.
    public let constant: Double
    /// The groups in it.
    public let shares: [Share]

    /// A width that a search tells of.
    package init(constant: Double, shares: [Share]) { (self.constant, self.shares) = (constant, shares) }

    /// The width in a plan.
    public func value(in plan: PruningPlan) -> Double {
      var sum = constant
      for share in shares { sum += share.perUnit * Double(plan.kept[share.group]) }
      return sum
    }
  }

  /// The share of one group in a width.
  public struct Share: Hashable, Sendable {
    /// The group's place in `groups`.
    public let group: Int
    /// Width per unit kept.
    public let perUnit: Double

    /// A share that a search tells of.
    package init(group: Int, perUnit: Double) { (self.group, self.perUnit) = (group, perUnit) }
  }

  /// What each alternative of an option multiplies a product by.
  public struct OptionFactors: Hashable, Sendable {
    /// The option's place in `options`.
    public let option: Int
    /// By alternative.
    public let factors: [Double]

    /// Factors that a search tells of.
    package init(option: Int, factors: [Double]) { (self.option, self.factors) = (option, factors) }
  }

  /// Costs measured at some widths, such as latencies: a staircase.
  public struct Table: Hashable, Sendable {
    /// Widths of the one side, ascending; one at least.
    public let lefts: [Double]
    /// Widths of the other side, ascending; one at least.
    public let rights: [Double]
    /// By left and right width what was measured.
    public let values: [[Double]]

    /// A table that a search tells of.
    package init(lefts: [Double], rights: [Double], values: [[Double]]) {
      (self.lefts, self.rights, self.values) = (lefts, rights, values)
    }

    /// The entry of the smallest widths that are no smaller; beyond the last width that of the last.
    public func value(_ left: Double, _ right: Double) -> Double {
      values[Self.step(to: left, in: lefts)][Self.step(to: right, in: rights)]
    }

    private static func step(to width: Double, in widths: [Double]) -> Int {
      widths.firstIndex { $0 >= width } ?? widths.count - 1
    }
  }
}
