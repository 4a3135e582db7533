/// Names below one another, made to fit a narrow column so that each is still told from the others, as far as that goes.
struct ShortNames {
  private let names: [String]
  private let short: [String]

  /// - Parameter short: what else they may be called, in the same order.
  init(_ names: [String], short: [String]) { (self.names, self.short) = (names, short) }

  /// The names at so many columns of a terminal: as they are, else by their short names, else cut where they then differ,
  /// else with the steps of their paths contracted, else without what all begin and end with.
  /// - Parameter first: how many of the first columns are kept where it is all the same.
  func fitted(to width: Int, keeping first: Int) -> [String] {
    let count = Set(names).count
    for form in [names, short] where form.allSatisfy({ $0.columns <= width }) && Set(form).count == count {
      return form
    }
    let places = (0..<max(width, 1)).sorted { (abs($0 - first), $0) < (abs($1 - first), $1) }
    var best: (names: [String], count: Int) = ([], 0)
    for form in [short, short.map(ShortNames.contracted), ShortNames.differing(short)] {
      for place in places {
        let cut = form.map { $0.shortened(to: width, keeping: place) }
        let told = Set(cut).count
        if told == count { return cut }
        if told > best.count { best = (cut, told) }
      }
    }
    return best.names
  }

  /// A path with the first letter and the number of every step but the last: `features.denseblock4.denselayer12.conv1`
  /// is `f.d4.d12.conv1`.
  private static func contracted(_ name: String) -> String {
    let steps = name.split { $0 == "/" || $0 == "." }
    guard let last = steps.last else { return name }
    let firsts = steps.dropLast().map { step -> String in
      let number = String(step.reversed().prefix { $0.isNumber }.reversed())
      return number.count == step.count ? number : step.prefix(1) + number
    }
    return (firsts + [String(last)]).joined(separator: ".")
  }

  /// What is left of names without what all of them begin and end with.
  private static func differing(_ names: [String]) -> [String] {
    guard let first = names.first else { return [] }
    let beginning = names.reduce(first) { $0.commonPrefix(with: $1) }
    let rests = names.map { String($0.dropFirst(beginning.count).reversed()) }
    let end = rests.reduce(rests[0]) { $0.commonPrefix(with: $1) }
    return rests.map { "…" + String($0.dropFirst(end.count).reversed()) + "…" }
  }
}

extension String {
  fileprivate func commonPrefix(with other: String) -> String {
    String(zip(self, other).prefix { $0 == $1 }.map(\.0))
  }
}
