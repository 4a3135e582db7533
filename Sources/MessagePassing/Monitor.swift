import Glibc

/// A lock with a condition that its holders can wait for.
///
/// `@unchecked Sendable`: the two pointers never change, and what they point to is made for use by many threads.
final class Monitor: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Runs `body` while no other thread runs one.
  func locked<Value, Failure: Error>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }

  /// Lets other threads in until one calls `wakeAll`; may return without it. Only inside `locked`.
  func wait() {
    pthread_cond_wait(condition, mutex)
  }

  /// Wakes every thread that waits. Only inside `locked`.
  func wakeAll() {
    pthread_cond_broadcast(condition)
  }
}
