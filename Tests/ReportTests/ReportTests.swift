import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Search
import Testing

/// The page of a search, from the search to its bytes.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct ReportTests {
  @Test func `the page has every section, every layer, and a table behind every plot`() throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, [("sensitivity", #"{"bootstrap": 5}"#)])
    let page = try ReportedSearch.page(in: folder)
    for section in ["network", "layers", "tradeoff", "sensitivity", "cost", "whole", "run"] {
      #expect(page.contains("<section id=\"\(section)\" aria-labelledby=\"\(section)-title\">"), "\(section)")
      #expect(page.contains("<a href=\"#\(section)\">"), "\(section)")
    }
    let ratios = try JSONValue(parsing: Array(try folder.contents(of: "out/ratios.json")), file: "ratios.json")
    guard case .array(let layers)? = ratios["layers"] else {
      Issue.record("no layers")
      return
    }
    let sections = page.components(separatedBy: "<section ")
    for id in ["network", "layers", "tradeoff", "cost"] {
      let section = try #require(sections.first { $0.hasPrefix("id=\"\(id)\"") })
      for layer in layers {
        guard case .string(let name)? = layer["name"] else { continue }
        #expect(section.replacing("<wbr>", with: "").contains("<bdi>\(name)</bdi>"), "\(name) in \(id)")
      }
    }
    // Every drawing is either described or, being one cell of a table that has the number as text, hidden.
    let drawings = page.components(separatedBy: "<svg ").dropFirst().map { $0.prefix { $0 != ">" } }
    #expect(drawings.count > 20)
    for drawing in drawings where !drawing.hasPrefix("viewBox=\"0 0 100 100\"") {
      #expect(drawing.contains("role=\"img\" aria-label=\"") || drawing.contains("aria-hidden=\"true\""), "\(drawing)")
    }
    #expect(page.components(separatedBy: "<g class=\"error\">").count > 3, "error bars")
  }

  @Test func `the page asks for nothing from anywhere`() throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder)
    let page = try ReportedSearch.page(in: folder)
    #expect(page.contains("default-src 'none'"))
    for word in ["http:", "https:", "//www", "url(", "@import", " src=", "<iframe", "<object", "<embed", "<form"] {
      // The head of an element of SVG in HTML needs no name space.
      #expect(!page.contains(word), "\(word)")
    }
    let links = page.components(separatedBy: "href=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(links.allSatisfy { $0.hasPrefix("#") || $0 == "data:," }, "\(links)")
  }

  private static let modes: [[(path: String, json: String?)]] = [
    [("sensitivity", #"{"bootstrap": 5}"#)],
    [("sensitivity", #"{"order": 2}"#)],
    [("sensitivity", #"{"method": "l1"}"#)],
    [("sensitivity", nil), ("bits", #"{"search": [4, 8]}"#), ("target.compression_ratio", "6")],
    [("solver", #"{"iterations": 2}"#)],
    [("solver", #"{"robust": true, "method": "greedy"}"#)],
    [("solver", #"{"method": "measured"}"#), ("measured", #"{"candidates": 3, "score": "accuracy"}"#)],
    [("config_list", #"[{"op_types": ["Conv"], "sparsity_per_layer": 0.25}]"#), ("target", nil)],
    [("target", #"[{"compression_ratio": 2, "metric": "flops"}, {"limit": 100000, "metric": "params"}]"#)],
  ]

  @Test(arguments: modes.indices) func `the command makes the page of the search, byte for byte`(_ mode: Int) throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, Self.modes[mode])
    let (page, record) = (try ReportedSearch.page(in: folder), try folder.contents(of: "out/run.json"))
    try FileManager.default.removeItem(atPath: folder.file("out/report.html"))
    #expect(try ReportedSearch.report(folder) == [folder.file("out/report.html")])
    let isSame = try ReportedSearch.page(in: folder) == page
    #expect(isSame)
    #expect(try folder.contents(of: "out/run.json") == record)
    _ = try VerifyRun(folder.file("out"))
    #expect(!page.contains("nan") && !page.contains("inf%"))
  }

  @Test func `with the pruned model the page tells what it is worth`() throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, applies: true)
    let page = try ReportedSearch.page(in: folder)
    #expect(page.contains("<dt>Measured loss change</dt><dd><strong>+") || page.contains("<dd><strong>−"))
    #expect(page.contains("Evaluated on 27 samples"))
    #expect(page.contains("<bdi>original</bdi>") && page.contains("<bdi>pruned</bdi>"))
    _ = try ReportedSearch.report(folder)
    let isSame = try ReportedSearch.page(in: folder) == page
    #expect(isSame)
  }

  @Test(arguments: [#"{"order": 2}"#, "{}"])
  func `a curve that was left out is told, drawn when asked for, and kept`(_ sensitivity: String) throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, [("sensitivity", sensitivity)])
    let (page, curve) = (try ReportedSearch.page(in: folder), try folder.contents(of: "out/frontier.json"))
    #expect(page.contains("id=\"slider\""))
    var record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    guard case .array(let outputs)? = record["outputs"] else {
      Issue.record("no outputs")
      return
    }
    record["outputs"] = .array(outputs.filter { $0["path"] != "frontier.json" })
    _ = try folder.write(Data(record.text().utf8), as: "out/run.json")
    try FileManager.default.removeItem(atPath: folder.file("out/frontier.json"))

    #expect(try ReportedSearch.report(folder) == [folder.file("out/report.html")])
    let without = try ReportedSearch.page(in: folder)
    #expect(without.contains("prune-cluster report RUN_DIR --frontier") && !without.contains("id=\"slider\""))
    _ = try VerifyRun(folder.file("out"))
    #expect(
      try ReportedSearch.report(folder, drawsCurve: true)
        == [folder.file("out/frontier.json"), folder.file("out/report.html")])
    #expect(try folder.contents(of: "out/frontier.json") == curve)
    let isSame = try ReportedSearch.page(in: folder) == page
    #expect(isSame)
    #expect(try VerifyRun(folder.file("out")).outputs.map(\.path).contains("frontier.json"))
  }

  @Test func `a page elsewhere leaves the search's files as they are`() throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder)
    let page = try ReportedSearch.page(in: folder)
    let record = try folder.contents(of: "out/run.json")
    let model = folder.file("moved.onnx")
    try FileManager.default.copyItem(atPath: DemoNetwork.model, toPath: model)
    #expect(
      try ReportedSearch.report(folder, output: folder.file("page.html"), model: model) == [folder.file("page.html")])
    let isSame = try ReportedSearch.page(in: folder, "page.html") == page
    #expect(isSame)
    #expect(try folder.contents(of: "out/run.json") == record)
  }

  @Test func `every point of the slider is another plan, and each is there without a script`() throws {
    let folder = try TemporaryFolder()
    // Few widths: many ratios are served by one plan.
    try ReportedSearch.run(
      in: folder,
      [
        ("solver", #"{"channel_widths": [8, 24, 48]}"#), ("bits", #"{"search": [4, 8]}"#), ("sensitivity", nil),
        ("target.compression_ratio", "6"),
      ])
    let page = try ReportedSearch.page(in: folder)
    func values(_ attribute: String) -> [Substring] {
      page.components(separatedBy: " \(attribute)=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
    }
    let plans = zip(values("data-kept"), values("data-bits")).map { "\($0) \($1)" }
    #expect(plans.count > 2)
    #expect(values("data-kept").count == plans.count && values("max").contains("\(plans.count - 1)"))
    #expect(Set(plans).count == plans.count, "\(plans)")
    let table = try #require(page.range(of: "<caption>Channels that each layer keeps, and its bits</caption>"))
    let rows = page[table.upperBound...].components(separatedBy: "</table>")[0].components(separatedBy: "<tr>")
    #expect(rows.dropFirst(2).allSatisfy { $0.components(separatedBy: "<small>").count == plans.count + 1 })
  }

  @Test(.enabled(if: ReferenceData.isPresent), arguments: ReferenceData.models)
  func `the page of a deep network, with every plan of its curve, stays small`(_ model: ReferenceModel) throws {
    let folder = try TemporaryFolder()
    let calibration = """
      {"inputs": "\(ReferenceData.path("data/calib.npz")):images", "samples": 8,
       "labels": "\(ReferenceData.path("data/calib_labels.npy"))"}
      """
    try ReportedSearch.run(
      in: folder, [("model", "\"\(model.path)\""), ("calibration", calibration), ("config_list", nil)])
    #expect(try ReportedSearch.page(in: folder).utf8.count < 1_000_000)
  }

  @Test func `the page of ResNet-50 is small, and its picture breaks between sheets of paper`() throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, ResNet50Format.changes(in: folder), format: ResNet50Format())
    let page = try ReportedSearch.page(in: folder)
    #expect(page.utf8.count < 2_000_000)
    #expect(page.contains("of 54 layers lose channels") && page.contains("<g class=\"error\">"))
    #expect(page.contains("id=\"slider\" min=\"0\" max=\"24\""), "every point of the curve, and this plan")

    let drawings = page.components(separatedBy: "<svg class=\"network\"").dropFirst()
      .map { $0.components(separatedBy: "</svg>")[0] }
    let heights = drawings.compactMap { drawing in
      drawing.firstMatch(of: /height="([0-9]+)"/).flatMap { Int($0.1) }
    }
    // 53 convolutions, 16 sums, the last layer, an input and an output: 72 rows.
    #expect(heights.reduce(0, +) == 72 * 26 && heights.max() ?? 0 <= 320, "\(heights)")
    // A line is in every drawing that it passes.
    let tops = heights.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    var passes: [Substring: Set<Int>] = [:]
    for (index, drawing) in drawings.enumerated() {
      for line in drawing.matches(of: /<line [^\/]*/) { passes[line.output, default: []].insert(index) }
    }
    for (line, found) in passes {
      let ends = try ["y1", "y2"].map { name in
        try #require(
          line.firstMatch(of: try Regex("\(name)=\"([0-9.]+)\"")).flatMap {
            $0.output[1].substring.flatMap { Double($0) }
          })
      }
      let expected = heights.indices.filter { Double(tops[$0]) <= ends[1] && ends[0] < Double(tops[$0 + 1]) }
      #expect(Set(expected).isSubset(of: found), "\(line) of drawings at \(tops)")
    }
    #expect(passes.values.contains { $0.count > 1 })
  }

  private static let sayings: [(changes: [(path: String, json: String?)], said: [String], unsaid: [String])] = [
    (
      [("sensitivity", #"{"method": "l1"}"#), ("calibration", nil), ("loss", nil)],
      [
        "Judged by <code>l1</code> on the weights", "there are no samples to measure it on",
        "the scores of no plan sum",
      ],
      ["0 samples", "bootstrap\": 20", "--apply", "is predicted below"]
    ),
    (
      [("config_list", #"[{"op_types": ["Conv"], "sparsity_per_layer": 0.25}]"#), ("target", nil)],
      ["nothing is left to choose", "The configuration says what each layer loses"], ["No layer may lose", "proven:"]
    ),
    (
      [("solver", #"{"iterations": 2}"#)],
      ["nothing is proven of a plan made in 2 steps", "the first of 2 measurements"], ["plans by optimal"]
    ),
    ([("sensitivity", "{}")], ["\"bootstrap\": 20", "frontier.json and run.json"], ["evaluation.json"]),
  ]

  @Test(arguments: sayings.indices) func `what the page says is true of its search`(_ index: Int) throws {
    let folder = try TemporaryFolder()
    let saying = Self.sayings[index]
    try ReportedSearch.run(in: folder, saying.changes)
    let page = try ReportedSearch.page(in: folder)
    let text = page.components(separatedBy: "<details><summary>The configuration")[0]
    for said in saying.said { #expect(page.contains(said), "\(said)") }
    for unsaid in saying.unsaid { #expect(!text.contains(unsaid), "\(unsaid)") }
  }

  @Test func `a page is written over nothing that the search has written or read`() throws {
    let folder = try TemporaryFolder()
    let (model, images) = (folder.file("model.onnx"), folder.file("images.idx3-ubyte.gz"))
    try FileManager.default.copyItem(atPath: DemoNetwork.model, toPath: model)
    try FileManager.default.copyItem(atPath: DemoNetwork.images, toPath: images)
    try ReportedSearch.run(in: folder, [("model", "\"\(model)\""), ("calibration.inputs", "\"\(images)\"")])
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: folder.file("out"))
    let names = ["out/run.json", "out/report.html", "out/frontier.json", "out/pruned.onnx", "link/ratios.json"]
    for path in names.map(folder.file) + [model, images] {
      let before = try? Data(contentsOf: URL(fileURLWithPath: path))
      let error = #expect(throws: SearchError.self) { try ReportedSearch.report(folder, output: path) }
      #expect(error?.kind == .cannotCreate && error?.file == path, "\(path)")
      #expect((try? Data(contentsOf: URL(fileURLWithPath: path))) == before, "\(path)")
    }
    #expect(try ReportedSearch.report(folder, output: folder.file("out/other.html")) == [folder.file("out/other.html")])
  }

  @Test(arguments: [4, 6, 7])
  func `asked for a curve that cannot be, the command says so and writes nothing`(_ mode: Int) throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, Self.modes[mode])
    try FileManager.default.removeItem(atPath: folder.file("out/report.html"))
    let error = #expect(throws: SearchError.self) { try ReportedSearch.report(folder, drawsCurve: true) }
    #expect(
      error?.problem.hasPrefix("--frontier: there is no curve of this search: ") == true, "\(error.debugDescription)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("out/report.html")))
  }

  @Test func `what is wrong is named with its file`() throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder)
    func error() -> SearchError? {
      do {
        _ = try ReportedSearch.report(folder)
        return nil
      } catch {
        return error as? SearchError
      }
    }
    let record = try folder.contents(of: "out/run.json")
    let json = try JSONValue(parsing: Array(record), file: "run.json")
    func change(_ path: [String], _ value: JSONValue?) throws {
      _ = try folder.write(Data(ConfigurationChange(path, to: value).applied(to: json).text().utf8), as: "out/run.json")
    }
    let changes: [(path: [String], value: JSONValue?, problem: String)] = [
      (["state"], "running", "has not finished"), (["comparison"], [:], "the record of a comparison"),
      (["ranks"], [], "$.ranks: expected an array of ranks, found an empty array"),
      (["seconds"], ["measure": -1.0], "$.seconds.measure: expected a number of seconds"),
      (["attempts"], nil, "\"attempts\" is missing"), (["calibration", "samples"], "27", "$.calibration.samples"),
      (["libraries", "executor"], 3, "$.libraries.executor: expected a string"), (["outputs"], nil, "$.outputs"),
    ]
    for (path, value, problem) in changes {
      try change(path, value)
      let found = error()
      #expect(found?.kind == .badContent && found?.file == folder.file("out/run.json"), "\(path)")
      #expect(found?.problem.contains(problem) == true, "\(found?.problem ?? "no error")")
    }
    _ = try folder.write(record, as: "out/run.json")
    #expect(error() == nil)
    for name in ["ratios.json", "sensitivities.npz", "frontier.json"] {
      let content = try folder.contents(of: "out/\(name)")
      _ = try folder.write(content + [32], as: "out/\(name)")
      #expect(error()?.file == folder.file("out/\(name)"))
      _ = try folder.write(content, as: "out/\(name)")
    }
    try FileManager.default.removeItem(atPath: folder.file("out/run.json"))
    #expect(error()?.kind == .cannotBeRead && error()?.problem.contains("comparison") == false)
    try FileManager.default.createDirectory(atPath: folder.file("out/compare"), withIntermediateDirectories: false)
    _ = try folder.write(record, as: "out/compare/run.json")
    #expect(error()?.kind == .cannotBeRead && error()?.problem.contains("has tables and no page") == true)
  }
}
