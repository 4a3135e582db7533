import Foundation

/// A page of the documentation, cut into what can be checked.
struct MarkdownPage: Sendable {
  /// A piece of code and the line that it begins at.
  struct Code: Sendable {
    /// Where it stands, as `docs/config.md:75`.
    let place: String
    /// What stands behind the opening fence; empty where it is set in by blanks.
    let language: String
    let text: String
  }

  /// A link to another place of the documentation.
  struct Link: Sendable {
    let place: String
    let target: String
  }

  /// The path from the root of the checkout.
  let path: String
  private(set) var blocks: [Code] = []
  private(set) var spans: [Code] = []
  private(set) var links: [Link] = []
  /// What a link may name behind `#`.
  private(set) var anchors: Set<String> = []
  let text: String

  /// The root of the checkout.
  static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// All pages of the checkout.
  static let all: [MarkdownPage] = {
    let folders = [
      "", "docs", "docs/decisions", "configs", "configs/fashion-resnet", "cluster",
      "Sources/PruneClusterPlugins/Documentation.docc",
    ]
    var pages: [MarkdownPage] = []
    for folder in folders {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)) ?? []
      for name in names.sorted() where name.hasSuffix(".md") {
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path) else { continue }
        pages.append(MarkdownPage(path: path, text: String(decoding: data, as: UTF8.self)))
      }
    }
    return pages
  }()

  init(path: String, text: String) {
    self.path = path
    self.text = text
    var prose = ""
    var open: (line: Int, language: String?, lines: [Substring])?
    var isAfterBlank = true
    func place(_ line: Int) -> String { "\(path):\(line)" }
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let isFence = line.drop { $0 == " " }.hasPrefix("```")
      let isSetIn = line.hasPrefix("    ") && (isAfterBlank || open != nil)
      if let block = open, let language = block.language {
        if isFence {
          blocks.append(Code(place: place(block.line), language: language, text: block.lines.joined(separator: "\n")))
          open = nil
        } else {
          open?.lines.append(line)
        }
        isAfterBlank = false
        prose += "\n"
        continue
      }
      if isSetIn || open != nil && line.isEmpty {
        if open == nil { open = (index + 1, nil, []) }
        open?.lines.append(line.dropFirst(4))
        prose += "\n"
        continue
      }
      if let block = open {
        let code = block.lines.joined(separator: "\n").trimmingCharacters(in: .newlines)
        blocks.append(Code(place: place(block.line), language: "", text: code))
        open = nil
      }
      if isFence {
        open = (index + 2, line.drop { $0 == " " || $0 == "`" }.description, [])
      } else if let heading = line.wholeMatch(of: /#+ (.+)/) {
        anchors.insert(Self.anchor(of: String(heading.output.1), besides: anchors))
      }
      prose += isFence ? "\n" : line + "\n"
      isAfterBlank = line.allSatisfy { $0 == " " }
    }
    if let block = open {
      blocks.append(Code(place: place(block.line), language: "", text: block.lines.joined(separator: "\n")))
    }
    readProse(prose)
  }

  /// Spans and links, which may go on in the next line.
  private mutating func readProse(_ prose: String) {
    func place(_ position: String.Index, in text: String) -> String {
      "\(path):\(text[..<position].count { $0 == "\n" } + 1)"
    }
    let span = /`([^`\n]+(?:\n[^`\n]+)?)`/
    for match in prose.matches(of: span) {
      let text = match.output.1.replacing(/\n */, with: " ")
      spans.append(Code(place: place(match.range.lowerBound, in: prose), language: "", text: String(text)))
    }
    let unquoted = prose.replacing(span) { String($0.output.0.map { $0 == "\n" ? "\n" : "x" }) }
    for match in unquoted.matches(of: /\]\(([^)\s]+)\)/) {
      links.append(Link(place: place(match.range.lowerBound, in: unquoted), target: String(match.output.1)))
    }
  }

  /// The name of a heading in links: lower case, blanks as hyphens, no other punctuation.
  private static func anchor(of heading: String, besides others: Set<String>) -> String {
    let name = heading.lowercased().replacing(/\[([^\]]*)\]\([^)]*\)/) { $0.output.1 }.compactMap { character in
      character == " " ? "-" : character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
    }
    guard others.contains(String(name)) else { return String(name) }
    return (1...).lazy.map { "\(String(name))-\($0)" }.first { !others.contains($0) } ?? String(name)
  }
}
