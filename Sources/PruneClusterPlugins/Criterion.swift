import Configuration

/// A criterion of one's own: it says how much each unit of a network counts.
///
/// A type with `@main` is a whole program, which `"sensitivity": { "method": "external", "command": ["PATH"] }` runs:
///
///     @main struct FilterNorms: Criterion {
///       func scores(of network: PrunableNetwork) throws -> UnitScores { … }
///     }
///
/// What it throws ends the program with one line on standard error, which the search shows. What it prints comes line by line
/// in the search's log. Further words of `command` are in `CommandLine.arguments`, in front of the request's folder. The same
/// request has to get the same scores: bytes of results are the same for any number of ranks only then.
public protocol Criterion {
  /// What the scores are; the configuration has to ask for the same. `score` where a type says nothing.
  static var unit: ScoreUnit { get }

  /// Made once, before the network is read.
  init() throws

  /// The scores of a network's units.
  func scores(of network: PrunableNetwork) throws -> UnitScores
}

extension Criterion {
  /// Scores that only have an order.
  public static var unit: ScoreUnit { .score }

  /// Answers the request in the folder that the last argument names, and ends the program.
  public static func main() {
    PluginRun.run(.criterion) { folder in
      let criterion = try Self()
      let network = try PrunableNetwork(folder.request, in: folder.path)
      guard network.unit == unit else {
        throw PluginError(
          .configuration,
          "this criterion gives \"unit\": \"\(unit.rawValue)\", and $.sensitivity asks for \"\(network.unit.rawValue)\""
        )
      }
      return try criterion.scores(of: network).answer(in: unit)
    }
  }
}
