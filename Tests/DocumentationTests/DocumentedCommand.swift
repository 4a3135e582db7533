import Foundation

/// A command line of this program that a page shows.
struct DocumentedCommand: Sendable {
  let place: String
  /// What stands in front of the program, such as `mpirun`.
  let launcher: [String]
  /// What stands behind it.
  let arguments: [String]
  /// Whether the page leaves something out (`…`), or names the command alone.
  let isCut: Bool

  var text: String { (launcher + ["prune-cluster"] + arguments).joined(separator: " ") }

  /// All that the pages show, in blocks and within lines.
  static let all: [DocumentedCommand] = MarkdownPage.all.flatMap { page in
    page.blocks.flatMap { block in
      block.text.replacing(/\\\n\s*/, with: " ").split(separator: "\n").flatMap {
        commands(in: String($0), at: block.place)
      }
    } + page.spans.flatMap { commands(in: $0.text, at: $0.place) }
  }

  /// The commands of a line, cut at what a shell ends a command at.
  static func commands(in line: String, at place: String) -> [DocumentedCommand] {
    words(of: line).split { ["|", ">", "&&", ";", "&", ":", "2>"].contains($0) }.compactMap { words in
      var words = Array(words)
      if words.first == "$" { words.removeFirst() }
      guard let program = words.firstIndex(where: { $0 == "prune-cluster" || $0.hasSuffix("/bin/prune-cluster") }),
        words[..<program].allSatisfy({ !notLaunching.contains($0) }), program < words.count - 1
      else { return nil }
      let arguments = words[(program + 1)...].filter { $0 != "…" }
      return DocumentedCommand(
        place: place, launcher: Array(words[..<program]), arguments: arguments,
        isCut: arguments.count == 1 || arguments.count < words.count - program - 1)
    }
  }

  /// Words behind which the program's name is just a name.
  private static let notLaunching: Set<String> = ["docker", "apptainer", "cp", "scp", "ls", "git", "cd"]

  /// The words of a line as a shell has them; a comment ends it.
  private static func words(of line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word?.append(character) }
      } else if character == "'" || character == "\"" {
        quote = character
        word = word ?? ""
      } else if character == "#", word == nil {
        break
      } else if character == " " || character == "\t" {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }

  /// The arguments with something in the place of what stands for a choice or a number.
  var exampleArguments: [String] {
    arguments.map { ["FORMAT": "amct", "R": "2", "N": "2"][$0] ?? $0 }
  }
}
