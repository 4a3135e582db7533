/// A way to solve allocation problems.
public protocol Allocator: Sendable {
  /// A plan that meets every requirement of the problem; the same problem gives the same plan.
  ///
  /// Throws `AllocationError.infeasible` if there is none.
  func allocate(_ problem: AllocationProblem) throws(AllocationError) -> AllocationPlan
}
