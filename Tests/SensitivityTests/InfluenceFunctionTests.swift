import Sensitivity
import Testing

/// An influence function in the gates of a few units.
@Suite struct InfluenceFunctionTests {
  /// Four samples of two units, the last one held out.
  private static let rows: [Float] = [1, 0, 0, 2, 1, 2, 3, 1]

  @Test(arguments: [0.01, 0.5, 10]) func `scores are those of the equations solved by hand`(damping: Double) throws {
    // F = [[1 + 1, 2], [2, 4 + 4]] ÷ 3 of the first three samples, λ = damping × 5 ÷ 3, g = (3, 1).
    let shift = damping * 5 / 3
    let (a, b, d) = (2.0 / 3 + shift, 2.0 / 3, 8.0 / 3 + shift)
    let determinant = a * d - b * b
    let solution = [(3 * d - b) / determinant, (a - 3 * b) / determinant]
    let expected = [abs(solution[0]) * 2 / 3, abs(solution[1]) * 4 / 3]
    let found = try InfluenceFunction(rows: Self.rows, unitCount: 2, holdingOutOneIn: 4).scores(damping: damping)
    for (score, value) in zip(found, expected) { #expect(abs(score - value) <= 1e-9 * value) }
    #expect(found.count == 2)
  }

  @Test func `units without any effect count nothing`() throws {
    let rows = [Float](repeating: 0, count: 8)
    #expect(try InfluenceFunction(rows: rows, unitCount: 2, holdingOutOneIn: 2).scores(damping: 0.1) == [0, 0])
    // A unit of no effect beside others.
    let beside = try InfluenceFunction(rows: [1, 0, 2, 0, 1, 0, 3, 0], unitCount: 2, holdingOutOneIn: 2)
      .scores(damping: 0.1)
    #expect(beside[0] > 0 && beside[1] == 0)
  }
}
