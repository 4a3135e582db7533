import Configuration
import Foundation
import Logging
import MessagePassing
import Networks
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Report
import Search
import Testing

/// Tables on narrow terminals.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct TextTableTests {
  /// How many columns a terminal gives a text; wide characters two.
  private static func columns(_ text: some StringProtocol) -> Int {
    text.reduce(0) { $0 + ($1.unicodeScalars.first.map { $0.value >= 0x2E80 } ?? false ? 2 : 1) }
  }

  /// Lines that are wider than a terminal although they could be broken between words.
  private static func tooWide(_ text: String, _ width: Int) -> [Substring] {
    text.split(separator: "\n").filter { columns($0) > width && $0.drop { $0 == " " }.contains(" ") }
  }

  /// Names of layers as exporters write them; of each two that differ in one step.
  private static let names: [[String]] = [
    (1...3).flatMap { stage in (0...1).map { "/stage\(stage)/stage\(stage).\($0)/conv1/Conv" } },
    (1...4).flatMap { block in
      (1...24).map { "/features/denseblock\(block)/denselayer\($0)/conv1/Conv" }
    } + ["/classifier/Gemm"],
    (0..<120).map { "onnx_node_with_a_long_name_\($0)_behind_which_there_is_more" },
    (0..<5).map { "模型的卷积层编号\($0)号的名称很长很长" },
  ]

  @Test(arguments: names.indices)
  func `names stay distinct at every width that a terminal has, and no line is wider`(_ index: Int) {
    let names = Self.names[index]
    var table = TextTable([
      .init("layer", .leading, shrinking: .middle), .init("op", .leading, leaves: 1), .init("full"),
    ])
    for name in names {
      table.append(
        [name, "Conv", "16"],
        short: LayerIdentity(name: name, opType: name.hasSuffix("Gemm") ? "Gemm" : "Conv", weight: "").modulePath)
    }
    for width in 24...120 {
      let lines = table.text(width: width).split(separator: "\n")
      #expect(lines.allSatisfy { Self.columns($0) <= width }, "\(width): \(lines)")
      #expect(Set(lines.dropFirst(2)).count == names.count, "\(width): \(lines)")
    }
    let wide = table.text(width: nil)
    #expect(names.allSatisfy(wide.contains) && !wide.contains("…"))
  }

  @Test func `the names of modules are taken before anything is cut, and columns go in their order`() {
    var table = TextTable([
      .init("layer", .leading, shrinking: .middle), .init("op", .leading, leaves: 2), .init("group", leaves: 1),
    ])
    table.append(["/stage1/stage1.0/conv1/Conv", "Conv", "0"], short: "stage1.0.conv1")
    table.append(["/stage1/stage1.1/conv1/Conv", "Conv", "1"], short: "stage1.1.conv1")
    #expect(table.text(width: 40).contains("/stage1/stage1.1/conv1/Conv  Conv      1\n"))
    #expect(table.text(width: 39).contains("stage1.1.conv1  Conv      1\n"))
    #expect(table.titles(width: 39) == ["layer", "op", "group"])
    #expect(table.titles(width: 24) == ["layer", "group"])
    #expect(table.titles(width: 14) == ["layer"])
  }

  @Test(arguments: [40, 60, 80])
  func `the table of inspect fits, every layer with a name of its own`(_ width: Int) throws {
    let network = try ONNXFormat().decode(ONNXFormat().read(DemoNetwork.model).message, sampleShapes: [:])
      .network(batchSize: 2)
    let inspection = try Inspection(network)
    let text = InspectionReport(inspection).text(width: width)
    #expect(Self.tooWide(text, width).isEmpty, "\(text)")
    let table = text.components(separatedBy: "\n\n")[0].split(separator: "\n")
    #expect(table.allSatisfy { $0.count <= width }, "\(text)")
    let names = table.dropFirst(2).compactMap { $0.split(separator: " ").first }
    #expect(names.count == inspection.layers.count && Set(names).count == names.count, "\(text)")
    #expect(["layer", "channels", "prunable"].allSatisfy { table[0].contains($0) }, "\(table[0])")
  }

  @Test func `what apply and other plans print fits too`() throws {
    let folder = try TemporaryFolder()
    let small: [(path: String, json: String?)] = [("calibration.samples", "27"), ("calibration.batch_size", "8")]
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: small)
    let path = try folder.write(text, as: "config.json")
    let outcomes = try InProcess.run(ranks: 1) { world in
      try SearchRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), applies: true, logger: ReportedSearch.logger,
        progress: { _ in }
      ).execute(path)
    }
    let pruning = try #require(outcomes[0]?.pruning)
    var request = SolveRun.Request(directory: folder.file("out"))
    request.frontierPoints = 3
    let solved = try SolveRun(format: ONNXFormat(), logger: ReportedSearch.logger).execute(request)
    for width in [40, 60, 80] {
      for text in [PruningSummary(pruning).text(width: width), SolveSummary(solved).text(width: width)] {
        #expect(Self.tooWide(text, width).isEmpty, "\(width): \(text)")
      }
      let tables = PruningSummary(pruning).text(width: width)
      #expect(tables.contains("cost") && tables.contains("level") && tables.contains("\nnetwork"), "\(tables)")
      #expect(tables.contains(" loss") && tables.contains("top-1"), "\(tables)")
    }
  }
}
