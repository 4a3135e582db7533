import Allocation

/// What makes a plan in place of the allocators that go by the problem alone.
protocol PlanMaker {
  /// A plan that meets every requirement of the problem.
  func allocate(_ problem: AllocationProblem) throws -> AllocationPlan
}

extension MeasuredAllocator: PlanMaker {}
