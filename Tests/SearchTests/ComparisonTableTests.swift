import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Report
import Testing

@testable import Search

/// What a comparison shows on a terminal.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct ComparisonTableTests {
  private let bench: ComparisonCase
  private var folder: TemporaryFolder { bench.folder }

  init() throws { bench = try ComparisonCase() }

  @Test func `tables fit the terminal, with the best row marked`() throws {
    let outcome = try bench.compare(ComparisonCase.few)
    let wide = ComparisonTable(outcome).text(width: nil)
    #expect(wide.components(separatedBy: " best ").count == 3)
    #expect(wide.contains("target: 2.0 x macs\n") && wide.contains("target: 1.4 x params\n"))
    for width in [60, 80, 100] {
      let text = ComparisonTable(outcome).text(width: width)
      let tables = text.components(separatedBy: "evaluated on")[0]
      #expect(tables.split(separator: "\n").allSatisfy { $0.count <= width }, "\(width)\n\(tables)")
    }
  }

  @Test func `what a row took is in the table and in the record, and nowhere else`() throws {
    let outcome = try bench.compare(ComparisonCase.few)
    for row in outcome.rows {
      let plan = try #require(row.plan)
      let seconds = try #require(outcome.seconds(of: row))
      #expect(plan.seconds.repairing == nil)
      #expect(
        seconds == outcome.criteria[row.criterion].seconds + plan.seconds.solving + plan.seconds.evaluating)
      #expect(plan.seconds.solving > 0 && plan.seconds.evaluating > 0)
    }
    for width in [nil, 100] {
      let text = ComparisonTable(outcome).text(width: width)
      let titles = text.split(separator: "\n").filter { $0.contains("criterion  ") }
      #expect(titles.count == 2 && titles.allSatisfy { $0.contains(" time") }, "\(text)")
      #expect(text.contains("\ntime: measuring by the criterion, "))
    }
    for (name, bytes) in try bench.results() {
      #expect(!String(decoding: bytes, as: UTF8.self).contains("seconds"), "\(name)")
    }
    guard case .array(let rows)? = try bench.json("run.json")["comparison"]?["rows"] else {
      Issue.record("no rows")
      return
    }
    #expect(rows.count == 12)
    #expect(rows.allSatisfy { $0["solve_seconds"] != nil && $0["evaluate_seconds"] != nil })
  }

  @Test(.enabled(if: PluginScripts.hasPython))
  func `long commands are names of scripts in tables that fit the terminal, and whole in the files`() throws {
    let command = PluginScripts.shipped("criterion.py")
    let hostile = #"["sh", "odd\u009b31m.sh", "a\u2028b", "--"]"#
    _ = try folder.write(Data("exit 1".utf8), as: "odd\u{9b}31m.sh")
    let outcome = try bench.compare([
      ("solver", "{}"),
      (
        "compare",
        #"""
        {"sensitivity": ["l1", {"method": "external", "command": \#(command), "inputs": ["activations", "gradients"],
            "normalization": "lamp"},
          {"method": "external", "command": \#(hostile)}], "targets": [{"compression_ratio": 2}]}
        """#
      ),
    ])
    for width in [60, 80, 100, 120] {
      let text = ComparisonTable(outcome).text(width: width)
      let tables = text.components(separatedBy: "evaluated on")[0].components(separatedBy: "3 (external")[0]
      #expect(tables.split(separator: "\n").allSatisfy { $0.count <= width }, "\(width)\n\(tables)")
      let times = text.components(separatedBy: "measuring took: ")[1].components(separatedBy: "files in")[0]
      // Lines are broken between criteria only.
      guard width >= 100 else { continue }
      #expect(times.split(separator: "\n").allSatisfy { $0.count <= width }, "\(width)\n\(times)")
    }
    let wide = ComparisonTable(outcome).text(width: nil)
    #expect(wide.contains("external criterion.py, inputs activations gradients, normalization lamp"))
    #expect(!wide.components(separatedBy: "files in")[0].contains(DemoNetwork.directory))
    let isClean = wide.unicodeScalars.allSatisfy {
      ($0.properties.generalCategory != .control || $0 == "\n") && $0 != "\u{2028}"
    }
    #expect(isClean)
    guard case .array(let criteria)? = try bench.json("compare.json")["criteria"], criteria.count == 3,
      case .string(let label) = criteria[1]
    else {
      Issue.record("no criteria")
      return
    }
    #expect(label.contains("\(DemoNetwork.directory)/plugins/criterion.py"))
  }
}
