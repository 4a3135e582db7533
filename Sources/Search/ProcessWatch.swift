import CProcess

import Glibc

/// A process that outlives this one only to kill a program's group: nothing else can when this process is killed.
///
/// It waits at the end of a pipe whose other end nobody but this process has, and which so closes with it.
/// Between the program's start and the watch's own there are milliseconds in which it is not yet there.
struct ProcessWatch {
  private let process: pid_t
  private let pipe: Int32

  private static let script = "read -r line; kill -s KILL -- \"-$1\"; rm -rf -- \"$2\""

  /// - Returns: `nil` where it cannot be started: the program runs all the same.
  init?(over group: pid_t, _ folder: String) {
    var ends: [Int32] = [-1, -1]
    guard pc_pipe(&ends) == 0 else { return nil }
    defer { close(ends[0]) }
    pipe = ends[1]
    do {
      process = try ChildProcess.spawn(["sh", "-c", ProcessWatch.script, "sh", "\(group)", folder], input: ends[0])
    } catch {
      close(ends[1])
      return nil
    }
  }

  /// Ends the watch, before it sees the pipe close.
  func end() {
    kill(process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    close(pipe)
  }
}
