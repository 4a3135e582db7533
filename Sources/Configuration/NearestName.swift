/// Finds what the writer of a wrong name most likely meant.
package enum NearestName {
  /// Longer names get no suggestion: the comparison takes time in proportion to the product of both lengths.
  private static let longestName = 256

  /// The candidate that one or few typing errors separate from a name, or `nil` when none is near.
  ///
  /// Counts insertions, deletions, substitutions and swaps of neighbours (optimal string alignment distance), upper
  /// and lower case alike; up to a third of the name's length may differ. Of equally near ones the first.
  package static func of(_ name: String, among candidates: some Sequence<String>) -> String? {
    nearest(to: name, among: candidates, anywhere: false)
  }

  /// The candidate that holds the text most like a wrong part of a name, or `nil` when none does.
  static func holding(_ part: String, among candidates: some Sequence<String>) -> String? {
    nearest(to: part, among: candidates, anywhere: true)
  }

  private static func nearest(
    to name: String, among candidates: some Sequence<String>, anywhere: Bool
  ) -> String? {
    let wanted = Array(name.lowercased().utf8)
    guard !wanted.isEmpty, wanted.count <= longestName else { return nil }
    let limit = max(1, wanted.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate.utf8.count <= longestName {
      let text = Array(candidate.lowercased().utf8)
      guard anywhere || abs(text.count - wanted.count) <= limit else { continue }
      let distance = self.distance(wanted, text, anywhere: anywhere)
      if distance <= limit, distance < wanted.count, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
  }

  /// Edits that turn `wanted` into `text`, or with `anywhere` into the part of `text` that is most like it.
  private static func distance(_ wanted: [UInt8], _ text: [UInt8], anywhere: Bool) -> Int {
    var beforeLast = [Int](repeating: 0, count: text.count + 1)
    var last = anywhere ? beforeLast : Array(0...text.count)
    for row in 1...wanted.count {
      var current = [Int](repeating: row, count: text.count + 1)
      for column in stride(from: 1, through: text.count, by: 1) {
        let isSame = wanted[row - 1] == text[column - 1]
        var edits = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
        if row > 1, column > 1, wanted[row - 1] == text[column - 2], wanted[row - 2] == text[column - 1] {
          edits = min(edits, beforeLast[column - 2] + 1)
        }
        current[column] = edits
      }
      (beforeLast, last) = (last, current)
    }
    return anywhere ? last.min() ?? wanted.count : last[text.count]
  }
}
