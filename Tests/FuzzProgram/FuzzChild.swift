import Glibc

/// The process that reads damaged inputs: it bounds itself, and notes how far it came where its parent can see it.
struct FuzzChild {
  /// Address space of the process. Readers are to stay far below.
  static let memoryLimit = 2 << 30
  /// Time of one input by the clock: longer, as the machine may be busy, and for what waits instead of computing.
  static let longestWait = 120

  private let options: FuzzOptions
  private let reader: FuzzReader

  init(_ options: FuzzOptions, _ reader: FuzzReader) {
    self.options = options
    self.reader = reader
  }

  /// Reads all inputs; the progress is in the file `progress` of the folder `--out`.
  func run() {
    guard let folder = options.output, let progress = FuzzProgress(folder + "/progress") else { exit(64) }
    var limit = rlimit(rlim_cur: rlim_t(FuzzChild.memoryLimit), rlim_max: rlim_t(FuzzChild.memoryLimit))
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    limit = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    let end = options.seconds.map { time(nil) + $0 }
    var number = options.index ?? 0
    var last = options.index.map { $0 + 1 } ?? (end == nil ? options.count : .max)
    if reader.isFinite { last = min(last, reader.seeds.count) }
    while number < last, end.map({ time(nil) < $0 }) ?? true {
      let input = reader.input(number, seed: options.seed)
      progress.begin(number)
      FuzzChild.startClocks(options.limit)
      if reader.accepts(input, folder) { progress.accept() }
      number += 1
    }
    alarm(0)
    progress.finish(number)
  }

  /// Whichever of the two clocks runs out ends the process.
  private static func startClocks(_ seconds: Int) {
    alarm(UInt32(longestWait))
    var timer = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: seconds, tv_usec: 0))
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
  }
}

/// How far a child came, in memory that outlives it: a file of four numbers that is mapped.
struct FuzzProgress {
  private let numbers: UnsafeMutablePointer<Int>

  init?(_ path: String) {
    let size = 4 * MemoryLayout<Int>.stride
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard ftruncate(descriptor, off_t(size)) == 0,
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
    else { return nil }
    numbers = memory.bindMemory(to: Int.self, capacity: 4)
  }

  /// The input that is being read.
  var current: Int { numbers[0] }
  /// Inputs that were accepted.
  var accepted: Int { numbers[1] }
  /// Whether the child came to its end, and the number behind its last input.
  var isFinished: Bool { numbers[2] == 1 }

  func begin(_ number: Int) { numbers[0] = number }
  func accept() { numbers[1] += 1 }
  func finish(_ number: Int) {
    numbers[0] = number
    numbers[2] = 1
  }
}
