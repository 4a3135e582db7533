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

  /// What cells may lose when the terminal is narrow: what is left tells them apart as far as that goes.
  public enum Shrinking: Sendable {
    /// Names whose ends say most.
    case beginning
    /// Names of layers, and methods with their settings, whose both ends do.
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

  /// What stands in a row.
  private struct Row {
    let cells: [String]
    /// What the first cell may be called where there is little room.
    let short: String
  }

  private let columns: [Column]
  private var rows: [Row] = []
  private var totals: [Row] = []

  /// Shrunk cells keep so many columns of the terminal as long as other columns can go, and so many in any case.
  private static let (readable, least) = (24, 12)

  /// A table without rows.
  public init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row; what a terminal would take for a command stands escaped in it.
  /// - Parameter short: another name for the first cell, taken where there is little room.
  /// - Precondition: it has a cell for every column.
  public mutating func append(_ cells: [String], short: String? = nil) { rows.append(row(cells, short)) }

  /// Adds a row below the others, behind a rule.
  /// - Precondition: it has a cell for every column.
  public mutating func append(total cells: [String]) { totals.append(row(cells, nil)) }

  private func row(_ cells: [String], _ short: String?) -> Row {
    precondition(cells.count == columns.count)
    let cells = cells.map { $0.printable() }
    return Row(cells: cells, short: short?.printable() ?? cells[0])
  }

  /// The table as lines, titles first.
  ///
  /// - Parameter width: columns of the terminal; `nil` for no limit. What can shrink does so, the widest first, then what
  ///   can go goes, then what can shrink shrinks further; what still does not fit stays as wide as it is.
  public func text(width: Int?) -> String {
    let shown = layout(width).map { Shown(texts: texts(of: $0.column, width: $0.width), columns[$0.column]) }
    let rule = shown.map { String(repeating: "-", count: $0.width) }.joined(separator: "  ")
    var lines = [line(0, shown), rule]
    for index in 1..<(1 + rows.count + totals.count) {
      if index == 1 + rows.count { lines.append(rule) }
      lines.append(line(index, shown))
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// The titles of the columns that there is room for.
  public func titles(width: Int?) -> [String] { layout(width).map { columns[$0.column].title } }

  /// One column as it is shown.
  private struct Shown {
    /// The title, then the cells of rows and totals.
    let texts: [String]
    let width: Int
    let alignment: Alignment

    init(texts: [String], _ column: Column) {
      self.texts = texts
      width = texts.reduce(0) { max($0, $1.columns) }
      alignment = column.alignment
    }
  }

  /// Which columns are shown, and how wide they may be.
  private func layout(_ width: Int?) -> [(column: Int, width: Int)] {
    var shown = Array(columns.indices)
    guard let width else { return shown.map { ($0, extent(of: $0)) } }
    while true {
      if let widths = widths(of: shown, within: width, least: TextTable.readable) { return widths }
      let leaving = shown.indices.filter { columns[shown[$0]].leaves != nil }
      guard let first = leaving.max(by: { columns[shown[$0]].leaves ?? 0 < columns[shown[$1]].leaves ?? 0 }) else {
        return widths(of: shown, within: width, least: TextTable.least)
          ?? shown.map { ($0, min(extent(of: $0), floor(of: $0, TextTable.least))) }
      }
      shown.remove(at: first)
    }
  }

  /// The widths at which the columns fit; `nil` where they do not.
  private func widths(of shown: [Int], within limit: Int, least: Int) -> [(column: Int, width: Int)]? {
    var widths = shown.map { (column: $0, width: extent(of: $0)) }
    let floors = shown.map { floor(of: $0, least) }
    while widths.reduce(0, { $0 + $1.width }) + 2 * (widths.count - 1) > limit {
      let shrinkable = shown.indices.filter { widths[$0].width > floors[$0] }
      guard let widest = shrinkable.max(by: { widths[$0].width < widths[$1].width }) else { return nil }
      widths[widest].width -= 1
    }
    return widths
  }

  /// What a column takes where there is room.
  private func extent(of column: Int) -> Int {
    (rows + totals).reduce(columns[column].title.columns) { max($0, $1.cells[column].columns) }
  }

  /// What a column takes at least: where it can shrink no more than `least`, and no more than short names take.
  private func floor(of column: Int, _ least: Int) -> Int {
    guard columns[column].shrinking != nil else { return extent(of: column) }
    let short = (rows + totals).reduce(0) { max($0, (column == 0 ? $1.short : $1.cells[column]).columns) }
    return max(columns[column].title.columns, min(least, short))
  }

  /// The title and the cells of a column, made to fit.
  private func texts(of column: Int, width: Int) -> [String] {
    let cells = (rows + totals).map { $0.cells[column] }
    guard let shrinking = columns[column].shrinking, cells.contains(where: { $0.columns > width }) else {
      return [columns[column].title] + cells
    }
    return [rows, totals].reduce(into: [columns[column].title]) { texts, rows in
      let cells = rows.map { $0.cells[column] }
      let names = ShortNames(cells, short: column == 0 ? rows.map(\.short) : cells)
      texts += names.fitted(to: width, keeping: shrinking == .middle ? width / 2 : 0)
    }
  }

  private func line(_ index: Int, _ shown: [Shown]) -> String {
    let cells = shown.map { column in
      let text = column.texts[index]
      let space = String(repeating: " ", count: column.width - text.columns)
      return column.alignment == .leading ? text + space : space + text
    }
    var line = cells.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }
}
