import Search

/// The network from its inputs down to its outputs: a bar for each layer, as wide as it has channels, before and after.
///
/// Nodes stand below each other in an order in which they run. What a node reads from the one above it comes straight down;
/// everything else takes a lane on the left.
struct NetworkPicture {
  private let content: ReportContent
  private let lanes: [Lane]
  /// Lanes that are drawn.
  private let laneCount: Int
  /// Edges for which there is no room.
  private let leftOut: Int

  /// An edge that passes other nodes.
  private struct Lane {
    let from: Int
    let to: Int
    /// 0 is next to the bars.
    let number: Int
  }

  /// As many as can be told apart on a phone, and the room that they have: percentages of the width.
  private static let (mostLanes, leastSpacing, widestSpacing) = (24, 0.58, 1.75)
  private static let height = 26.0
  /// Nodes of one drawing: paper breaks pages between drawings only.
  private static let rowsPerDrawing = 12
  /// Percentages of the width: the middle of the bars, their largest width, where names begin.
  private static let (middle, widest, names) = (38.0, 42.0, 62.0)

  init(_ content: ReportContent) {
    self.content = content
    var edges: [(from: Int, to: Int)] = []
    for (index, node) in content.graph.nodes.enumerated() {
      for source in node.sources where source < index - 1 { edges.append((source, index)) }
    }
    // The shortest first, so that they lie next to the bars.
    edges.sort { ($0.to - $0.from, $0.from) < ($1.to - $1.from, $1.from) }
    var taken: [[(from: Int, to: Int)]] = []
    var lanes: [Lane] = []
    for edge in edges {
      let free = taken.firstIndex { lane in lane.allSatisfy { $0.to <= edge.from || edge.to <= $0.from } }
      let number = free ?? taken.count
      guard number < Self.mostLanes else { continue }
      if free == nil { taken.append([]) }
      taken[number].append(edge)
      lanes.append(Lane(from: edge.from, to: edge.to, number: number))
    }
    self.lanes = lanes
    (laneCount, leftOut) = (taken.count, edges.count - lanes.count)
  }

  var markup: Markup {
    let nodes = content.graph.nodes
    let drawings = stride(from: 0, to: nodes.count, by: Self.rowsPerDrawing).map { first in
      drawing(first..<min(first + Self.rowsPerDrawing, nodes.count))
    }
    let missing: Markup =
      leftOut == 0
      ? .none
      : """
       For \(Quantity.number(leftOut, "connection")) there is no room; the table below has them.
      """
    return """
      <p class="note">From input to output. A bar is as wide as the layer has channels: \
      \(Markup.entry("was", "before,")) \(Markup.entry("now", "after."))\(missing)</p>
      <figure role="img" aria-label="\(description)">\(drawings)</figure>
      \(table)
      """
  }

  /// Some rows below each other, and what passes them.
  private func drawing(_ rows: Range<Int>) -> Markup {
    let top = Double(rows.lowerBound) * Self.height
    let passing = lanes.filter { $0.from < rows.upperBound && rows.lowerBound <= $0.to }
    // The line to the row below begins here.
    let below: Markup = rows.upperBound < content.graph.nodes.count ? edge(above: rows.upperBound) : .none
    return """
      <svg class="network" aria-hidden="true" width="100%" height="\(Double(rows.count) * Self.height)">\
      <g transform="translate(0 \(-top))">\(passing.map(line))\(below)\(rows.map(row))</g></svg>
      """
  }

  private var description: String {
    let layers = Quantity.number(content.layers.count, "layer")
    return
      "The network with \(layers), each as wide as it has channels, before and after. The table below has the same."
  }

  private func middle(of row: Int) -> Double { (Double(row) + 0.5) * Self.height }

  private func line(_ lane: Lane) -> Markup {
    let spacing = max(min(Self.widestSpacing, 14 / Double(max(laneCount, 1))), Self.leastSpacing)
    let x = 14 - spacing * Double(lane.number)
    let (from, to) = (middle(of: lane.from) + 3, middle(of: lane.to) - 3)
    return """
      <g class="edge"><line x1="\(Self.middle)%" x2="\(x)%" y1="\(from)" y2="\(from)"/>\
      <line x1="\(x)%" x2="\(x)%" y1="\(from)" y2="\(to)"/>\
      <line x1="\(x)%" x2="\(Self.middle)%" y1="\(to)" y2="\(to)"/></g>
      """
  }

