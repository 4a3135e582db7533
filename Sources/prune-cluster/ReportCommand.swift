import ArgumentParser
import ONNXFormat
import Report
import Search

/// `report RUN_DIR`: the page of a search, made again.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Make the page of a finished search again.",
    discussion: """
      Every search leaves report.html, one file for a browser that asks for nothing from anywhere. This makes it again \
      from the search's other files and the model: the same page, unless --frontier draws a curve that the search has \
      left out. Nothing is measured.

      EXAMPLES
        prune-cluster report out
        prune-cluster report out --frontier
        prune-cluster report out --output page.html --model /data/model.onnx
      """)

  @Argument(help: ArgumentHelp("The output directory of a search.", valueName: "run-dir"), completion: .directory)
  var directory: String

  @Flag(
    help: """
      Draw the curve of loss over compression where the search has left it out, and keep it in frontier.json. With losses \
      of sets of channels that can take minutes.
      """)
  var frontier = false

  @Option(
    help: ArgumentHelp(
      """
      Where the page goes, - for standard output; nothing else is written then. Without it report.html in the directory, \
      which run.json names.
      """, valueName: "file"), completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp("The model, if it is no longer where the search found it.", valueName: "file"),
    completion: .model)
  var model: String?

  func run() throws {
    guard Launch.isFirstRank else { return }
    var request = ReportRun.Request(directory: directory)
    request.model = model
    request.drawsCurve = frontier
    let run = ReportRun(format: ONNXFormat(), report: HTMLReport())
    guard output != "-" else {
      return try StandardOutput.write(String(decoding: try run.page(request), as: UTF8.self))
    }
    request.output = output
    let files = try run.execute(request)
    try StandardOutput.write(files.map { "\($0)\n" }.joined())
  }
}
