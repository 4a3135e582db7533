import Allocation
import Configuration
import Logging
import PruneClusterPlugins
import WorkSharing

/// A solver that a program of the user's is: it is given the problem, and its plan is judged like any other.
struct ExternalSolver: PlanMaker {
  /// The name in plans and configs.
  static let method = "external"

  let program: PluginProgram
  /// What `Interruption` says of a run that stops.
  let isShared: Bool

  /// - Returns: `nil` where another solver is asked for.
  init?(
    _ configuration: SearchConfiguration, outputDirectory: String, stop: StopRequest, isShared: Bool, logger: Logger
  ) {
    guard let plugin = configuration.solver.plugin else { return nil }
    program = PluginProgram(
      plugin, as: "solver", at: "$.solver", of: configuration, outputDirectory: outputDirectory, stop: stop,
      logger: logger)
    self.isShared = isShared
  }

  /// The program's plan, with the bound that `OptimalAllocator` proves of the problem.
  /// - Throws: `SearchError` for a plan that is none, or misses a limit; `AllocationError` when no plan meets them.
  func allocate(_ problem: AllocationProblem) throws -> AllocationPlan {
    let best = try OptimalAllocator().allocate(problem)
    let bytes = try program.answer(PluginProtocol.solver.answerFile, isShared: isShared) { folder in
      try folder.write(PruningProblem(problem).request, as: PluginProtocol.solver.requestFile)
    }
    let plan = try program.reading(PluginProtocol.solver.answerFile, bytes) { bytes, file throws(ConfigurationError) in
      try SolverAnswer(
        parsing: bytes, file: file, ladders: problem.groups.map(\.ladder),
        alternatives: problem.options.map(\.losses.count)
      ).plan
    }
    for requirement in problem.requirements {
      let cost = requirement.cost(plan.kept, options: plan.alternatives)
      guard cost <= requirement.limit else {
        throw program.failure(
          "gave a plan that misses \(requirement.name): it costs \(cost), expected at most \(requirement.limit)")
      }
    }
    return try AllocationPlan(
      for: problem, kept: plan.kept, options: plan.alternatives, method: ExternalSolver.method,
      lowerBound: best.lowerBound)
  }
}
