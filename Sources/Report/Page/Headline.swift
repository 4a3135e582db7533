import Configuration
import Search

/// What a search has come to, in a few numbers.
struct Headline {
  private let content: ReportContent

  init(_ content: ReportContent) { self.content = content }

  var markup: Markup {
    """
    <p class="kind">Search report</p>
    <h1>\(name: content.model)</h1>
    <p class="lead">\(summary)</p>
    <dl class="cards">\(cards)</dl>
    \(totals)
    """
  }

  private var summary: Markup {
    let gone = content.layers.reduce(0) { $0 + $1.channels - $1.kept }
    let all = content.layers.reduce(0) { $0 + $1.channels }
    let touched = content.layers.count { $0.kept < $0.channels }
    let basis: Markup =
      content.criterion.isOfWeights
      ? "the weights" : "\(Quantity.number(content.calibration.sampleCount, "sample"))"
    let chosen: Markup =
      content.groups.isEmpty ? "as the configuration says" : "solved by <code>\(content.solution.method)</code>"
    return """
      \(touched) of \(Quantity.number(content.layers.count, "layer")) lose channels, \(gone) of \(all) channels go. \
      Judged by <code>\(content.criterion.method)</code> on \(basis), \(chosen).
      """
  }

  private var cards: [Markup] {
    var cards = [compression, predicted, measured]
    cards.append(accuracy)
    cards.append(gap)
    return cards.compactMap { $0 }
  }

  private func card(_ title: String, _ value: Markup, _ note: Markup) -> Markup {
    "<div class=\"card\"><dt>\(title)</dt><dd><strong>\(value)</strong><span>\(note)</span></dd></div>\n"
  }

  /// The main target's cost; that in bit complexity without one.
  private var compression: Markup? {
    let metric = content.targets.first?.metric ?? .bitComplexity
    guard let cost = content.costs.first(where: { $0.metric == metric })?.change else { return nil }
    let asked: Markup
    switch content.targets.first?.bound {
    case .compressionRatio(let ratio): asked = "asked: \(Figure.ratio(ratio))"
    case .limit(let limit): asked = "asked: at most \(Quantity.cost(limit, metric))"
    case nil: asked = "no target: ratios by hand"
    }
    return card("Compression", "\(Figure.ratio(cost.ratio))", "\(metric.title); \(asked)")
  }

  private var predicted: Markup? {
    let solution = content.solution
    let title = solution.unit.title
    return card(
      title.prefix(1).uppercased() + title.dropFirst(), "\(Figure.text(solution.predictedLossChange))",
      "\(solution.unit.note)")
  }

  private var measured: Markup? {
    let solution = content.solution
    guard let change = solution.measuredLossChange else {
      let advice: Markup =
        content.calibration.sampleCount == 0
        ? "there are no samples to measure it on"
        : "search with <code>--apply</code> makes the pruned model and measures it"
      return card("Measured loss change", "–", "not measured: \(advice)")
    }
    let original = content.calibration.meanLoss.map { loss -> Markup in ", from \(Figure.text(loss))" } ?? .none
    let place: Markup = "on the calibration samples\(original)"
    guard let repaired = solution.repairedLossChange, repaired != change else {
      return card("Measured loss change", "\(signed(change))", place)
    }
    return card(
      "Measured loss change", "\(signed(repaired))", "repaired; \(signed(change)) before repair; \(place)")
  }

  private func signed(_ change: Double) -> String { (change > 0 ? "+" : "") + Figure.text(change) }

  private var accuracy: Markup? {
    if let original = content.evaluations.first, let last = content.evaluations.last,
      let before = original.accuracy, let after = last.accuracy, content.evaluations.count > 1
    {
      return card(
        "Accuracy", "\(Quantity.percent(after))",
        "\(last.name); \(Quantity.percent(before)) before, on \(Quantity.number(original.sampleCount, "sample"))")
    }
    return content.calibration.accuracy.map {
      card("Accuracy", "\(Quantity.percent($0))", "of the unpruned network; that of the pruned one is not measured")
    }
  }

  private var gap: Markup? {
    guard !content.groups.isEmpty else {
      return card("Gap to the bound", "–", "nothing is left to choose")
    }
    guard let bound = content.solution.lowerBound else {
      let plans: Markup =
        content.solution.steps > 1
        ? "a plan made in \(content.solution.steps) steps" : "plans by \(content.solution.method)"
      return card("Gap to the bound", "–", "nothing is proven of \(plans)")
    }
    let gap =
      content.solution.gap.map { gap in
        gap == 0 ? "0" : gap < 0.0001 ? "< 0.01 %" : Quantity.percent(gap, places: gap < 0.0995 ? 2 : 0)
      } ?? "∞"
    let objective: Markup =
      content.solution.objective == content.solution.predictedLossChange
      ? content.solution.unit == .score
        ? "the scores of no plan sum to less than \(Figure.text(bound))"
        : "no plan is predicted below \(Figure.text(bound))"
      : "no plan's objective, damping included, is below \(Figure.text(bound))"
    return card("Gap to the bound", "\(gap)", "proven: \(objective)")
  }

  /// The whole network in every metric, and what was evaluated of it.
  private var totals: Markup {
    var table = DataTable(
      "What the whole network costs for one sample",
      [("Cost", false), ("before", true), ("after", true), ("smaller", true)])
    for (metric, cost) in content.costs {
      let asked = content.targets.first { $0.metric == metric }.map { target -> Markup in
        switch target.bound {
        case .compressionRatio(let ratio): "<small>asked: \(Figure.ratio(ratio))</small>"
        case .limit(let limit): "<small>asked: at most \(Quantity.cost(limit, metric))</small>"
        }
      }
      table.append([
        "\(metric.title)", "\(Quantity.cost(cost.before, metric))", "\(Quantity.cost(cost.after, metric))",
        "\(Figure.ratio(cost.ratio))\(asked ?? .none)",
      ])
    }
    guard !content.evaluations.isEmpty else { return table.table }
    var networks = DataTable(
      "Evaluated on \(Quantity.number(content.evaluations[0].sampleCount, "sample"))",
      [("Network", false), ("loss", true), ("accuracy", true)])
    for network in content.evaluations {
      networks.append([
        "\(name: network.name)", "\(Figure.text(network.meanLoss))",
        "\(network.accuracy.map { Quantity.percent($0) } ?? "–")",
      ])
    }
    return "<div class=\"pair\">\(table.table)\(networks.table)</div>"
  }
}

extension SearchConfiguration.Metric {
  /// What the page calls it.
  var title: String {
    switch self {
    case .bitComplexity: "bit complexity"
    case .flops: "FLOPs"
    case .macs: "MACs"
    case .params: "parameters"
    case .memory: "bytes of parameters"
    case .activationMemory: "bytes of activations"
    case .latency: "latency"
    }
  }
}
