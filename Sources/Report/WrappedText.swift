extension String {
  /// The lines of the text, broken between words where they are wider than so many columns of a terminal; what comes behind
  /// a break is indented. A word that is wider itself stays whole.
  func wrapped(to width: Int?) -> String {
    guard let width else { return self }
    let lines = split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      guard line.columns > width else { return String(line) }
      var (text, room) = ("", width)
      for (index, word) in line.split(separator: " ", omittingEmptySubsequences: false).enumerated() {
        let isFirst = index == 0
        if !isFirst, word.columns + 1 > room {
          text += "\n  " + word
          room = width - 2 - word.columns
        } else {
          text += (isFirst ? "" : " ") + word
          room -= word.columns + (isFirst ? 0 : 1)
        }
      }
      return text
    }
    return lines.joined(separator: "\n")
  }
}
