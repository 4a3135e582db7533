import Glibc

/// Keeps other searches out of an output directory for as long as it lives: two would mix their files.
///
/// The kernel's lock on the directory itself goes with the process, however that ends, and leaves no file. Where a file
/// system has no such locks (NFS has none on directories), nothing is kept out.
final class OutputLock {
  private let descriptor: Int32

  /// How long it waits for a search that is about to end, killed a moment ago perhaps.
  private static let patience = Duration.seconds(5)

  /// Locks a directory that is there.
  /// - Throws: `SearchError` when another search holds it.
  init(_ directory: String) throws(SearchError) {
    descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    let clock = ContinuousClock()
    let start = clock.now
    while descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR {
      guard clock.now - start < OutputLock.patience else {
        close(descriptor)
        throw SearchError(
          .cannotCreate, file: directory, "the output directory cannot be used: another search is writing to it")
      }
      usleep(50_000)
    }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }
}
