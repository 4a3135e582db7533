import Configuration

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
    /// Names whose ends tell them apart.
    case beginning
    /// Names of layers, and methods with their settings, differ at both ends.
    case middle
  }

  /// One column.
  public struct Column: Sendable {
    let title: String
    let alignment: Alignment
    /// What its cells may lose; `nil` for nothing.
    let shrinking: Shrinking?
    /// Where the table is too wide, the columns with the largest numbers go first; `nil` for one that stays.
    let leaves: Int?

    /// One column.
    public init(_ title: String, _ alignment: Alignment = .trailing, shrinking: Shrinking? = nil, leaves: Int? = nil) {
      self.title = title
      self.alignment = alignment
      self.shrinking = shrinking
      self.leaves = leaves
    }
  }

  private let columns: [Column]
  private var rows: [[String]] = []
  private var totals: [[String]] = []

  /// Shrunk cells keep so many columns of the terminal as long as other columns can go, and so many in any case.
  private static let (readable, least) = (24, 12)

  /// A table without rows.
  public init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row; what a terminal would take for a command stands escaped in it.
  /// - Precondition: it has a cell for every column.
  public mutating func append(_ cells: [String]) {
    precondition(cells.count == columns.count)
    rows.append(cells.map { $0.printable() })
  }

  /// Adds a row below the others, behind a rule.
  /// - Precondition: it has a cell for every column.
  public mutating func append(total cells: [String]) {
    precondition(cells.count == columns.count)
    totals.append(cells.map { $0.printable() })
  }

  /// The table as lines, titles first.
  ///
  /// - Parameter width: columns of the terminal; `nil` for no limit. What can shrink does so, the widest first, then what
  ///   can go goes, then what can shrink shrinks further; what still does not fit stays as wide as it is.
  public func text(width: Int?) -> String {
    var shown = Array(columns.indices)
    while let width {
      if let fitting = widths(of: shown, within: width, least: TextTable.readable) { return text(shown, fitting) }
      let leaving = shown.indices.filter { columns[shown[$0]].leaves != nil }
      guard let first = leaving.max(by: { columns[shown[$0]].leaves ?? 0 < columns[shown[$1]].leaves ?? 0 }) else {
        let tightest = widths(of: shown, within: width, least: TextTable.least)
        return text(shown, tightest ?? widths(of: shown, least: TextTable.least))
      }
      shown.remove(at: first)
    }
    return text(shown, widths(of: shown))
  }

  private func text(_ shown: [Int], _ widths: [Int]) -> String {
    let rule = widths.map { String(repeating: "-", count: $0) }.joined(separator: "  ")
    var lines = [line(columns.map(\.title), shown, widths), rule] + rows.map { line($0, shown, widths) }
    if !totals.isEmpty { lines += [rule] + totals.map { line($0, shown, widths) } }
    return lines.map { $0 + "\n" }.joined()
  }

  /// The widths at which the columns fit; `nil` where they do not.
  private func widths(of shown: [Int], within limit: Int, least: Int) -> [Int]? {
    var widths = widths(of: shown)
    while widths.reduce(0, +) + 2 * (widths.count - 1) > limit {
      let shrinkable = shown.indices.filter { columns[shown[$0]].shrinking != nil && widths[$0] > least }
      guard let widest = shrinkable.max(by: { widths[$0] < widths[$1] }) else { return nil }
      widths[widest] -= 1
    }
    return widths
  }

  /// The widths of the columns' contents.
  /// - Parameter least: what can shrink is no wider.
  private func widths(of shown: [Int], least: Int = .max) -> [Int] {
    shown.map { column in
      let own = (rows + totals).reduce(columns[column].title.columns) { max($0, $1[column].columns) }
      return columns[column].shrinking == nil ? own : min(own, least)
    }
  }

  private func line(_ cells: [String], _ shown: [Int], _ widths: [Int]) -> String {
    var line = ""
    for (index, (column, width)) in zip(shown, widths).enumerated() {
      let shrinking = columns[column].shrinking
      let fitted = cells[column].shortened(to: width, keeping: shrinking == .middle ? width / 2 : 0)
      let space = String(repeating: " ", count: width - fitted.columns)
      line += (index == 0 ? "" : "  ") + (columns[column].alignment == .leading ? fitted + space : space + fitted)
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
