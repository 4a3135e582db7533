import COneDNN
import Execution

/// A kernel of oneDNN with the addresses that it works on; one thread's.
final class KernelCall {
  private let kernel: AnyObject
  private let handle: OpaquePointer

  /// A call, to be released with this.
  /// - Parameter kernel: what it needs as long as it lives.
  init(_ kernel: AnyObject, _ handle: OpaquePointer) {
    self.kernel = kernel
    self.handle = handle
  }

  deinit { pc_dnn_call_destroy(handle) }

  /// Runs it.
  func run(place: String) throws(ExecutionError) {
    try pc_dnn_status.check(pc_dnn_call_run(handle), place, "running")
  }
}

extension pc_dnn_status {
  /// Turns oneDNN's answers into errors.
  static func check(_ status: pc_dnn_status, _ place: String, _ activity: String) throws(ExecutionError) {
    guard status != pc_dnn_success else { return }
    let kind: ExecutionError.Kind = status == pc_dnn_unimplemented ? .unsupported : .failed
    throw ExecutionError(kind, place, "oneDNN, \(activity): \(String(cString: pc_dnn_status_text(status)))")
  }
}
