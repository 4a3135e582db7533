import Glibc

/// Starts a child for every reader, and reports what became of it.
struct FuzzSupervisor {
  private let options: FuzzOptions

  init(_ options: FuzzOptions) { self.options = options }

  /// A child that runs.
  private struct Running {
    let reader: String
    let folder: String
    let start: Int
  }

  /// Runs readers, some at a time; whether none of them failed.
  func run(_ readers: [String]) -> Bool {
    guard let base = Self.makeFolder(), let output = failureFolder() else {
      print("no folder for scratch files")
      return false
    }
    defer { Self.remove(base) }
    print(
      "fuzz: seed \(options.seed), \(options.seconds.map { "\($0) s" } ?? "\(options.count) inputs") per reader, at most \(FuzzChild.memoryLimit >> 20) MiB, \(options.limit) s of processor time per input"
    )
    var waiting = readers[...]
    var running: [pid_t: Running] = [:]
    var isSound = true
    while !waiting.isEmpty || !running.isEmpty {
      while running.count < options.jobs, let reader = waiting.popFirst() {
        let folder = "\(base)/\(reader)"
        mkdir(folder, 0o700)
        guard let process = start("child", reader, output: folder) else {
          print("\(reader): cannot be started")
          return false
        }
        running[process] = Running(reader: reader, folder: folder, start: Self.now)
      }
      var status: Int32 = 0
      var usage = rusage()
      let process = wait4(-1, &status, 0, &usage)
      guard process > 0 else { continue }
      guard let child = running.removeValue(forKey: process) else { continue }
      if !report(child, status, usage, output) { isSound = false }
    }
    return isSound
  }

  /// Says how a child ended; whether that was well.
  private func report(_ child: Running, _ status: Int32, _ usage: rusage, _ output: String) -> Bool {
    let name = child.reader + String(repeating: " ", count: max(0, 14 - child.reader.utf8.count))
    guard let progress = FuzzProgress(child.folder + "/progress") else {
      print("\(name) left no progress")
      return false
    }
    let peak = usage.ru_maxrss >> 10
    if status == 0, progress.isFinished {
      let seconds = Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      print(
        "\(name) \(progress.current) inputs, \(progress.accepted) accepted, peak \(peak) MiB, \(Int(seconds)) s of processor time, \(Self.now - child.start) s"
      )
      return true
    }
    let number = progress.current
    let path = "\(output)/\(child.reader)-\(options.seed)-\(number)"
    var maker = Int32(0)
    if let process = start("input", child.reader, index: number, output: path) { waitpid(process, &maker, 0) }
    print("\(name) FAILED at input \(number): \(cause(status)), peak \(peak) MiB")
    print("  the input is \(path)")
    print("  again: scripts/fuzz --reader \(child.reader) --seed \(options.seed) --index \(number)")
    return false
  }

  private func cause(_ status: Int32) -> String {
    let signal = status & 0x7F
    switch signal {
    case 0: return "exit code \(status >> 8 & 0xFF)"
    case SIGPROF: return "more than \(options.limit) s of processor time"
    case SIGALRM: return "no end within \(FuzzChild.longestWait) s"
    case SIGILL, SIGTRAP: return "a trap (signal \(signal))"
    case SIGKILL: return "killed, perhaps for want of memory"
    default: return "signal \(signal) (\(strsignal(signal).map { String(cString: $0) } ?? "unknown"))"
    }
  }

  /// Starts this program again for one reader.
  private func start(_ command: String, _ reader: String, index: Int? = nil, output: String) -> pid_t? {
    var words = [
      CommandLine.arguments[0], command, "--reader", reader, "--count", "\(options.count)", "--seed", "\(options.seed)",
      "--out", output,
    ]
    words += ["--limit", "\(options.limit)"]
    if let index = index ?? options.index { words += ["--index", "\(index)"] }
    if let seconds = options.seconds, index == nil { words += ["--seconds", "\(seconds)"] }
    for corpus in options.corpora { words += ["--corpus", corpus] }
    // A trap is to end the process at once and not to be described, which takes seconds and memory.
    let environment = ["SWIFT_BACKTRACE=enable=no", "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "LC_ALL=C"]
    var arguments = words.map { strdup($0) } + [nil]
    var variables = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var process: pid_t = 0
    let failure = arguments.withUnsafeMutableBufferPointer { arguments in
      variables.withUnsafeMutableBufferPointer { variables in
        guard let arguments = arguments.baseAddress, let variables = variables.baseAddress else { return ENOMEM }
        return posix_spawn(&process, "/proc/self/exe", nil, nil, arguments, variables)
      }
    }
    return failure == 0 ? process : nil
  }

  private func failureFolder() -> String? {
    let folder = options.output ?? "fuzz-failures"
    return mkdir(folder, 0o755) == 0 || errno == EEXIST ? folder : nil
  }

  private static var now: Int { time(nil) }

  /// A new folder, in memory where there is such a place.
  private static func makeFolder() -> String? {
    for place in ["/dev/shm", "/tmp"] {
      var template = Array("\(place)/prune-cluster-fuzz-XXXXXX".utf8CString)
      if mkdtemp(&template) != nil {
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
    }
    return nil
  }

  /// Removes a folder with all that is in it.
  private static func remove(_ path: String) {
    for name in FuzzFile.names(in: path) {
      let inner = "\(path)/\(name)"
      // A link goes, what it leads to stays.
      if unlink(inner) != 0 { remove(inner) }
    }
    rmdir(path)
  }
}
