import Channels
import Search

/// What share of its channels each layer loses, with how sure that is.
struct LayerTable {
  private let content: ReportContent

  init(_ content: ReportContent) { self.content = content }

  private var hasIntervals: Bool { content.layers.contains { $0.interval != nil } }
  private var hasBits: Bool { content.layers.contains { $0.bits != nil } }

  var markup: Markup {
    let bars: Markup =
      hasIntervals
      ? " The line on a bar spans what nine tenths of the resamples of the calibration data gave."
      : content.criterion.canBeResampled && !content.groups.isEmpty
        ? """
         Without resamples there are no error bars: <code>"bootstrap": 20</code> in <code>sensitivity</code> makes them.
        """ : .none
    let bits: Markup =
      hasBits ? "<th scope=\"col\" class=\"num\">bits</th>" : .none
    let rows = content.layers.map(row)
    return """
      <p class="note">The share of channels that each layer loses. Layers with one group number lose the same \
      channels.\(bars)</p>
      <table class="bars" role="table">
      <thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Layer</th>\
      <th scope="col" role="columnheader" class="axis">\(axis)</th>\
      <th scope="col" role="columnheader" class="num">kept</th>\(bits)</tr></thead>
      <tbody role="rowgroup">
      \(rows)</tbody></table>
      """
  }

  private var axis: Markup {
    let ticks = [0, 25, 50, 75, 100].map { share -> Markup in
      let place: Markup = share == 0 ? " class=\"start\"" : share == 100 ? " class=\"end\"" : .none
      return "<text\(place) x=\"\(share)%\" y=\"11\">\(share) %</text>"
    }
    return
      "<span class=\"hidden\">share of channels lost</span><svg aria-hidden=\"true\" width=\"100%\" height=\"14\">\(ticks)</svg>"
  }

  private func row(_ layer: ReportContent.Layer) -> Markup {
    let ratio = layer.pruneRatio
    let groups = layer.groups.isEmpty ? "" : layer.groups.count > 1 ? "several groups" : "group \(layer.groups[0])"
    let share = ratio == 0 ? "loses none" : Quantity.percent(ratio)
    var drawing: Markup = "<rect class=\"track\" width=\"100%\" y=\"4\" height=\"12\" rx=\"2\"/>"
    var text = share
    if layer.staysWhole {
      drawing = """
        <line class="stays" x1="0" x2="100%" y1="10" y2="10"/>
        """
      text = "stays whole"
    } else {
      drawing += "<rect class=\"lost\" width=\"\(100 * ratio)%\" y=\"4\" height=\"12\" rx=\"2\"/>"
    }
    if let interval = layer.interval, !layer.staysWhole {
      let (low, high) = (100 * interval.lowerBound, 100 * interval.upperBound)
      drawing += """
        <g class="error"><line x1="\(low)%" x2="\(high)%" y1="10" y2="10"/>\
        <line x1="\(low)%" x2="\(low)%" y1="6" y2="14"/><line x1="\(high)%" x2="\(high)%" y1="6" y2="14"/></g>
        """
      text +=
        interval.upperBound == 0
        ? " in all resamples"
        : ", \(Quantity.percent(interval.lowerBound, places: 0)) to \(Quantity.percent(interval.upperBound, places: 0))"
    }
    let bits =
      hasBits
      ? layer.bits.map { bits -> Markup in
        "<td role=\"cell\" class=\"num\" data-title=\"bits\">\(bits.activation)/\(bits.weight)</td>"
      } ?? "<td role=\"cell\"></td>"
      : .none
    return """
      <tr role="row"><th scope="row" role="rowheader">\(name: layer.name)<small>\(name: layer.opType) · \(groups)</small></th>\
      <td role="cell" class="bar"><svg width="100%" height="20" aria-hidden="true">\(drawing)</svg>\
      <span class="value">\(text)</span></td>\
      <td role="cell" class="num">\(layer.kept) of \(layer.channels)</td>\(bits)</tr>

      """
  }
}
