import Configuration
import Foundation
import ProgramRuns
import ReferenceData
import Report
import Search
import Testing

/// What a search prints: layers and totals, in full, as they are now, and how far they could go.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct PruningTableTests {
  private static func outcome(_ changes: [(path: String, json: String?)] = []) throws -> SearchOutcome {
    let folder = try TemporaryFolder()
    return try ReportedSearch.run(in: folder, changes)
  }

  /// The lines of the table, title and rules left out: of the layers, and of the totals.
  private static func rows(_ text: String) -> (layers: [[Substring]], totals: [[Substring]]) {
    let table = text.components(separatedBy: "level: 1 - current / full")[0].split(separator: "\n")
    let parts = table.dropFirst(2).split { $0.allSatisfy { $0 == "-" || $0 == " " } }
    // Cells stand two spaces apart, and none holds two.
    func cells(_ line: Substring) -> [Substring] {
      line.split(separator: "  ").map { Substring($0.trimmingCharacters(in: .whitespaces)) }.filter { !$0.isEmpty }
    }
    return (parts[0].map(cells), parts[1].map(cells))
  }

  @Test func `the table has the numbers of the result, in full and current`() throws {
    let outcome = try Self.outcome()
    let text = SearchSummary(outcome).text(width: nil)
    let (layers, totals) = Self.rows(text)
    let ratios = outcome.ratios
    #expect(layers.count == ratios.layers.count)
    for (cells, layer) in zip(layers, ratios.layers) {
      let kept = layer.channels - layer.prunedChannels.count
      #expect(cells[0] == layer.name[...])
      #expect(cells[1] == layer.opType[...])
      #expect(cells[3].split(separator: "x").first.flatMap { Int($0) } == layer.channels)
      #expect(cells[4] == "\(layer.channels)" && cells[5] == "\(kept)", "\(cells)")
      let level = try #require(Double(cells[6]))
      #expect(abs(level - (1 - Double(kept) / Double(layer.channels))) < 5.1e-4)
      #expect(layer.feasible.contains(layer.pruneRatio))
      #expect((layer.feasible.upperBound == 0) == (layer.reason != nil))
    }
    #expect(totals.map { String($0[0]) } == ["channels"] + ratios.costs.map(\.metric.rawValue))
    let full = ratios.layers.reduce(0) { $0 + $1.channels }
    let gone = ratios.layers.reduce(0) { $0 + $1.prunedChannels.count }
    #expect(totals[0][1] == "\(full)" && totals[0][2] == "\(full - gone)")
    for (cells, cost) in zip(totals.dropFirst(), ratios.costs) {
      let level = try #require(Double(cells[3]))
      #expect(abs(level - (1 - cost.after / cost.before)) < 5.1e-4, "\(cells)")
      #expect(try #require(cost.leastShare) <= cost.after / cost.before)
    }
    #expect(text.contains("target: bit_complexity 2.000 x smaller, reached: 2.00"))
    #expect(text.components(separatedBy: "\n----").count == 3, "one table, with one rule below its layers")
  }

  @Test func `what is feasible follows the limits of the configuration`() throws {
    let free = try Self.outcome([("config_list", "[]"), ("solver", "{}")]).ratios
    let held = try Self.outcome([
      (
        "config_list",
        #"[{"op_types": ["Conv"], "max_sparsity_per_layer": 0.5}, {"op_names": ["/stem/stem.0/Conv"], "sparsity": 0.25}]"#
      ),
      ("solver", #"{"min_channels": 4}"#), ("target.compression_ratio", "1.3"),
    ]).ratios
    let stem = try #require(held.layers.first { $0.name == "/stem/stem.0/Conv" })
    #expect(stem.feasible == 0.25...0.25)
    for (one, other) in zip(free.layers, held.layers) where one.reason == nil && other.opType == "Conv" {
      #expect(other.feasible.upperBound <= 0.5)
      // All but one channel may go where nothing is said.
      #expect(one.feasible == 0...Double(one.channels - 1) / Double(one.channels), "\(one.name)")
    }
    for (one, other) in zip(free.costs, held.costs) {
      #expect(try #require(one.leastShare) < #require(other.leastShare), "\(one.metric)")
    }
  }

  @Test(arguments: [40, 60, 80, 132])
  func `the table fits the terminal, and says the most important on any`(_ width: Int) throws {
    let outcome = try Self.outcome([("sensitivity", #"{"bootstrap": 5}"#)])
    let text = SearchSummary(outcome).text(width: width)
    let table = text.components(separatedBy: "level: 1 - current / full")[0].split(separator: "\n")
    #expect(table.allSatisfy { $0.count <= width }, "\(text)")
    #expect(["layer", "full", "current", "level"].allSatisfy { table[0].contains($0) }, "\(table[0])")
    #expect(table[0].contains("feasible") == (width >= 60), "\(table[0])")
    #expect(table[0].contains("shape") == (width >= 132), "\(table[0])")
    let (layers, _) = Self.rows(text)
    #expect(Set(layers.map { $0[0] }).count == layers.count, "\(text)")
    for (cells, layer) in zip(layers, outcome.ratios.layers) where cells[0] != layer.name[...] {
      // The path of the module, or that cut in its middle: both ends are there.
      let path = try #require(LayerIdentity(name: layer.name, opType: layer.opType, weight: layer.weight).modulePath)
      let ends = cells[0].components(separatedBy: "…")
      #expect(ends.count <= 2 && path.hasPrefix(ends[0]) && path.hasSuffix(ends[ends.count - 1]), "\(cells[0])")
    }
    #expect(text.contains("feasible: ") == table[0].contains("feasible"), "\(text)")
    // Words are whole: only what has no space is wider than the terminal.
    for line in text.split(separator: "\n") {
      #expect(line.count <= width || !line.drop { $0 == " " }.contains(" "), "\(line)")
    }
  }
}
