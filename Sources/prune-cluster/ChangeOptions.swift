import ArgumentParser
import Configuration

import Glibc

/// Changes of a configuration on the command line.
struct ChangeOptions: ParsableArguments {
  @Option(
    name: .customLong("set"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Any other key of the configuration, such as solver.min_channels=8; may be given several times. Paths in it start from where one is, as in every option; those in the configuration's file start from its folder.",
      valueName: "key=value"))
  var settings: [String] = []

  func validate() throws { _ = try changes() }

  /// The changes, in their order.
  func changes() throws -> [ConfigurationChange] {
    try settings.map { setting in
      guard let change = ConfigurationChange(setting) else {
        throw ValidationError("--set \(setting): expected key=value, such as solver.min_channels=8")
      }
      return ChangeOptions.fromHere(change)
    }
  }

  /// The changes, with another output directory where one is given.
  func changes(output: String?) throws -> [ConfigurationChange] {
    try changes()
      + (output.map { [ChangeOptions.fromHere(ConfigurationChange(["output", "directory"], to: .string($0)))] } ?? [])
  }

  /// Paths on the command line start from where one is, those of a configuration from its folder.
  private static func fromHere(_ change: ConfigurationChange) -> ConfigurationChange {
    guard let here = getcwd(nil, 0) else { return change }
    defer { free(here) }
    return change.startingPaths(at: String(cString: here))
  }
}
