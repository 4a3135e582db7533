/// The sentence about a job that stands still: for how long, who does not answer, and what the others wait for.
struct StallReport {
  /// The ranks that do not answer.
  let silent: [Int]
  /// What the others said, by rank.
  let answers: [Int: WaitReport]
  /// The hosts that are known, by rank.
  let hostNames: [Int: String]

  /// So many ranks, and so many different waits, are named; the rest is counted.
  private static let namedCount = 8

  var text: String {
    let waited = answers.values.map(\.waited).max() ?? 0
    let parts = [culprits] + activities
    return "stalled for \(waited / MonotonicClock.second) s: " + parts.joined(separator: "; ")
  }

  private var culprits: String {
    guard !silent.isEmpty else { return "every rank answers" }
    var names = silent.prefix(Self.namedCount).map { rank in
      "rank \(rank) (\(hostNames[rank] ?? "unknown host"))"
    }
    if silent.count > names.count { names.append("\(silent.count - names.count) more") }
    return Self.list(names) + (silent.count == 1 ? " does not answer" : " do not answer")
  }

  /// What the ranks that answered do, those that do the same together, the lowest rank's first.
  private var activities: [String] {
    let groups = Dictionary(grouping: answers.keys.sorted()) { rank in answers[rank]?.wait }
    let sorted = groups.sorted { $0.value[0] < $1.value[0] }
    var texts = sorted.prefix(Self.namedCount).map { wait, ranks in
      let isOne = ranks.count == 1
      let who = (isOne ? "rank " : "ranks ") + Self.ranges(of: ranks)
      guard let wait else { return who + (isOne ? " does not wait" : " do not wait") }
      return who + (isOne ? " waits in " : " wait in ") + "\(wait)"
    }
    if groups.count > texts.count { texts.append("others wait in \(groups.count - texts.count) other ways") }
    return texts
  }

  /// `0-2, 5` for 0, 1, 2 and 5.
  private static func ranges(of ranks: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for rank in ranks {
      if let last = ranges.last, last.upperBound == rank - 1 {
        ranges[ranges.count - 1] = last.lowerBound...rank
      } else {
        ranges.append(rank...rank)
      }
    }
    var texts = ranges.prefix(namedCount).map { range in
      range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
    let others = ranges.dropFirst(namedCount).reduce(0) { $0 + $1.count }
    if others > 0 { texts.append("\(others) more") }
    return texts.joined(separator: ", ")
  }

  private static func list(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.joined() }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}
