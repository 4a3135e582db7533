/// An executor that can tell how long a single node takes within a run.
public protocol NodeTiming: NetworkExecutor {
  /// Runs one batch forward and tells how long one node's kernels took.
  ///
  /// Copies that other nodes or the caller need do not count.
  /// - Parameters:
  ///   - name: the node's name; where several have it, their times are added.
  ///   - batch: of the network's batch size.
  /// - Throws: `ExecutionError` when the batch has the wrong size or a kernel fails.
  func duration(ofNode name: String, _ batch: Batch) throws(ExecutionError) -> Duration
}
