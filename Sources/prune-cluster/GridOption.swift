import ArgumentParser
import Search

/// How ranks hold the network: the option of commands that measure one or say what that takes.
struct GridOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "For networks that do not fit one rank: groups of ranks, LAYERS in each, hold a stage of the network each; BATCHES groups share the shards. Takes BATCHES times LAYERS ranks; results stay the same.",
      valueName: "batches x layers"), transform: RankGrid.parsed)
  var grid: RankGrid?
}

extension RankGrid: OptionValue {
  static let expected = "two positive whole numbers with an x between them, like 2x4"

  /// Two numbers, like `2x4`.
  init?(argument: String) {
    let parts = argument.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } }),
      let batches = Int(parts[0]), let layers = Int(parts[1])
    else { return nil }
    self.init(batches: batches, layers: layers)
  }
}
