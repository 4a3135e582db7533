import Foundation
import Networks
import ProgramRuns
import Testing

@testable import Sensitivity

/// Orders of removal against NumPy, which is given the same quadratic forms.
@Suite(.enabled(if: PythonPeer.python != nil), .timeLimit(.minutes(30)))
struct LayerwiseCriterionPeerTests {
  private struct Answer: Decodable {
    let units: [Int]
    let damages: [Double]
  }

  private static let driver = """

    given = json.load(open(sys.argv[1]))
    answers = []
    for upper, units in zip(given["upper"], given["units"]):
        h = numpy.zeros((units, units))
        h[numpy.tril_indices(units)] = upper
        h = h + h.T - numpy.diag(numpy.diag(h))
        for order, damages in greedy(h), lasso(h), aofp(h, 50, 7, 3):
            answers.append({"units": [int(one) for one in order], "damages": list(damages)})
    json.dump(answers, sys.stdout)
    """

  private struct Given: Encodable {
    var upper: [[Double]] = []
    var units: [Int] = []
  }

  @Test func `orders and damages are those that NumPy finds`() throws {
    let python = try #require(PythonPeer.python)
    var given = Given()
    for units in [1, 2, 5, 16, 33] {
      var random = SplitMix64(2026, UInt64(units))
      let rows = (0..<80).map { _ in (0..<units).map { (random.unit() - 0.3) * Double(1 + $0 % 5) } }
      let whole = rows.reduce(0) { $0 + pow($1.reduce(0, +), 2) }
      given.units.append(units)
      given.upper.append(
        (0..<units).flatMap { column in
          (0...column).map { row in rows.reduce(0) { $0 + $1[row] * $1[column] } / whole }
        })
    }
    let folder = try TemporaryFolder()
    let path = try folder.write(try JSONEncoder().encode(given), as: "given.json")
    let answer = try PythonPeer.run(python, PythonPeer.layerwiseCriteria + Self.driver, [path])
    var answers = try JSONDecoder().decode([Answer].self, from: Data(answer.utf8))[...]
    for (upper, units) in zip(given.upper, given.units) {
      let damage = ResponseDamage(unitCount: units, upper: upper)
      for criterion in [LayerwiseCriterion.thinet, .lasso, .aofp(draws: 50, seed: 7)] {
        let expected = answers.removeFirst()
        let found = criterion.order(damage, group: 3) {}
        #expect(found.units == expected.units, "\(criterion) of \(units)")
        #expect(zip(found.damages, expected.damages).allSatisfy { abs($0 - $1) <= 1e-9 }, "\(criterion) of \(units)")
      }
    }
  }
}
