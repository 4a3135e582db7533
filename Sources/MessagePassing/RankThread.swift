import Glibc

/// A thread: of one rank, or of one of its workers.
package struct RankThread {
  private let thread: pthread_t

  /// Starts a thread that runs `body`.
  ///
  /// - Throws: a `CommunicationError` when the system has no thread left.
  package init(body: @escaping @Sendable () -> Void) throws(CommunicationError) {
    var thread = pthread_t()
    let start = Unmanaged.passRetained(ThreadStart(body: body))
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, start.toOpaque())
    guard status == 0 else {
      start.release()
      throw CommunicationError(
        .launch, operation: "pthread_create", text: "no thread for another rank: \(String(cString: strerror(status)))")
    }
    self.thread = thread
  }

  /// Waits until the thread has ended; called once.
  package func join() {
    pthread_join(thread, nil)
  }

  /// Lets the thread end when it likes, in place of `join`.
  package func leave() {
    pthread_detach(thread)
  }
}

/// Carries a closure through the C interface, which passes one pointer.
private final class ThreadStart {
  let body: @Sendable () -> Void

  init(body: @escaping @Sendable () -> Void) {
    self.body = body
  }
}
