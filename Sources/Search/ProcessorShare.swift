import MessagePassing

import Glibc

/// How many processors of its host a rank may use.
enum ProcessorShare {
  /// Processors of this rank's mask, divided among the ranks of its host that have the same mask; at least 1.
  ///
  /// Unbound ranks all have the host's whole mask, bound ranks one of their own: both come out right.
  static func count(on world: any Communicator) throws -> Int {
    let mask = processorMask()
    let masks = try world.allGather(Array(mask.utf8))
    let hosts = try world.allGather(Array(world.location.hostName.utf8))
    let sharing = masks.indices.count { masks[$0] == masks[world.rank] && hosts[$0] == hosts[world.rank] }
    return max(1, available / max(sharing, 1))
  }

  /// The processors that this process may run on.
  static var available: Int {
    let allowed = processorMask().reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
    return max(1, allowed > 0 ? allowed : Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// The processors that this process may run on, as the kernel writes the mask: hexadecimal digits and commas.
  ///
  /// Empty where there is no such file. (The C call's name is hidden from Swift behind a feature macro.)
  private static func processorMask() -> String {
    let limit = 1 << 20
    guard let status = try? FileHandleReader.contents(of: "/proc/self/status", limit: limit) else { return "" }
    let key = "Cpus_allowed:"
    let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(key) }
    return line.map { String($0.dropFirst(key.count)) } ?? ""
  }
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
