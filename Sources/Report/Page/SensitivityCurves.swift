import Configuration
import Search

/// What each group of layers loses at every ratio, pruned alone; a small plot for each.
struct SensitivityCurves {
  private let content: ReportContent

  init(_ content: ReportContent) { self.content = content }

  var markup: Markup {
    guard !content.groups.isEmpty else {
      return content.layers.contains { $0.kept < $0.channels }
        ? "<p class=\"note\">The configuration says what each layer loses, and leaves no ratio to choose.</p>"
        : "<p class=\"note\">No layer may lose channels.</p>"
    }
    let criterion = content.criterion
    let kind: Markup =
      switch criterion.unit {
      case .loss, .accuracy: "the predicted loss change"
      case .squaredLoss: "the predicted loss change, in squared units of the loss,"
      case .score: "the sum of the scores"
      }
    let upper: Markup = criterion.isUpperEnd ? " Sensitivities are taken at the upper ends of their error bars." : .none
    let steps: Markup =
      content.solution.steps > 1
      ? " They are those of the whole network, the first of \(content.solution.steps) measurements." : .none
    let joint: Markup =
      criterion.isAdditive
      ? .none
      : """
       The plan was made by the loss of sets of channels, which is no sum; the curves add up what channels lose one by \
      one.
      """
    let scale = PlotScale(losses: content.groups.flatMap { $0.steps.dropFirst().map(\.loss) }, leastShare: 1e-6)
    let plots = content.groups.map { plot($0, scale) }
    return """
      <p class="note">For each group of layers that share their channels: \(kind) (upwards) when it alone loses a share of its \
      channels (to the right), those of the lowest sensitivity first; the dot is what this plan takes. All plots have one \
      scale\(scale.isLogarithmic ? ", a logarithmic one" : Markup.none).\(steps)\(upper)\(joint)</p>
      <div class="small">\(plots)</div>
      \(table)
      """
  }

  private func title(_ group: ReportContent.Group) -> Markup {
    guard let first = group.layers.first else { return "group \(group.id)" }
    let more: Markup = group.layers.count > 1 ? " <small>and \(group.layers.count - 1) more</small>" : .none
    return "\(name: Markup.shortened(content.layers[first].name, to: 40))\(more)"
  }

  private func share(_ group: ReportContent.Group, _ kept: Int) -> Double {
    group.unitCount == 0 ? 0 : Double(group.unitCount - kept) / Double(group.unitCount)
  }

  /// The steps that are drawn: the plan's own, and as many others as can be told apart.
  private func drawn(_ group: ReportContent.Group) -> [(kept: Int, loss: Double)] {
    let stride = max(1, group.steps.count / 48)
    return group.steps.enumerated().filter { index, step in
      index % stride == 0 || index == group.steps.count - 1 || step.kept == group.kept
    }.map(\.element)
  }

  private func plot(_ group: ReportContent.Group, _ y: PlotScale) -> Markup {
    let x = PlotScale(0...1)
    let own = group.steps.first { $0.kept == group.kept }
    let lost = group.unitCount - group.kept
    var plot = Plot(
      "Loss over share of channels lost, of group \(group.id)", x: x, y: y,
      xTicks: [(0, "0"), (0.5, "50 %"), (1, "100 %")], yTicks: y.ticks(atMost: 4).map { ($0, Figure.tick($0)) })
    // On a logarithmic axis nothing lost has no place.
    let steps = drawn(group).filter { !y.isLogarithmic || $0.loss > 0 }
    let points = steps.map { (share(group, $0.kept), $0.loss) }
    plot.curves.append("<path class=\"curve\" d=\"\(plot.path(points))\"/>")
    var note: Markup = "loses none of \(group.unitCount)"
    if lost > 0 {
      note = "loses \(lost) of \(group.unitCount)"
      if let own {
        let (x, y) = plot.place((share(group, group.kept), own.loss))
        plot.marks.append("<circle class=\"dot plan\" cx=\"\(x)%\" cy=\"\(y)%\" r=\"5\"/>")
        note += ": \(Figure.text(own.loss))"
      }
    }
    return """
      <figure class="frame"><figcaption class="above"><strong>\(title(group))</strong><span>\(note)</span></figcaption>\
      \(plot.markup)</figure>

      """
  }

  private static let shares = [0.1, 0.25, 0.5, 0.75, 0.9]

  private var table: Markup {
    var table = DataTable(
      "What each group loses when a share of its channels goes",
      [("Group", false), ("channels", true)] + Self.shares.map { (Quantity.percent($0, places: 0), true) }
        + [("this plan takes", true), ("and loses", true)])
    for group in content.groups {
      let losses = Self.shares.map { share -> Markup in
        // The first step that takes at least so much.
        let step = group.steps.first { self.share(group, $0.kept) >= share - 1e-9 }
        return "\(step.map { Figure.text($0.loss) } ?? "–")"
      }
      let own = group.steps.first { $0.kept == group.kept }
      table.append(
        [title(group), "\(group.unitCount)"] + losses
          + ["\(group.unitCount - group.kept)", "\(own.map { Figure.text($0.loss) } ?? "–")"])
    }
    return table.folded("The curves as a table")
  }
}
