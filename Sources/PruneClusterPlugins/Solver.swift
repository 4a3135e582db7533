import Configuration

/// A solver of one's own: it says how many units each group keeps.
///
/// A type with `@main` is a whole program, which `"solver": { "method": "external", "command": ["PATH"] }` runs, once in every
/// step of a search. What holds for a ``Criterion`` of errors, output and arguments holds here too.
public protocol Solver {
  /// Made once, before the problem is read.
  init() throws

  /// A plan that meets every requirement, with as little loss as can be found. The search checks it, and proves how far from
  /// the best it can be at most.
  func plan(for problem: PruningProblem) throws -> PruningPlan
}

extension Solver {
  /// Answers the request in the folder that the last argument names, and ends the program.
  public static func main() {
    PluginRun.run(.solver) { folder in
      let solver = try Self()
      return try solver.plan(for: PruningProblem(folder.request)).answer
    }
  }
}