  /// The line from the row above, where that is read.
  private func edge(above index: Int) -> Markup {
    guard index > 0, content.graph.nodes[index].sources.contains(index - 1) else { return .none }
    return """
      <line class="edge" x1="\(Self.middle)%" x2="\(Self.middle)%" y1="\(middle(of: index - 1))" \
      y2="\(middle(of: index))"/>
      """
  }

  private func row(_ index: Int) -> Markup {
    let node = content.graph.nodes[index]
    let y = middle(of: index)
    var row = edge(above: index)
    switch node.kind {
    case .layer(let layer): row += bar(content.layers[layer], y)
    case .junction(let opType):
      let sign = Self.signs[opType]
      row += """
        <circle class="joint" cx="\(Self.middle)%" cy="\(y)" r="8"/>\
        <text class="sign" x="\(Self.middle)%" y="\(y + 4.5)">\(sign ?? "·")</text>\
        <text class="soft" x="\(Self.names)%" y="\(y + 4)">\(Markup.shortened(opType, to: 20))</text>
        """
    case .input(let name), .output(let name):
      row += """
        <circle class="end" cx="\(Self.middle)%" cy="\(y)" r="4"/>\
        <text class="soft" x="\(Self.names)%" y="\(y + 4)">\(Markup.shortened(name, to: 24))</text>
        """
    }
    return row + "\n"
  }

  private static let signs = [
    "Add": "+", "Sum": "+", "Sub": "−", "Mul": "×", "Div": "÷", "Concat": "⊕", "MatMul": "×", "Gemm": "×",
  ]

  private var mostChannels: Double { Double(max(content.layers.map(\.channels).max() ?? 1, 1)) }

  private func bar(_ layer: ReportContent.Layer, _ y: Double) -> Markup {
    let whole = max(Self.widest * Double(layer.channels) / mostChannels, 0.6)
    let rest = layer.channels == 0 ? 0 : whole * Double(layer.kept) / Double(layer.channels)
    let counts = layer.kept == layer.channels ? "\(layer.channels)" : "\(layer.channels) → \(layer.kept)"
    return """
      <g><title>\(Markup.shortened(layer.name)): \(counts) channels</title>\
      <rect class="was" x="\(Self.middle - whole / 2)%" width="\(whole)%" y="\(y - 7)" height="14" rx="2"/>\
      <rect class="now" x="\(Self.middle - rest / 2)%" width="\(rest)%" y="\(y - 7)" height="14" rx="2"/>\
      <text class="long" x="\(Self.names)%" y="\(y + 4)">\(Markup.shortened(layer.name, to: 36))</text>\
      <g class="short"><text x="\(Self.names)%" y="\(y - 1)">\(brief(layer))</text>\
      <text class="soft" x="\(Self.names)%" y="\(y + 10)">\(counts)</text></g>\
      <text class="count long" x="100%" y="\(y + 4)">\(counts)</text></g>
      """
  }

  /// A name for narrow pages: its end, without the op type that exporters put behind it.
  private func brief(_ layer: ReportContent.Layer) -> String {
    let ending = "/" + layer.opType
    return Markup.shortened(
      layer.name.hasSuffix(ending) ? String(layer.name.dropLast(ending.count)) : layer.name, to: 15)
  }

  private var table: Markup {
    var table = DataTable(
      "The network's layers and what each reads",
      [("Node", false), ("reads", false), ("before", true), ("after", true)])
    for node in content.graph.nodes {
      let sources = node.sources.map { title(content.graph.nodes[$0].kind) }
      let list = sources.prefix(6).enumerated().map { index, title -> Markup in index == 0 ? title : ", \(title)" }
      let more: Markup = sources.count > 6 ? " and \(sources.count - 6) more" : .none
      var (before, after) = (Markup.none, Markup.none)
      if case .layer(let layer) = node.kind {
        (before, after) = ("\(content.layers[layer].channels)", "\(content.layers[layer].kept)")
      }
      table.append([title(node.kind), "\(list)\(more)", before, after])
    }
    return table.folded("The network as a table")
  }

  private func title(_ kind: LayerGraph.Kind) -> Markup {
    switch kind {
    case .layer(let layer): "\(name: content.layers[layer].name)"
    case .junction(let opType): "\(name: opType)"
    case .input(let name): "input \(name: name)"
    case .output(let name): "output \(name: name)"
    }
  }
}
