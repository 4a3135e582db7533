import Configuration
import ONNXFormat
import ProgramRuns
import ReferenceData
import Report
import Search
import Testing

/// What a prediction is in is told wherever it is shown.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct PredictionUnitTests {
  /// Criteria, what is not the default of others, and how their numbers are called.
  private static let cases: [(changes: [(path: String, json: String?)], title: String, note: String?)] = [
    ([], "predicted loss change, squared", "in squared units of the loss: "),
    ([("sensitivity", #"{"reduction": "mean_abs"}"#)], "predicted loss change", nil),
    ([("sensitivity", #"{"order": 2}"#)], "predicted loss change", nil),
    ([("sensitivity", #"{"method": "l2"}"#)], "sum of the scores of what goes", nil),
  ]

  @Test(arguments: cases.indices)
  func `what a search and other plans of it print names the unit`(_ index: Int) throws {
    let (changes, title, note) = Self.cases[index]
    let folder = try TemporaryFolder()
    let search = SearchSummary(try ReportedSearch.run(in: folder, changes)).text(width: nil)
    var request = SolveRun.Request(directory: folder.file("out"))
    request.frontierPoints = 3
    let outcome = try SolveRun(format: ONNXFormat(), logger: ReportedSearch.logger).execute(request)
    let solve = SolveSummary(outcome).text(width: nil)
    for text in [search, solve] {
      #expect(text.contains("\n\(title) ("), "\(text)")
      #expect(text.contains("\nin squared units of the loss: ") == (note != nil), "\(text)")
    }
    let curve = try #require(solve.split(separator: "\n").first { $0.contains("at least") })
    #expect(curve.contains("squared") == (note != nil), "\(curve)")
  }

  @Test func `of the solver that measures it is the unit of its scores`() throws {
    func unit(_ score: String) throws -> PredictionUnit {
      let solver: [(path: String, json: String?)] = [
        ("solver", #"{"method": "measured"}"#), ("measured", #"{"score": "\#(score)"}"#),
      ]
      let text = try DemoNetwork.configuration(output: "out", changes: solver)
      return try SearchConfiguration(parsing: Array(text), file: "config.json").predictionUnit
    }
    #expect(try unit("loss") == .loss)
    #expect(try unit("accuracy") == .accuracy)
  }
}
