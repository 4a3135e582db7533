import MessagePassing

import Glibc

/// How many processors of its host a rank may use.
enum ProcessorShare {
  /// Processors of this rank's mask, divided among the ranks of its host that have the same mask, and no more than its
  /// part of a container's; at least 1.
  ///
  /// Unbound ranks all have the host's whole mask, bound ranks one of their own: both come out right.
  static func count(on world: any Communicator) throws -> Int { try RankPlacement(on: world).workers[world.rank] }

  /// The processors that this process may run on.
  static var available: Int {
    let mask = ProcessorMask.ofProcess
    return max(1, min(mask.processors.isEmpty ? online : mask.processors.count, quota ?? .max))
  }

  /// The processors of the host.
  static var online: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// The processors' time that a container or a job may use, as a number of processors; `nil` where there is no limit.
  static var quota: Int? {
    let limit = 1 << 16
    func text(_ path: String) -> Substring? {
      (try? FileHandleReader.contents(of: path, limit: limit)).map { Substring(decoding: $0, as: UTF8.self) }
    }
    // Of version 2 there is one line, `0::/path`; of version 1 one of the controllers is called cpu. A group is limited by
    // all above it, up to the root, where a container's own is.
    var least: Int?
    for line in text("/proc/self/cgroup")?.split(separator: "\n") ?? [] {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let steps = parts[2].split(separator: "/")
      for depth in (0...steps.count).reversed() {
        let path = steps.prefix(depth).map { "/\($0)" }.joined()
        var found: Int?
        if parts[1].isEmpty, let limit = text("/sys/fs/cgroup\(path)/cpu.max")?.split(whereSeparator: \.isWhitespace) {
          found = processors(limit.first, limit.last)
        } else if parts[1].split(separator: ",").contains("cpu") {
          let folder = "/sys/fs/cgroup/cpu\(path)"
          let quota = text("\(folder)/cpu.cfs_quota_us")?.split(whereSeparator: \.isWhitespace).first
          let period = text("\(folder)/cpu.cfs_period_us")?.split(whereSeparator: \.isWhitespace).first
          found = processors(quota, period)
        }
        if let found { least = min(least ?? found, found) }
      }
    }
    return least
  }

  /// A share of a period, rounded up: half a processor more is worth a worker.
  private static func processors(_ quota: Substring?, _ period: Substring?) -> Int? {
    guard let quota = quota.flatMap({ Int($0) }), let period = period.flatMap({ Int($0) }), quota > 0, period > 0
    else { return nil }
    return quota / period + (quota % period > 0 ? 1 : 0)
  }
}

/// A set of processors of one host.
struct ProcessorMask: Hashable {
  /// Their numbers.
  let processors: Set<Int>

  /// The processors that this process may run on; none where the kernel does not say so.
  ///
  /// (The C call's name is hidden from Swift behind a feature macro.)
  static var ofProcess: ProcessorMask {
    guard let status = try? FileHandleReader.contents(of: "/proc/self/status", limit: 1 << 20) else {
      return ProcessorMask(list: "")
    }
    let key = "Cpus_allowed_list:"
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(key) }
    return ProcessorMask(list: line?.dropFirst(key.count) ?? "")
  }

  /// Reads a list as the kernel writes it: `0-3,8`.
  init(list: Substring) {
    var processors: Set<Int> = []
    for range in list.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
      let ends = range.split(separator: "-").map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 0, last < 1 << 20, first <= last else {
        continue
      }
      processors.formUnion(first...last)
    }
    self.processors = processors
  }

  /// The list, to be sent.
  var list: String { processors.sorted().map(String.init).joined(separator: ",") }
}

/// What a process has used.
enum ResourceUse {
  /// The largest resident memory of this process so far, in bytes.
  static var peakMemory: Int {
    var usage = rusage()
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
    return usage.ru_maxrss * 1024
  }
}
