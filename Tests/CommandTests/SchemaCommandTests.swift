import Configuration
import ProgramRuns
import Testing

/// `schema` as a user drives it.
@Suite(.timeLimit(.minutes(30)))
struct SchemaCommandTests {
  @Test(.enabled(if: ProgramRun.hasLauncher), arguments: [nil, 2])
  func `the schema comes once, whatever the number of ranks`(_ ranks: Int?) throws {
    let run = try ProgramRun("prune-cluster", ranks: ranks, ["schema"])
    #expect(run.exitCode == 0, "\(run.errors)")
    #expect(try JSONValue(parsing: Array(run.output.utf8), file: "schema") == ConfigurationSchema.json)
    #expect(run.errors.isEmpty)
  }
}
