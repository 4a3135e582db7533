/// Rows of text in columns, fitted to a terminal's width.
public struct TextTable: Sendable {
  /// How a column is set.
  public enum Alignment: Sendable {
    /// Text.
    case leading
    /// Numbers.
    case trailing
  }

  /// What cells may lose when the terminal is narrow.
  public enum Shrinking: Sendable {
    /// Names of layers differ at their ends.
    case beginning
    /// Methods with their settings differ at both.
    case middle
  }

  /// One column.
  public struct Column: Sendable {
    let title: String
    let alignment: Alignment
    /// What its cells may lose; `nil` for nothing.
    let shrinking: Shrinking?

    /// One column.
    public init(_ title: String, _ alignment: Alignment = .trailing, shrinking: Shrinking? = nil) {
      self.title = title
      self.alignment = alignment
      self.shrinking = shrinking
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []

  /// A table without rows.
  public init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row.
  /// - Precondition: it has a cell for every column.
  public mutating func append(_ cells: [String]) {
    precondition(cells.count == columns.count)
    rows.append(cells)
  }

  /// The table as lines, titles first.
  ///
  /// - Parameter width: characters per line; `nil` for no limit. Shrinkable columns give way, the widest first, down to
  ///   twelve characters; what still does not fit stays as wide as it is.
  public func text(width: Int?) -> String {
    var widths = columns.indices.map { column in
      rows.reduce(columns[column].title.count) { max($0, $1[column].count) }
    }
    if let width {
      let least = 12
      while widths.reduce(0, +) + 2 * (widths.count - 1) > width {
        let shrinkable = columns.indices.filter { columns[$0].shrinking != nil && widths[$0] > least }
        guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { break }
        widths[widest] -= 1
      }
    }
    let titles = line(columns.map(\.title), widths)
    let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
    return ([titles, rule] + rows.map { line($0, widths) }).map { $0 + "\n" }.joined()
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let fitted = TextTable.shortened(cell, to: widths[index], columns[index].shrinking)
      let space = String(repeating: " ", count: widths[index] - fitted.count)
      line += (index == 0 ? "" : "  ") + (columns[index].alignment == .leading ? fitted + space : space + fitted)
    }
    while line.last == " " { line.removeLast() }
    return line
  }

  private static func shortened(_ text: String, to width: Int, _ shrinking: Shrinking?) -> String {
    guard text.count > width else { return text }
    let first = shrinking == .middle ? width / 2 : 0
    return text.prefix(first) + "…" + text.suffix(width - 1 - first)
  }
}
