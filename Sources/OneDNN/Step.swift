import Execution

/// One kernel call of a compiled network.
protocol Step {
  /// The buffers that it reads.
  var reads: [BufferID] { get }
  /// The buffers that it writes, working memory included.
  var writes: [BufferID] { get }
  /// Runs it.
  func run(_ memory: Memory) throws(ExecutionError)
}
