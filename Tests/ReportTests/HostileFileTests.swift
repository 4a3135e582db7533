import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Search
import Testing

/// Result files that their record vouches for and that yet do not go with the network, and names that mean harm.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct HostileFileTests {
  /// A JSON file of a search with something in it changed, its digest in the record too.
  private static func change(
    _ folder: TemporaryFolder, _ name: String, _ change: (inout JSONValue) -> Void
  ) throws {
    var document = try JSONValue(parsing: Array(try folder.contents(of: "out/\(name)")), file: name)
    change(&document)
    let bytes = Data(document.text().utf8)
    _ = try folder.write(bytes, as: "out/\(name)")
    var record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    guard case .array(var outputs)? = record["outputs"],
      let index = outputs.firstIndex(where: { $0["path"] == .string(name) })
    else {
      Issue.record("\(name) is no output")
      return
    }
    outputs[index]["sha256"] = .string(FileDigest(path: "", bytes: bytes).sha256)
    outputs[index]["bytes"] = .integer(bytes.count)
    record["outputs"] = .array(outputs)
    _ = try folder.write(Data(record.text().utf8), as: "out/run.json")
  }

  /// The members of an array in a document.
  private static func element(
    _ document: inout JSONValue, _ key: String, _ index: Int, _ change: (inout JSONValue) -> Void
  ) {
    guard case .array(var elements)? = document[key] else { return }
    change(&elements[index])
    document[key] = .array(elements)
  }

  private struct Damage: Sendable {
    let file: String
    let problem: String
    let change: @Sendable (inout JSONValue) -> Void

    init(_ file: String, _ problem: String, _ change: @escaping @Sendable (inout JSONValue) -> Void) {
      (self.file, self.problem, self.change) = (file, problem, change)
    }
  }

  private static let damages: [Damage] = [
    Damage("ratios.json", "$.format_version") { $0["format_version"] = 2 },
    Damage("ratios.json", "$.layers: has 1 layers") { $0["layers"] = [["name": "a"]] },
    Damage("ratios.json", "$.layers[0].name") { element(&$0, "layers", 0) { $0["name"] = "x" } },
    Damage("ratios.json", "$.layers[0].channels") { element(&$0, "layers", 0) { $0["channels"] = 1 } },
    Damage("ratios.json", "$.layers[0].pruned_channels[0]") {
      element(&$0, "layers", 0) { $0["pruned_channels"] = [100000] }
    },
    Damage("ratios.json", "$.layers[0].prune_ratio_interval") {
      element(&$0, "layers", 0) { $0["prune_ratio_interval"] = [0.5, 0.25] }
    },
    Damage("ratios.json", "$.achieved.cost.macs.after") {
      $0["achieved"]?["cost"] = ["macs": ["before": 1, "after": -1]]
    },
    Damage("ratios.json", "$.solution.method") { $0["solution"]?["method"] = 1 },
    Damage("frontier.json", "$.layers: these are the layers of another network") { $0["layers"] = ["a"] },
    Damage("frontier.json", "$.knee") { $0["knee"] = 1000 },
    Damage("frontier.json", "$.points[1].kept_channels: has 1 numbers") {
      element(&$0, "points", 1) { $0["kept_channels"] = [1] }
    },
    Damage("frontier.json", "$.points[2].predicted_loss_change") {
      element(&$0, "points", 2) { $0["predicted_loss_change"] = "NaN" }
    },
    Damage("frontier.json", "$.points[0].compression_ratio") {
      element(&$0, "points", 0) { $0["compression_ratio"] = 0 }
    },
  ]

  @Test(arguments: damages.indices) func `every damage is one error that names the place`(_ index: Int) throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder)
    let damage = Self.damages[index]
    try Self.change(folder, damage.file, damage.change)
    let page = try ReportedSearch.page(in: folder)
    let error = try #require(throws: SearchError.self) { try ReportedSearch.report(folder) }
    #expect(error.kind == .badContent)
    #expect(error.file == folder.file("out/\(damage.file)"))
    #expect(error.problem.contains(damage.problem), "\(error.problem)")
    let isSame = try ReportedSearch.page(in: folder) == page
    #expect(isSame, "an earlier page stays")
  }

  static let names = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'\u{1B}[31m\u{202E}gnp", "שלום</bdi></svg>",
    "</title></style></script><h1>", "a\nb\0c\u{2028}d",
  ]

  @Test(arguments: names) func `names of whatever kind stand on the page as text`(_ name: String) throws {
    let folder = try TemporaryFolder()
    let plain = try TemporaryFolder()
    let format = RenamingFormat { "\($0)\(name)" }
    try ReportedSearch.run(
      in: folder, [("config_list", #"[{"op_types": ["Linear"], "exclude": true}]"#)], format: format)
    try ReportedSearch.run(in: plain, [("config_list", #"[{"op_types": ["Linear"], "exclude": true}]"#)])
    // A host's name comes from the record.
    let record = try JSONValue(parsing: Array(try folder.contents(of: "out/run.json")), file: "run.json")
    var changed = record
    Self.element(&changed, "ranks", 0) { $0["host"] = .string(name) }
    changed["version"] = .string(name)
    _ = try folder.write(Data(changed.text().utf8), as: "out/run.json")
    _ = try ReportedSearch.report(folder, format: format)
    let (page, usual) = (try ReportedSearch.page(in: folder), try ReportedSearch.page(in: plain))
    // The markup is that of a page with harmless names.
    #expect(Self.elements(page) == Self.elements(usual))
    for scalar in page.unicodeScalars {
      let isMean = scalar.value < 0x20 && scalar != "\n" || ["\u{202E}", "\u{2028}"].contains(scalar)
      #expect(!isMean, "U+\(String(scalar.value, radix: 16))")
    }
  }

  /// The names of a page's elements, in order.
  private static func elements(_ page: String) -> [Substring] {
    // Where a name may be broken depends on the name.
    page.replacing("<wbr>", with: "").split(separator: "<").dropFirst().map {
      $0.prefix { $0.isLetter || $0 == "/" || $0 == "!" || $0.isNumber }
    }
  }
}
