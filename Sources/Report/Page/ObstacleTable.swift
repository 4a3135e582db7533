import Search

/// Why layers lose nothing, and what would change that.
struct ObstacleTable {
  private let content: ReportContent

  init(_ content: ReportContent) { self.content = content }

  var markup: Markup {
    guard !content.obstacles.isEmpty else { return "<p class=\"note\">Every layer may lose channels.</p>" }
    var table = DataTable(
      "Layers that keep all their channels",
      [("Layers", false), ("what keeps them", false), ("where", false), ("what would free them", false)], stacks: true)
    for obstacle in content.obstacles {
      let layers = obstacle.layers.prefix(Self.mostNames).map { index -> Markup in
        "<li>\(name: content.layers[index].name)</li>"
      }
      let more: Markup =
        obstacle.layers.count > Self.mostNames ? "<li>and \(obstacle.layers.count - Self.mostNames) more</li>" : .none
      let place = obstacle.place.map { place -> Markup in "\(name: place.name)<small>\(name: place.opType)</small>" }
      table.append([
        "<ul class=\"names\">\(layers)\(more)</ul>", "\(Markup.shortened(obstacle.cause, to: 400))",
        place ?? "the configuration",
        "\(Markup.shortened(obstacle.unlock ?? "only another model", to: 400))",
      ])
    }
    return """
      <p class="note">\(Quantity.number(content.layers.count(where: \.staysWhole), "layer")) of \
      \(content.layers.count) can lose nothing, for \(Quantity.number(content.obstacles.count, "reason")).</p>
      \(table.table)
      """
  }

  private static let mostNames = 20
}
