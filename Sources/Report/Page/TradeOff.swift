import Channels
import Configuration
import Search

/// The curve of loss over compression, with the plan of every point to look at.
struct TradeOff {
  private let content: ReportContent

  init(_ content: ReportContent) { self.content = content }

  /// A plan that the page shows.
  private struct Point {
    let ratio: Double
    let loss: Double
    let bound: Double?
    let costs: [(metric: SearchConfiguration.Metric, cost: Double)]
    let kept: [Int]
    /// By layer the widths of its numbers; `nil` where none are chosen.
    let bits: [LayerBits]?
    let isPlan: Bool
    var isKnee: Bool

    /// What it is called beside its numbers.
    var kind: String {
      isPlan ? isKnee ? "this plan, the knee" : "this plan" : isKnee ? "the knee" : ""
    }

    func isSamePlan(as other: Point) -> Bool { kept == other.kept && bits == other.bits }
  }

  var markup: Markup {
    switch content.curve {
    case .absent(let absence):
      let advice: Markup =
        absence == .laborious
        ? " <code>prune-cluster report RUN_DIR --frontier</code> draws it, and makes this page again." : .none
      return "<p class=\"note\">There is no curve of this search: \(absence.reason).\(advice)</p>"
    case .drawn(let frontier):
      guard !frontier.points.isEmpty else {
        return "<p class=\"note\">There is no curve of this search: the network cannot get cheaper.</p>"
      }
      return markup(points(frontier), frontier.metric)
    }
  }

  /// The curve's points and the search's own plan, by ascending ratio, each plan once.
  private func points(_ frontier: StoredFrontier) -> [Point] {
    var points: [Point] = []
    for (index, point) in frontier.points.enumerated() {
      var next = Point(
        ratio: point.reached, loss: point.predictedLossChange, bound: point.lowerBound, costs: point.costs,
        kept: point.keptChannels, bits: point.bits, isPlan: false, isKnee: index == frontier.knee)
      // One plan may serve several of the ratios asked for; what is proven for the largest of them says the most.
      if let last = points.last, last.isSamePlan(as: next) {
        next.isKnee = next.isKnee || last.isKnee
        points.removeLast()
      }
      points.append(next)
    }
    let change = content.costs.first { $0.metric == frontier.metric }?.change
    let solution = content.solution
    let bits = content.layers.compactMap(\.bits)
    var plan = Point(
      ratio: change?.ratio ?? 1, loss: solution.predictedLossChange,
      bound: solution.objective == solution.predictedLossChange ? solution.lowerBound : nil,
      costs: content.costs.map { ($0.metric, $0.change.after) }, kept: content.layers.map(\.kept),
      bits: bits.count == content.layers.count ? bits : nil, isPlan: true, isKnee: false)
    if let same = points.firstIndex(where: plan.isSamePlan) { plan.isKnee = points.remove(at: same).isKnee }
    points.insert(plan, at: points.firstIndex { $0.ratio > plan.ratio } ?? points.count)
    return points
  }

  private func markup(_ points: [Point], _ metric: SearchConfiguration.Metric) -> Markup {
    let plan = points.firstIndex(where: \.isPlan) ?? 0
    let knee = points.first(where: \.isKnee).map { point -> Markup in
      " At the knee, \(Figure.ratio(point.ratio)), a little more compression begins to cost much more."
    }
    let others: Markup = content.targets.count > 1 ? " The other targets are met at every point." : .none
    let plot = plot(points, metric)
    return """
      <p class="note">What other ratios in \(metric.title) would lose, by the same sensitivities.\(knee ?? .none)\(others)</p>
      <figure class="frame" id="frontier">\(plot.markup)\
      <figcaption>times smaller in \(metric.title) →</figcaption></figure>
      <p class="legend">\(Markup.entry("line", "best plans found")) \(boundKey(points))\
      \(Markup.entry("dot plan", "this plan")) \(Markup.entry("dot knee", "knee")) \
      <span class="script" hidden>\(Markup.entry("dot chosen", "chosen below"))</span></p>
      <div class="slide" hidden><label for="slider">Look at another point</label>\
      <input type="range" id="slider" min="0" max="\(points.count - 1)" value="\(plan)" step="1">\
      </div>
      <p class="point"><output id="point" for="slider">\(sentence(points[plan], metric))</output></p>
      \(strip(points[plan]))
      \(keptTable(points[plan]))
      \(table(points, metric, plot))
      """
  }

