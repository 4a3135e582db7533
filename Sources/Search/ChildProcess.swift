import CProcess
import Synchronization

import Glibc

/// A program that runs beside this one, in a process group of its own, and of which nothing is left when it is over.
///
/// It is started without a copy of this process (`posix_spawn`), which libraries that have memory registered with a
/// network card do not survive. It gets no input, no other open files, no handling of signals of this process, and none of
/// the variables by which a launcher tells a rank which one it is.
final class ChildProcess: Sendable {
  /// How a program ended.
  enum Ending: Hashable, Sendable {
    /// By itself, with its exit code.
    case exit(Int32)
    /// By a signal.
    case signal(Int32)
    /// Nobody can tell how: the system did not keep it.
    case unknown
    /// It was killed at its time limit.
    case timeLimit
    /// It was killed because nobody waits for it any longer.
    case cancelled
  }

  /// Why a program could not be started.
  struct StartError: Error {
    let code: Int32
  }

  private enum State {
    case before
    case running(pid_t)
    case over
    case cancelled
  }

  private let state = Mutex(State.before)

  /// Prefixes of variables that a launcher sets for its ranks: a program that uses MPI itself would take itself for one.
  private static let launcherVariables = ["OMPI_", "PMIX_", "PMI_"]

  /// How long is waited for output before it is looked whether the program is over.
  private static let pause: Int32 = 20

  /// Starts a program and waits until it is over; its group is killed then.
  /// - Parameters:
  ///   - command: a program found on `PATH`, or a path from `directory`, and its arguments.
  ///   - directory: where it begins; empty for where this process is.
  ///   - folder: goes with the program should this process be killed.
  ///   - timeLimit: seconds.
  ///   - isUnwanted: asked again and again: whether it is to be killed.
  ///   - output: is given what the program writes to standard output and standard error, piece by piece.
  /// - Throws: `StartError`.
  func run(
    _ command: [String], in directory: String, with folder: String, timeLimit: Double, isUnwanted: () -> Bool,
    output: ([UInt8]) -> Void
  ) throws(StartError) -> Ending {
    var ends: [Int32] = [-1, -1]
    guard pc_pipe(&ends) == 0 else { throw StartError(code: errno) }
    let pipe = (read: ends[0], write: ends[1])
    defer { close(pipe.read) }
    _ = fcntl(pipe.read, F_SETFL, O_NONBLOCK)
    let started = Result { () throws(StartError) in try start(command, in: directory, output: pipe.write) }
    close(pipe.write)
    guard let process = try started.get() else { return .cancelled }
    let watch = ProcessWatch(over: process, folder)

    let clock = ContinuousClock()
    let end = clock.now + .seconds(timeLimit)
    var early: Ending?
    var isOpen = true
    while !ChildProcess.isOver(process) {
      if early == nil, clock.now >= end { early = .timeLimit }
      if early == nil, isUnwanted() { early = .cancelled }
      if early != nil { ChildProcess.kill(process) }
      var waiting = pollfd(fd: isOpen ? pipe.read : -1, events: Int16(POLLIN), revents: 0)
      if poll(&waiting, 1, ChildProcess.pause) > 0 { isOpen = ChildProcess.read(pipe.read, output) }
    }
    // While the program itself is not yet reaped, nobody else can have the number of its group.
    ChildProcess.kill(process)
    watch?.end()
    // What left the group may hold the pipe open: what is in it is read, and its end is not waited for.
    if isOpen { _ = ChildProcess.read(pipe.read, output) }
    return reap(process, early)
  }

  /// Kills the program, or keeps it from starting.
  func cancel() {
    state.withLock { state in
      if case .running(let process) = state { ChildProcess.kill(process) }
      if case .over = state { return }
      state = .cancelled
    }
  }

