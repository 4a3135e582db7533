extension AllocationPlan {
  /// This plan with another bound: one that was proven of a problem whose plans are this one's and more, or none.
  public func withBound(_ bound: Double?) -> AllocationPlan { AllocationPlan(self, lowerBound: bound) }

  private init(_ plan: AllocationPlan, lowerBound: Double?) {
    choices = plan.choices
    outcomes = plan.outcomes
    options = plan.options
    predictedLossChange = plan.predictedLossChange
    method = plan.method
    prices = plan.prices
    self.lowerBound = lowerBound.map { min($0, plan.predictedLossChange) }
  }
}