  private func boundKey(_ points: [Point]) -> Markup {
    points.contains { $0.bound != nil } ? "\(Markup.entry("dash", "no plan is below")) " : .none
  }

  private func plot(_ points: [Point], _ metric: SearchConfiguration.Metric) -> Plot {
    let ratios = points.map(\.ratio)
    let x = PlotScale(min(1, ratios.min() ?? 1)...max(ratios.max() ?? 2, 1.01), isLogarithmic: true)
    // From 0 on and even, as the knee is looked for: it is where this line bends.
    let y = PlotScale(from0: points.map(\.loss) + points.compactMap(\.bound))
    var plot = Plot(
      "Predicted loss over compression, from \(Figure.ratio(ratios.min() ?? 1)) to \(Figure.ratio(ratios.max() ?? 1)); the table below has the points.",
      x: x, y: y, xTicks: x.ticks(atMost: 7).map { ($0, Figure.tick($0) + "×") },
      yTicks: y.ticks().map { ($0, Figure.tick($0)) })
    let bounds = points.compactMap { point in point.bound.map { (point.ratio, $0) } }
    if !bounds.isEmpty { plot.curves.append("<path class=\"bound\" d=\"\(plot.path(bounds))\"/>") }
    plot.curves.append("<path class=\"curve\" d=\"\(plot.path(points.map { ($0.ratio, $0.loss) }))\"/>")
    for point in points {
      let (x, y) = plot.place((point.ratio, point.loss))
      let kind: Markup = point.isPlan ? " plan" : point.isKnee ? " knee" : .none
      let radius = point.isPlan || point.isKnee ? 6 : 3
      plot.marks.append(
        """
        <circle class="dot\(kind)" cx="\(x)%" cy="\(y)%" r="\(radius)"><title>\(Figure.ratio(point.ratio)): \
        \(Figure.text(point.loss))</title></circle>
        """)
    }
    plot.marks.append("<text class=\"title\" x=\"0\" y=\"0\" dy=\"-10\">↑ \(content.solution.unit.axis)</text>")
    plot.marks.append("<circle id=\"chosen\" class=\"dot chosen\" r=\"9\" visibility=\"hidden\"/>")
    return plot
  }

  private func sentence(_ point: Point, _ metric: SearchConfiguration.Metric) -> Markup {
    let kind: Markup = point.kind.isEmpty ? .none : " (\(point.kind))"
    let bound = point.bound.map { bound -> Markup in ", no plan below \(Figure.text(bound))" } ?? .none
    let costs = point.costs.filter { [metric, .macs, .params].contains($0.metric) }.map { metric, cost -> Markup in
      "; \(Quantity.cost(cost, metric)) \(metric.title)"
    }
    return """
      <strong>\(Figure.ratio(point.ratio))</strong>\(kind): \(content.solution.unit.axis) \
      <strong>\(Figure.text(point.loss))</strong>\(bound)\(costs)
      """
  }

  /// What share of its channels each layer keeps at the point that is looked at: a column for each, in graph order.
  private func strip(_ point: Point) -> Markup {
    let count = Double(max(content.layers.count, 1))
    let columns = zip(content.layers, point.kept).enumerated().map { index, pair -> Markup in
      let (layer, kept) = pair
      let share = layer.channels == 0 ? 100 : 100 * Double(kept) / Double(layer.channels)
      let (x, width) = (100 * Double(index) / count, 100 / count)
      return """
        <g><title>\(Markup.shortened(layer.name)): \(kept) of \(layer.channels) kept</title>\
        <rect class="was" x="\(x + 0.1 * width)%" width="\(0.8 * width)%" height="100%"/>\
        <rect class="now" data-channels="\(layer.channels)" data-name="\(Markup.shortened(layer.name))" \
        x="\(x + 0.1 * width)%" width="\(0.8 * width)%" y="\(100 - share)%" height="\(share)%"/></g>
        """
    }
    return """
      <figure class="strip"><svg id="strip" role="img" aria-label="The share of channels that each layer keeps at this \
      point, in graph order; the table below has the numbers." width="100%" height="96">\(columns)</svg>\
      <figcaption><span>first layer</span><span>share of channels kept by each layer</span><span>last layer</span>\
      </figcaption></figure>
      """
  }

