/// A plot whose axes are as wide as the page gives it, while text, lines and marks keep their size.
///
/// Positions are percentages of the frame. Curves lie in a drawing of 100 × 100 that is stretched with it; everything
/// else stands at its percentage in the outer one.
struct Plot {
  let x: PlotScale
  let y: PlotScale
  let label: String
  var ticks: (x: [(value: Double, text: String)], y: [(value: Double, text: String)])
  var curves: [Markup] = []
  var marks: [Markup] = []

  init(_ label: String, x: PlotScale, y: PlotScale, xTicks: [(Double, String)], yTicks: [(Double, String)]) {
    (self.label, self.x, self.y) = (label, x, y)
    ticks = (xTicks.map { ($0.0, $0.1) }, yTicks.map { ($0.0, $0.1) })
  }

  /// Where a point lies, from the upper left corner.
  func place(_ point: (x: Double, y: Double)) -> (x: Double, y: Double) {
    (x.position(point.x), 100 - y.position(point.y))
  }

  /// A line through points.
  func path(_ points: [(x: Double, y: Double)]) -> Markup {
    var path = Markup.none
    for (index, point) in points.enumerated() {
      let (x, y) = place(point)
      path += index == 0 ? "M\(x) \(y)" : "L\(x) \(y)"
    }
    return path
  }

  /// The drawing.
  var markup: Markup {
    let columns = ticks.x.map { tick -> Markup in
      let place = x.position(tick.value)
      return """
        <line class="grid" x1="\(place)%" x2="\(place)%" y1="0" y2="100%"/>\
        <text class="tx" x="\(place)%" y="100%" dy="18">\(tick.text)</text>
        """
    }
    let rows = ticks.y.map { tick -> Markup in
      let place = 100 - y.position(tick.value)
      return """
        <line class="grid" x1="0" x2="100%" y1="\(place)%" y2="\(place)%"/>\
        <text class="ty" x="0" y="\(place)%" dx="-6" dy="4">\(tick.text)</text>
        """
    }
    return """
      <svg class="plot" role="img" aria-label="\(label)">\(columns)\(rows)\
      <svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%" overflow="visible">\(curves)</svg>\
      \(marks)</svg>
      """
  }
}
