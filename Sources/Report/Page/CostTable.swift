import Channels
import Configuration
import Search

/// What each layer costs before and after.
struct CostTable {
  private let content: ReportContent

  init(_ content: ReportContent) { self.content = content }

  var markup: Markup {
    let metric = SearchConfiguration.Metric(content.metrics[0])
    let largest = max(content.layers.map { $0.costs[0].before }.max() ?? 1, 1)
    let whole = max(content.layers.reduce(0) { $0 + $1.costs[0].before }, 1)
    let rows = content.layers.map { layer -> Markup in
      let cost = layer.costs[0]
      return """
        <tr role="row"><th scope="row" role="rowheader">\(name: layer.name)</th>\
        <td role="cell" class="bar"><svg width="100%" height="20" aria-hidden="true">\
        <rect class="was" width="\(100 * cost.before / largest)%" y="4" height="12" rx="2"/>\
        <rect class="now" width="\(100 * cost.after / largest)%" y="4" height="12" rx="2"/></svg>\
        <span class="value">\(Quantity.percent(cost.before / whole)) of all before</span></td>\
        <td role="cell" class="num">\(Quantity.cost(cost.before, metric)) → \(Quantity.cost(cost.after, metric))</td></tr>

        """
    }
    return """
      <p class="note">In \(metric.title), for one sample: \(Markup.entry("was", "before,")) \
      \(Markup.entry("now", "after.")) A layer gets cheaper by its own channels and by those of the layers that it \
      reads.</p>
      <table class="bars long-numbers" role="table">
      <thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Layer</th>\
      <th scope="col" role="columnheader"><span class="hidden">cost</span></th>\
      <th scope="col" role="columnheader" class="num">before → after</th></tr></thead>
      <tbody role="rowgroup">
      \(rows)</tbody></table>
      \(table)
      """
  }

  private var table: Markup {
    let metrics = content.metrics.map(SearchConfiguration.Metric.init)
    var table = DataTable(
      "What each layer costs before and after",
      [("Layer", false)] + metrics.flatMap { [("\($0.title) before", true), ("after", true)] })
    for layer in content.layers {
      table.append(
        ["\(name: layer.name)"]
          + zip(metrics, layer.costs).flatMap { metric, cost -> [Markup] in
            ["\(Quantity.cost(cost.before, metric))", "\(Quantity.cost(cost.after, metric))"]
          })
    }
    return table.folded("Every layer in \(metrics.map(\.title).joined(separator: ", "))")
  }
}
