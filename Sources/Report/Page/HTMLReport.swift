public import Search

/// A search's report as one HTML file that asks for nothing from anywhere.
public struct HTMLReport: ReportFormat {
  /// The report.
  public init() {}

  /// The page, whole, as UTF-8.
  public func page(of content: ReportContent) -> [UInt8] { Array(document(content).source.utf8) }

  /// The files that a page is made from.
  private func sources(_ content: ReportContent) -> String {
    var files = ["ratios.json", "sensitivities.npz"]
    if case .drawn = content.curve { files.append("frontier.json") }
    if !content.evaluations.isEmpty { files.append("evaluation.json") }
    return files.joined(separator: ", ") + " and run.json beside it"
  }

  private func document(_ content: ReportContent) -> Markup {
    let sections: [(id: Markup, title: Markup, body: Markup)] = [
      ("network", "Network", NetworkPicture(content).markup),
      ("layers", "Layers", LayerTable(content).markup),
      ("tradeoff", "Compression and loss", TradeOff(content).markup),
      ("sensitivity", "Sensitivity", SensitivityCurves(content).markup),
      ("cost", "Cost", CostTable(content).markup),
      ("whole", "What stays whole", ObstacleTable(content).markup),
      ("run", "The run", RunFacts(content).markup),
    ]
    let links = sections.map { section -> Markup in "<li><a href=\"#\(section.id)\">\(section.title)</a></li>" }
    let bodies = sections.map { section -> Markup in
      """
      <section id="\(section.id)" aria-labelledby="\(section.id)-title">
      <h2 id="\(section.id)-title">\(section.title)</h2>
      \(section.body)
      </section>

      """
    }
    return """
      <!DOCTYPE html>
      <html lang="en" dir="ltr">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
      script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="referrer" content="no-referrer">
      <meta name="color-scheme" content="light dark">
      <link rel="icon" href="data:,">
      <title>\(Markup.shortened(content.model)): search report</title>
      <style>\(PageStyle.sheet)</style>
      </head>
      <body>
      <header>
      \(Headline(content).markup)
      <nav aria-label="Sections"><ul>\(links)</ul></nav>
      </header>
      <main>
      \(bodies)</main>
      <footer>
      <p>Model \(name: content.model), SHA-256 <code>\(String(content.modelDigest.prefix(16)))…</code>. \
      This page is made of the model and of \(sources(content)).</p>
      </footer>
      <script>\(PageScript.text)</script>
      </body>
      </html>

      """
  }
}

/// A table beside a plot, for who cannot see it or wants the numbers.
struct DataTable {
  private let caption: Markup
  private let columns: [(title: String, isNumber: Bool)]
  /// Whether its cells stand below each other where the page is narrow.
  private let stacks: Bool
  /// Whether it scrolls within a part of the page's height.
  private let isTall: Bool
  private var rows: [Markup] = []

  init(
    _ caption: Markup, _ columns: [(title: String, isNumber: Bool)], stacks: Bool = false, isTall: Bool = false
  ) {
    self.caption = caption
    self.columns = columns
    self.stacks = stacks
    self.isTall = isTall
  }

  /// Adds a row; its first cell is the row's header.
  /// - Precondition: it has a cell for every column.
  mutating func append(_ cells: [Markup], attributes: Markup = .none) {
    precondition(cells.count == columns.count)
    var row = Markup.none
    for (index, (cell, column)) in zip(cells, columns).enumerated() {
      let kind: Markup = column.isNumber ? " class=\"num\"" : .none
      let title: Markup = stacks ? " data-title=\"\(column.title)\"" : .none
      row += index == 0 ? "<th scope=\"row\"\(kind)>\(cell)</th>" : "<td\(kind)\(title)>\(cell)</td>"
    }
    rows.append("<tr\(attributes)>\(row)</tr>\n")
  }

  /// The table.
  var table: Markup { table(attributes: .none) }

  func table(attributes: Markup) -> Markup {
    let titles = columns.map { column -> Markup in
      "<th scope=\"col\"\(column.isNumber ? " class=\"num\"" : Markup.none)>\(column.title)</th>"
    }
    return """
      <div class="scroll\(isTall ? " tall" : Markup.none)" tabindex="0" role="group" aria-label="\(caption)"><table class="data\(stacks ? " stack" : Markup.none)"\(attributes)>\
      <caption>\(caption)</caption>
      <thead><tr>\(titles)</tr></thead>
      <tbody>
      \(rows)</tbody></table></div>
      """
  }

  /// The table, folded.
  func folded(_ title: Markup, attributes: Markup = .none) -> Markup {
    "<details><summary>\(title)</summary>\n\(table(attributes: attributes))\n</details>"
  }
}
