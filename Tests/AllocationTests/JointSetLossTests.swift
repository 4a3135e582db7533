import AllocationProblems
import Testing

@testable import Allocation

/// The running evaluation of set losses against their definition.
@Suite struct JointSetLossTests {
  private static let sizes = [4, 7, 3]

  private static func loss(_ kind: JointProblem.Kind, seed: UInt64, size: Double = 1) throws -> SetLoss {
    var random = SeededGenerator(seed: seed)
    return try JointProblem.setLoss(sizes, kind, size: size, using: &random)
  }

  @Test(arguments: JointProblem.Kind.allCases, UInt64(1)...10)
  func `a loss kept up to date equals its definition`(kind: JointProblem.Kind, seed: UInt64) throws {
    let loss = try Self.loss(kind, seed: seed)
    var random = SeededGenerator(seed: seed + 100)
    var state = SetLossState(SetLossColumns(loss))
    var removed: Set<Int> = []
    for _ in 0..<60 {
      let goes = (0..<14).filter { !removed.contains($0) && Int.random(in: 0..<6, using: &random) == 0 }
      let comes = removed.sorted().filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
      let expected = naiveValue(loss, removing: removed.subtracting(comes).union(goes).sorted())
      let change = state.changed(removing: goes, restoring: comes)
      #expect(abs(state.value + change - expected) < 1e-10)
      state.change(removing: goes, restoring: comes)
      removed = removed.subtracting(comes).union(goes)
      // Float numbers, summed and taken back in double precision.
      #expect(abs(state.value - expected) < 1e-10, "seed \(seed)")
      #expect(abs(loss.value(removing: removed.sorted()) - expected) < 1e-10)
    }
  }

  @Test(arguments: JointProblem.Kind.allCases, UInt64(1)...10)
  func `the change of a unit and of a pair is what their going makes`(kind: JointProblem.Kind, seed: UInt64) throws {
    // A softmax is right to second order: with shifts below 0.01, third orders are below 1e-7, second ones near 1e-5.
    let (size, tolerance) = kind == .softmax ? (0.003, 1e-7) : (1, 1e-4)
    let loss = try Self.loss(kind, seed: seed, size: size)
    var state = SetLossState(SetLossColumns(loss))
    state.change(removing: [0, 5, 9, 13], restoring: [])
    var changes = [Double](repeating: .nan, count: 14)
    state.fill(&changes, of: 0..<14)
    for unit in 0..<14 {
      let gone = state.isRemoved[unit]
      let exact = state.changed(removing: gone ? [] : [unit], restoring: gone ? [unit] : [])
      #expect(abs(changes[unit] - exact) < tolerance, "seed \(seed), unit \(unit)")
      #expect(state.change(of: unit) == changes[unit])
    }
    for unit in [1, 2, 6] {
      let both = state.changed(removing: [unit, 10], restoring: [])
      let apart = state.changed(removing: [unit], restoring: []) + state.changed(removing: [10], restoring: [])
      #expect(abs(state.interaction(unit, 10) - (both - apart)) < tolerance, "seed \(seed), unit \(unit)")
    }
  }

  @Test(arguments: JointProblem.Kind.allCases, UInt64(1)...10)
  func `a tangent lies below the loss of every set and touches it where it was drawn`(
    kind: JointProblem.Kind, seed: UInt64
  ) throws {
    let loss = try Self.loss(kind, seed: seed)
    let columns = SetLossColumns(loss)
    var random = SeededGenerator(seed: seed + 200)
    for _ in 0..<10 {
      let portions = (0..<14).map { _ in max(0, Double.random(in: -1...1, using: &random)) }
      let isSet = Bool.random(using: &random)
      var shifts = [Double](repeating: 0, count: columns.rowCount)
      for unit in 0..<14 { columns.add(unit, times: isSet ? portions[unit].rounded(.up) : portions[unit], to: &shifts) }
      let (value, rows) = columns.slopes(at: shifts)
      let constant = value - zip(rows, shifts).reduce(0) { $0 + $1.0 * $1.1 }
      let slopes = columns.gradient(rows)
      for _ in 0..<50 {
        let set = (0..<14).filter { _ in Bool.random(using: &random) }
        let tangent = constant + set.reduce(0) { $0 + slopes[$1] }
        #expect(tangent < naiveValue(loss, removing: set) + 1e-10, "seed \(seed)")
      }
      guard isSet else { continue }
      let set = (0..<14).filter { portions[$0] > 0 }
      let touching = constant + set.reduce(0) { $0 + slopes[$1] }
      #expect(abs(touching - naiveValue(loss, removing: set)) < 1e-10, "seed \(seed)")
    }
  }

  @Test(arguments: JointProblem.Kind.allCases, UInt64(1)...5)
  func `the groups' shares add up, and a group alone has all of it`(kind: JointProblem.Kind, seed: UInt64) throws {
    let loss = try Self.loss(kind, seed: seed)
    let columns = SetLossColumns(loss)
    let sets = [[0, 3], [4, 5, 10], [11]]
    let shares = columns.shares(of: sets)
    #expect(abs(shares.reduce(0, +) - naiveValue(loss, removing: sets.flatMap { $0 })) < 1e-10)
    #expect(abs(columns.shares(of: [[], [4, 5], []])[1] - naiveValue(loss, removing: [4, 5])) < 1e-10)
    if kind == .quadratic {
      // A share is the set's own loss and half of each mixed term.
      let mixed =
        naiveValue(loss, removing: [0, 3, 4, 5, 10]) - naiveValue(loss, removing: [0, 3])
        - naiveValue(loss, removing: [4, 5, 10])
      #expect(abs(columns.shares(of: Array(sets[..<2]))[0] - naiveValue(loss, removing: [0, 3]) - mixed / 2) < 1e-10)
    }
  }

  @Test func `a number that is none is refused by its place`() throws {
    #expect(throws: AllocationError.notFinite(place: "set loss: row 1 of unit 1", value: .infinity)) {
      try SetLoss(unitCounts: [2], columns: [0, 0, 0, .infinity], linear: [0, 0], form: .quadratic(weights: [1, 1]))
    }
  }
}
