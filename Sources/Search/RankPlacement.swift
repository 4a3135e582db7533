import MessagePassing

/// How the ranks of a run lie on hosts and processors; the same on every rank.
struct RankPlacement {
  /// By rank the host.
  let hosts: [String]
  /// By rank the processors that it may run on.
  let masks: [ProcessorMask]
  /// By rank the processors of its host.
  let online: [Int]
  /// By rank the threads that it computes with.
  let workers: [Int]

  /// Asks all ranks; all take part.
  init(on world: any Communicator) throws {
    let masks = try world.allGather(Array(ProcessorMask.ofProcess.list.utf8)).map { list in
      ProcessorMask(list: Substring(decoding: list, as: UTF8.self))
    }
    let hosts = try world.allGather(Array(world.location.hostName.utf8)).map { String(decoding: $0, as: UTF8.self) }
    let limits = try world.allGather([Int64(ProcessorShare.quota ?? .max), Int64(ProcessorShare.online)])
    self.init(hosts: hosts, masks: masks, quotas: limits.map { Int($0[0]) }, online: limits.map { Int($0[1]) })
  }

  /// - Parameters:
  ///   - quotas: by rank the processors' time that its container may use, all its processes together; `Int.max` for all.
  ///   - online: by rank the processors of its host.
  init(hosts: [String], masks: [ProcessorMask], quotas: [Int], online: [Int]) {
    self.hosts = hosts
    self.masks = masks
    self.online = online
    var neighbours: [String: Int] = [:]
    var sharing: [Share: Int] = [:]
    for (host, mask) in zip(hosts, masks) {
      neighbours[host, default: 0] += 1
      sharing[Share(host: host, mask: mask), default: 0] += 1
    }
    workers = hosts.indices.map { rank in
      let processors = masks[rank].processors.isEmpty ? online[rank] : masks[rank].processors.count
      let share = sharing[Share(host: hosts[rank], mask: masks[rank])] ?? 1
      return max(1, min(processors / share, quotas[rank] / (neighbours[hosts[rank]] ?? 1)))
    }
  }

  /// Processors that some ranks share.
  private struct Share: Hashable {
    let host: String
    let mask: ProcessorMask
  }

  /// One line: ranks, threads of each, hosts.
  var text: String {
    let ranks = hosts.count == 1 ? "1 rank" : "\(hosts.count) ranks"
    let (least, most) = (workers.min() ?? 1, workers.max() ?? 1)
    let threads = least == most ? "\(most)" : "\(least) to \(most)"
    let count = Set(hosts).count
    return "\(ranks) × \(threads) \(most == 1 ? "thread" : "threads") on \(count == 1 ? "1 host" : "\(count) hosts")"
  }

  /// What is wrong with the placement, one line per host at the most.
  var warnings: [String] {
    var seen: Set<String> = []
    return hosts.filter { seen.insert($0).inserted }.compactMap(warning)
  }

  private func warning(_ host: String) -> String? {
    let ranks = hosts.indices.filter { hosts[$0] == host }
    let own = ranks.map { masks[$0].processors }
    let union = own.reduce(Set<Int>()) { $0.union($1) }
    let threads = ranks.reduce(0) { $0 + workers[$1] }
    guard !union.isEmpty else { return nil }
    if threads > union.count {
      let why =
        threads == ranks.count
        ? "start fewer ranks there" : "the processors of some overlap: bind each to its own, or none (--bind-to none)"
      return "\(host): \(threads) threads of \(ranks.count) ranks share \(union.count) processors; \(why)"
    }
    // What `mpirun` does by itself with one or two ranks.
    if own.allSatisfy({ $0.count == 1 }), 2 * union.count <= online[ranks[0]] {
      return
        "\(host): every rank is bound to one processor and \(online[ranks[0]] - union.count) of \(online[ranks[0]]) are "
        + "left idle; --bind-to none or --map-by slot:PE=N gives ranks more"
    }
    return nil
  }
}
