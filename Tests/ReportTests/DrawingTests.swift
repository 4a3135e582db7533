import Foundation
import ProgramRuns
import Testing

/// What is drawn on a page is what the numbers beside it say.
@Suite(.timeLimit(.minutes(30)))
struct DrawingTests {
  /// ratios.json, as far as drawings are made of it.
  private struct Ratios: Decodable {
    struct Layer: Decodable {
      let channels: Int
      let pruneRatio: Double
      let pruneRatioInterval: [Double]?
      let reason: String?
    }

    struct Achieved: Decodable {
      let cost: [String: [String: Double]]
    }

    let layers: [Layer]
    let achieved: Achieved
  }

  /// evaluation.json, as far as a card is made of it.
  private struct Evaluation: Decodable {
    struct Network: Decodable {
      let name: String
      let meanLoss: Double
    }

    let networks: [Network]
  }

  private static func decode<Document: Decodable>(_ type: Document.Type, _ name: String, in folder: TemporaryFolder)
    throws -> Document
  {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: folder.contents(of: "out/\(name)"))
  }

  private static func section(_ id: String, of page: String) throws -> String {
    try #require(page.components(separatedBy: "<section ").first { $0.hasPrefix("id=\"\(id)\"") })
  }

  /// The rows of a section's first table, its head left out.
  private static func rows(_ section: String) -> [String] {
    Array(section.components(separatedBy: "</table>")[0].components(separatedBy: "<tr role=\"row\">").dropFirst(2))
  }

  /// An attribute of each element of a kind, as a number.
  private static func values(_ attribute: String, of element: String, in text: String) throws -> [Double] {
    let expression = try Regex("<\(element)[^>]* \(attribute)=\"([0-9.]+)%?\"")
    return text.matches(of: expression).compactMap { $0.output[1].substring.flatMap { Double($0) } }
  }

  private static func isNear(_ found: Double?, _ expected: Double) -> Bool {
    // Coordinates have two decimals.
    found.map { abs($0 - expected) <= 0.0051 } ?? false
  }

  @Test func `bars, error bars and dots lie where the results have them`() throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, [("sensitivity", #"{"bootstrap": 5}"#)])
    let page = try ReportedSearch.page(in: folder)
    let ratios = try Self.decode(Ratios.self, "ratios.json", in: folder)

    let rows = try Self.rows(Self.section("layers", of: page))
    #expect(rows.count == ratios.layers.count)
    for (row, layer) in zip(rows, ratios.layers) where layer.reason == nil {
      let bar = try Self.values("width", of: "rect class=\"lost\"", in: row)
      #expect(bar.count == 1 && Self.isNear(bar[0], 100 * layer.pruneRatio), "\(row)")
      let interval = try #require(layer.pruneRatioInterval)
      let ends = try ["x1", "x2"].map { try #require(try Self.values($0, of: "line", in: row).first) }
      #expect(zip(ends, interval).allSatisfy { Self.isNear($0, 100 * $1) }, "\(row)")
    }

    let costs = try Self.section("cost", of: page).components(separatedBy: "</table>")[0]
    let sums = try ["was", "now"].map {
      try Self.values("width", of: "rect class=\"\($0)\"", in: costs).reduce(0, +)
    }
    let cost = try #require(ratios.achieved.cost["bit_complexity"])
    let share = try #require(cost["after"]) / (try #require(cost["before"]))
    #expect(abs(sums[1] / sums[0] - share) < 0.001, "\(sums), \(share)")

    let figures = try Self.section("sensitivity", of: page).components(separatedBy: "<figure ").dropFirst()
    var dots = 0
    for figure in figures {
      guard let taken = figure.firstMatch(of: /loses ([0-9]+) of ([0-9]+)/), let lost = Double(taken.1),
        let all = Double(taken.2)
      else { continue }
      let dot = try Self.values("cx", of: "circle class=\"dot plan\"", in: figure)
      #expect(dot.count == 1 && Self.isNear(dot[0], 100 * lost / all), "\(figure)")
      dots += 1
    }
    #expect(dots > 3)

    // The curve goes from the left to the right, and the search's own plan lies on it.
    let curve = try Self.section("tradeoff", of: page)
    let points = try Self.values("cx", of: "circle class=\"dot", in: curve)
    #expect(points.count > 3 && points == points.sorted(), "\(points)")

    let whole = try Self.section("whole", of: page)
    #expect(whole.contains("a convolution or linear layer behind them would free them"), "\(whole)")

    let ranks = try Self.section("run", of: page).components(separatedBy: "<h3>Ranks</h3>")[1]
    let rank = try #require(Self.rows(ranks).first)
    let busy = try Self.values("width", of: "rect class=\"now\"", in: rank)
    #expect(try Self.values("x", of: "rect class=\"was\"", in: rank) == busy, "\(rank)")
    #expect(abs(busy[0] + (try Self.values("width", of: "rect class=\"was\"", in: rank)[0]) - 100) < 0.011)
  }

  @Test func `what was measured is the repaired network's loss less the original's`() throws {
    let folder = try TemporaryFolder()
    try ReportedSearch.run(in: folder, applies: true)
    let page = try ReportedSearch.page(in: folder)
    let evaluation = try Self.decode(Evaluation.self, "evaluation.json", in: folder)
    func loss(_ name: String) throws -> Double {
      try #require(evaluation.networks.first { $0.name == name }).meanLoss
    }
    let change = try loss("repaired") - loss("original")
    let pruned = try loss("pruned") - loss("original")
    let pattern = /<dt>Measured loss change<\/dt><dd><strong>([^<]*)<\/strong><span>repaired; ([^ ]*) before repair/
    let card = try #require(page.firstMatch(of: pattern))
    func number(_ text: Substring) throws -> Double {
      let parts = text.replacing("−", with: "-").replacing("+", with: "").components(separatedBy: "·10")
      let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
      let exponent = parts.dropFirst().first.map { power in
        power.compactMap { digits.firstIndex(of: $0) }.reduce(0) { 10 * $0 + $1 } * (power.hasPrefix("⁻") ? -1 : 1)
      }
      return try #require(Double(parts[0])) * pow(10, Double(exponent ?? 0))
    }
    // What is written has four digits.
    #expect(abs(try number(card.1) - change) < 6e-4 * abs(change) + 6e-5, "\(card.1), \(change)")
    #expect(abs(try number(card.2) - pruned) < 6e-4 * abs(pruned) + 6e-5, "\(card.2), \(pruned)")
    #expect(pruned > change)
  }
}
