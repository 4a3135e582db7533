import ArgumentParser
import Configuration
import Search

/// `schema`: what a configuration may hold.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema of config.json, for editors and scripts.",
    discussion: """
      Draft 2020-12: every key with its type, limits, default and meaning. With "$schema": "schema.json" in a configuration, \
      editors complete its keys. Which keys go together beyond that, and all that the model and the data decide, validate \
      checks.

      EXAMPLES
        prune-cluster schema > schema.json
        prune-cluster schema --markdown
      """)

  @Flag(help: "Print the tables of keys as the reference of the configuration has them, in Markdown.")
  var markdown = false

  func run() throws {
    guard Launch.isFirstRank else { return }
    guard markdown else { return try StandardOutput.write(ConfigurationSchema.json.text()) }
    let tables = ConfigurationSchema.tables.map { table in
      "<!-- keys: \(table.name) -->\n\(table.markdown)<!-- end of keys -->\n"
    }
    try StandardOutput.write(tables.joined(separator: "\n"))
  }
}
