import Allocation
import PruneClusterPlugins

extension PruningProblem {
  /// What a solver of the user's is told of a problem.
  init(_ problem: AllocationProblem) {
    let whole = problem.groups.map(\.unitCount)
    let originals = problem.options.map(\.original)
    self.init(
      groups: problem.groups.enumerated().map(Group.init),
      options: problem.options.enumerated().map {
        Option(index: $0, name: $1.name, losses: $1.losses, original: $1.original)
      },
      requirements: problem.requirements.map { requirement in
        Requirement(
          name: requirement.name, limit: requirement.limit,
          original: requirement.cost(whole, options: originals), terms: requirement.terms.map(Term.init))
      })
  }
}

extension PruningProblem.Group {
  fileprivate init(_ index: Int, _ group: ChoiceGroup) {
    self.init(
      index: index, name: group.name, unitCount: group.unitCount,
      choices: zip(group.ladder, group.ladderLosses).map { PruningProblem.Choice(kept: $0, loss: $1) },
      removalOrder: group.removalOrder, isFixed: group.fixedRemoved != nil)
  }
}

extension PruningProblem.Term {
  fileprivate init(_ term: CostTerm) {
    self.init(
      coefficient: term.coefficient, left: PruningProblem.Width(term.left), right: PruningProblem.Width(term.right),
      option: term.option.map { PruningProblem.OptionFactors(option: $0.choice, factors: $0.factors) },
      table: term.table.map(PruningProblem.Table.init))
  }
}

extension PruningProblem.Width {
  fileprivate init(_ form: LinearForm) {
    self.init(
      constant: form.constant, shares: form.terms.map { PruningProblem.Share(group: $0.group, perUnit: $0.perUnit) })
  }
}

extension PruningProblem.Table {
  fileprivate init(_ table: WidthTable) {
    let columns = table.rights.count
    self.init(
      lefts: table.lefts, rights: table.rights,
      values: table.lefts.indices.map { Array(table.values[$0 * columns..<($0 + 1) * columns]) })
  }
}
