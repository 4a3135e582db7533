import Configuration
import Search

/// How the search ran. All else on the page is the same for any number of ranks.
struct RunFacts {
  private let run: ReportContent.Run

  init(_ content: ReportContent) { run = content.run }

  private static let mostRanks = 256

  var markup: Markup {
    let total = run.phases.reduce(0) { $0 + $1.seconds }
    let hosts = Set(run.ranks.map(\.host)).count
    let workers = run.ranks.reduce(0) { $0 + $1.workers }
    let busy = run.ranks.reduce(0) { $0 + $1.busySeconds }
    let idle = run.ranks.reduce(0) { $0 + $1.idleSeconds }
    let attempts: Markup = run.attempts > 1 ? ", at attempt \(run.attempts)" : .none
    let restored: Markup = run.pieces.restored > 0 ? "; \(run.pieces.restored) came from the checkpoint" : .none
    let grid = run.grid.map { grid -> Markup in " in a grid \(grid)," } ?? .none
    return """
      <p class="note">\(Quantity.number(run.ranks.count, "rank")) on \(Quantity.number(hosts, "host")),\(grid) \
      \(Quantity.number(workers, "worker")); started \(run.started)\(attempts), \(Quantity.duration(total)). \
      \(Quantity.number(run.pieces.computed, "piece")) of work computed\(restored). Workers were busy \
      \(busy + idle > 0 ? Quantity.percent(busy / (busy + idle), places: 0) : "0 %") of their time.</p>
      <h3>Time per phase</h3>
      \(phases(total))
      <h3>Ranks</h3>
      \(ranks)
      <h3>What it ran with</h3>
      \(facts)
      """
  }

  private func phases(_ total: Double) -> Markup {
    let rows = run.phases.map { phase -> Markup in
      let share = total > 0 ? 100 * phase.seconds / total : 0
      return """
        <tr role="row"><th scope="row" role="rowheader">\(name: phase.name)</th><td role="cell" class="bar">\
        <svg width="100%" height="20" aria-hidden="true"><rect class="now" width="\(share)%" y="4" height="12" rx="2"/></svg>\
        </td><td role="cell" class="num">\(Quantity.duration(phase.seconds))</td></tr>

        """
    }
    return """
      <table class="bars" role="table"><thead class="hidden" role="rowgroup"><tr role="row">\
      <th role="columnheader">Phase</th><th role="columnheader">share</th><th role="columnheader">time</th></tr></thead>
      <tbody role="rowgroup">
      \(rows)</tbody></table>
      """
  }

  private var ranks: Markup {
    let longest = run.ranks.map { $0.busySeconds + $0.idleSeconds }.max() ?? 0
    let rows = run.ranks.prefix(Self.mostRanks).enumerated().map { index, rank -> Markup in
      let busy = longest > 0 ? 100 * rank.busySeconds / longest : 0
      let idle = longest > 0 ? 100 * rank.idleSeconds / longest : 0
      return """
        <tr role="row"><th scope="row" role="rowheader">\(index) · \(name: rank.host)<small>\
        \(Quantity.number(rank.workers, "worker")), \(Quantity.number(rank.pieces, "piece")), \
        \(Quantity.cost(Double(rank.peakMemory), .memory))</small></th>\
        <td role="cell" class="bar"><svg width="100%" height="20" aria-hidden="true">\
        <rect class="now" width="\(busy)%" y="4" height="12"/>\
        <rect class="was" x="\(busy)%" width="\(idle)%" y="4" height="12"/></svg></td>\
        <td role="cell" class="num">\(Quantity.duration(rank.busySeconds)), idle \(Quantity.duration(rank.idleSeconds))</td></tr>

        """
    }
    let more: Markup =
      run.ranks.count > Self.mostRanks
      ? "<p class=\"note\">and \(run.ranks.count - Self.mostRanks) more, in run.json</p>" : .none
    return """
      <p class="note">Seconds of each rank's workers: \(Markup.entry("now", "busy,")) \(Markup.entry("was", "idle."))</p>
      <table class="bars long-numbers" role="table"><thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Rank</th>\
      <th scope="col" role="columnheader"><span class="hidden">time of its workers</span></th>\
      <th scope="col" role="columnheader" class="num">busy, idle</th></tr></thead>
      <tbody role="rowgroup">
      \(rows)</tbody></table>\(more)
      """
  }

  private var facts: Markup {
    var table = DataTable("Program and inputs", [("", false), ("", false)])
    table.append(["prune-cluster", "\(run.version)"])
    table.append(["executor", "\(run.executor)"])
    table.append(["transport", "\(run.transport)"])
    for input in run.inputs {
      table.append(["\(name: input.path)", "<code>\(String(input.sha256.prefix(16)))…</code>"])
    }
    return """
      \(table.table)
      <details><summary>The configuration as resolved</summary><pre>\(lines: run.configuration)</pre></details>
      """
  }
}