  /// - Returns: `nil` when it was cancelled before.
  private func start(_ command: [String], in directory: String, output: Int32) throws(StartError) -> pid_t? {
    let started: Result<pid_t?, StartError> = state.withLock { state in
      if case .cancelled = state { return .success(nil) }
      return Result { () throws(StartError) in
        let process = try ChildProcess.spawn(command, in: directory, output: output)
        state = .running(process)
        return process
      }
    }
    return try started.get()
  }

  /// Starts a program in a group of its own.
  /// - Parameters:
  ///   - directory: where it begins; empty for where this process is.
  ///   - input: what it reads; `nil` for nothing.
  ///   - output: where it writes; `nil` for nowhere.
  static func spawn(
    _ command: [String], in directory: String = "", input: Int32? = nil, output: Int32? = nil
  ) throws(StartError) -> pid_t {
    // Some supervisors leave it ignored: how a program ends would be lost.
    signal(SIGCHLD, SIG_DFL)
    var attributes = posix_spawnattr_t()
    var actions = posix_spawn_file_actions_t()
    posix_spawnattr_init(&attributes)
    posix_spawn_file_actions_init(&actions)
    defer {
      posix_spawnattr_destroy(&attributes)
      posix_spawn_file_actions_destroy(&actions)
    }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
    for (own, others) in [(STDIN_FILENO, input), (STDOUT_FILENO, output), (STDERR_FILENO, output)] {
      if let others {
        posix_spawn_file_actions_adddup2(&actions, others, own)
      } else {
        posix_spawn_file_actions_addopen(&actions, own, "/dev/null", O_RDWR, 0)
      }
    }
    pc_spawn_close_from(&actions, STDERR_FILENO + 1)
    if !directory.isEmpty { pc_spawn_in(&actions, directory) }

    var words: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
    defer { for case let word? in words { free(word) } }
    words.append(nil)
    var variables = environment
    var process: pid_t = 0
    guard let program = words[0] else { throw StartError(code: ENOENT) }
    let code = posix_spawnp(&process, program, &actions, &attributes, &words, &variables)
    guard code == 0 else { throw StartError(code: code) }
    return process
  }

  /// The variables of this process but for those of its launcher; they stay this process's own.
  private static var environment: [UnsafeMutablePointer<CChar>?] {
    var variables: [UnsafeMutablePointer<CChar>?] = []
    var next = pc_environment()
    while let variable = next?.pointee {
      if !launcherVariables.contains(where: { strncmp(variable, $0, $0.utf8.count) == 0 }) {
        variables.append(variable)
      }
      next = next?.advanced(by: 1)
    }
    return variables + [nil]
  }

  /// Kills a program, though it may have left its group, and all that is in the group.
  private static func kill(_ process: pid_t) {
    _ = Glibc.kill(-process, SIGKILL)
    _ = Glibc.kill(process, SIGKILL)
  }

  /// Whether a program has ended, which leaves it to be reaped.
  private static func isOver(_ process: pid_t) -> Bool {
    var information = siginfo_t()
    let result = waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT)
    return result == 0 ? information.si_signo == SIGCHLD : errno != EINTR
  }

  /// Reads what is there, as far as a pipe holds it.
  /// - Returns: false at the end.
  private static func read(_ descriptor: Int32, _ output: ([UInt8]) -> Void) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    for _ in 0..<16 {
      let count = Glibc.read(descriptor, &bytes, bytes.count)
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      guard count > 0 else { return false }
      output(Array(bytes.prefix(count)))
    }
    return true
  }

  private func reap(_ process: pid_t, _ early: Ending?) -> Ending {
    state.withLock { state in
      var status: Int32 = 0
      var reaped = waitpid(process, &status, 0)
      while reaped < 0, errno == EINTR { reaped = waitpid(process, &status, 0) }
      if case .cancelled = state { return .cancelled }
      state = .over
      if let early { return early }
      guard reaped == process else { return .unknown }
      return status & 0x7f == 0 ? .exit(status >> 8 & 0xff) : .signal(status & 0x7f)
    }
  }
}
