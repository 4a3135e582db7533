extension StringProtocol {
  /// How many columns of a terminal the text takes: two for the wide characters of East Asia and for pictographs, none for
  /// marks that stand on others.
  var columns: Int { reduce(0) { $0 + $1.columns } }

  /// The text cut in its middle to so many columns at the most.
  func shortened(to width: Int) -> String { shortened(to: width, keeping: width / 2) }

  /// The text cut to so many columns at the most, its first ones kept.
  func shortened(to width: Int, keeping first: Int) -> String {
    guard columns > width else { return String(self) }
    guard width > 0 else { return "" }
    func fitting(_ characters: some Sequence<Character>, _ room: Int) -> [Character] {
      var left = room
      return Array(
        characters.prefix { character in
          left -= character.columns
          return left >= 0
        })
    }
    let beginning = fitting(self, Swift.min(first, width - 1))
    let rest = width - 1 - beginning.reduce(0) { $0 + $1.columns }
    return String(beginning) + "…" + String(fitting(reversed(), rest).reversed())
  }
}

extension Character {
  /// How many columns of a terminal it takes.
  var columns: Int {
    guard let scalar = unicodeScalars.first else { return 0 }
    if scalar.isASCII { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    // The ranges that Unicode's East Asian Width has as wide or full, joined where what lies between is unassigned.
    let wide: [ClosedRange<UInt32>] = [
      0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23F3, 0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653,
      0x26AA...0x26AB, 0x2705...0x2705, 0x274C...0x274C, 0x2795...0x2797, 0x2E80...0x303E, 0x3041...0xA4CF,
      0xA960...0xA97C, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
      0x16FE0...0x18DFF, 0x1AFF0...0x1B2FB, 0x1F000...0x1F64F, 0x1F680...0x1F6FF, 0x1F7E0...0x1F7EB,
      0x1F900...0x1FAFF, 0x20000...0x3FFFD,
    ]
    return wide.contains { $0.contains(scalar.value) } ? 2 : 1
  }
}