  /// What each layer keeps at the point that is looked at; the slider rewrites it.
  private func keptTable(_ point: Point) -> Markup {
    let bitsColumn = point.bits.map { _ in [(title: "bits", isNumber: true)] } ?? []
    var table = DataTable(
      "What each layer keeps at this point",
      [("Layer", false), ("channels", true), ("kept", true)] + bitsColumn, isTall: true)
    for (index, layer) in content.layers.enumerated() {
      table.append(
        ["\(name: layer.name)", "\(layer.channels)", "\(point.kept[index])"]
          + (point.bits.map { [text($0[index])] } ?? []))
    }
    return table.table(attributes: " id=\"kept\"")
  }

  private func text(_ bits: LayerBits) -> Markup { "\(bits.activation)/\(bits.weight)" }

  /// The points, and what each layer keeps at them; the slider reads it.
  private func table(_ points: [Point], _ metric: SearchConfiguration.Metric, _ plot: Plot) -> Markup {
    let metrics = [metric, .macs, .params].enumerated().filter { index, one in
      ![metric, .macs, .params].prefix(index).contains(one)
    }.map(\.element)
    var table = DataTable(
      "The points of the curve",
      [("Smaller", true), ("", false), (content.solution.unit.axis, true), ("no plan below", true)]
        + metrics.map { ($0.title, true) })
    for point in points {
      let (x, y) = plot.place((point.ratio, point.loss))
      let kept = point.kept.enumerated().map { index, count -> Markup in index == 0 ? "\(count)" : " \(count)" }
      let bits = point.bits.map { bits -> Markup in
        let texts = bits.enumerated().map { index, bits -> Markup in
          index == 0 ? text(bits) : " \(text(bits))"
        }
        return " data-bits=\"\(texts)\""
      }
      let costs = metrics.map { metric -> Markup in
        "\(point.costs.first { $0.metric == metric }.map { Quantity.cost($0.cost, metric) } ?? "–")"
      }
      table.append(
        [
          "\(Figure.ratio(point.ratio))", "\(point.kind)",
          "\(Figure.text(point.loss))", "\(point.bound.map(Figure.text) ?? "–")",
        ] + costs, attributes: " data-x=\"\(x)\" data-y=\"\(y)\" data-kept=\"\(kept)\"\(bits ?? .none)")
    }
    return table.folded("The points as a table", attributes: " id=\"points\"") + layers(points)
  }

  /// Cells of the table of all plans, at the most.
  private static let mostCells = 10_000

  private func layers(_ points: [Point]) -> Markup {
    // All points, or of a very deep network as many as keep the page small, this plan's among them.
    let plan = points.firstIndex(where: \.isPlan) ?? 0
    let stride = max(1, (points.count * content.layers.count + Self.mostCells - 1) / Self.mostCells)
    let shown = points.indices.filter { $0 % stride == plan % stride }
    let bits: Markup = points[plan].bits == nil ? .none : ", and its bits"
    var table = DataTable(
      "Channels that each layer keeps\(bits)",
      [("Layer", false), ("has", true)] + shown.map { ("at " + Figure.ratio(points[$0].ratio), true) })
    for (index, layer) in content.layers.enumerated() {
      table.append(
        ["\(name: layer.name)", "\(layer.channels)"]
          + shown.map { number in
            let bits = points[number].bits.map { bits -> Markup in "<small>\(text(bits[index]))</small>" }
            return "\(points[number].kept[index])\(bits ?? .none)"
          })
    }
    let which: Markup = stride == 1 ? "every point" : "\(shown.count) of the points"
    return table.folded("What each layer keeps at \(which), as a table")
  }
}
