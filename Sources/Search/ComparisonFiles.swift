import ArrayFiles
import Configuration

import Glibc

/// The files that a comparison leaves: each is written whole, or not at all.
struct ComparisonFiles {
  private let outcome: ComparisonOutcome

  init(_ outcome: ComparisonOutcome) { self.outcome = outcome }

  /// The rows, for a script and for a table.
  static let names = ["compare.json", "compare.csv"]

  /// What the ratios of a row are called.
  static func ratios(_ row: Int) -> String { "ratios-\(row).json" }

  /// A folder of its own: a search in the same output directory keeps its files and its finished pieces.
  static func directory(of configuration: SearchConfiguration) -> String {
    configuration.outputDirectory.path + "/" + SearchConfiguration.comparisonFolder
  }

  /// Makes the directory, and sees that files can be made in it, over none of those that are read.
  static func prepareDirectory(of configuration: SearchConfiguration) throws {
    try ResultFiles(in: directory(of: configuration)).prepareDirectory(for: possibleNames(of: configuration))
    try checkInputs(of: configuration)
  }

  /// Sees the same as far as that goes without making anything.
  static func checkDirectory(of configuration: SearchConfiguration) throws {
    try ResultFiles(in: directory(of: configuration)).checkDirectory()
    try checkInputs(of: configuration)
  }

  /// What may be written: whether a combination has a plan is known in the end.
  private static func possibleNames(of configuration: SearchConfiguration) -> [String] {
    names + (1...configuration.combinations.count).map(ratios) + [RunJournal.fileName]
  }

  private static func checkInputs(of configuration: SearchConfiguration) throws {
    let directory = directory(of: configuration)
    let names = possibleNames(of: configuration)
    for input in [configuration.file, configuration.model.path] {
      guard let read = FileIdentity(input),
        let name = names.first(where: { FileIdentity("\(directory)/\($0)") == read })
      else { continue }
      throw SearchError(
        .cannotCreate, file: directory, "\(name) would be written over \(input), which is read; expected another output"
      )
    }
  }

  /// Takes the rows away first and writes them last: who finds them finds all.
  func write() throws {
    let directory = outcome.directory
    // What earlier comparisons left would not go with what comes now; scores of the solver `measured` are in the checkpoint.
    let earlier = (1...SearchConfiguration.Comparison.mostCombinations).map(ComparisonFiles.ratios)
    for stale in ComparisonFiles.names + earlier + [EvaluationScores.fileName] { unlink("\(directory)/\(stale)") }
    for row in outcome.rows {
      guard let plan = row.plan else { continue }
      try write(plan.ratios.json.text(), ComparisonFiles.ratios(row.number))
    }
    try write(outcome.csv, ComparisonFiles.names[1])
    try write(outcome.json.text(), ComparisonFiles.names[0])
  }

  private func write(_ text: String, _ name: String) throws {
    try AtomicFile.write(Array(text.utf8), to: "\(outcome.directory)/\(name)")
  }
}
