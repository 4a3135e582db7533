import Allocation
import AllocationProblems
import Glibc
import Testing

/// Problems of the size of networks.
@Suite struct JointScaleTests {
  private enum Size: CaseIterable {
    case resNet20, resNet20Softmax, resNet50

    /// Inner groups' and streams' widths, by stage, and blocks of a stage.
    var stages: [(stream: Int, inner: [Int])] {
      switch self {
      case .resNet20, .resNet20Softmax: [16, 32, 64].map { ($0, [$0, $0, $0]) } + [(128, [128, 128])]
      case .resNet50:
        [(256, 3, 64), (512, 4, 128), (1024, 6, 256), (2048, 3, 512)].map { stream, blocks, width in
          (stream, [Int](repeating: width, count: 2 * blocks))
        }
      }
    }

    var samples: Int { 512 }
    var classes: Int { self == .resNet20Softmax ? 10 : 1 }
  }

  @Test(.timeLimit(.minutes(30)), arguments: Size.allCases)
  private func `a network's plan keeps its limit and beats the additive plan`(size: Size) throws {
    var random = SeededGenerator(seed: 11)
    var groups: [ChoiceGroup] = []
    var terms: [CostTerm] = []
    var columns: [Float] = []
    let rows = size.samples * size.classes
    let directions = (0..<12).map { _ in (0..<rows).map { _ in Float.random(in: -1...1, using: &random) } }
    func add(_ units: Int) throws -> Int {
      var losses: [Double] = []
      let scale = Float.random(in: 0.002...0.05, using: &random)
      for _ in 0..<units {
        let mixture = directions.map { _ in Float.random(in: -1...1, using: &random) }
        let own = scale * Float.random(in: 0.05...1, using: &random)
        var square = 0.0
        var state = random.next() | 1
        let first = columns.count
        for row in 0..<rows {
          state ^= state << 13
          state ^= state >> 7
          state ^= state << 17
          var value = Float(Int32(truncatingIfNeeded: state)) * (1 / 2_147_483_648)
          value += 0.3 * mixture[row % 12] * directions[row % 12][row] + 0.3 * mixture[0] * directions[0][row]
          columns.append(own * value)
        }
        for value in columns[first...] { square += Double(value) * Double(value) }
        losses.append(square / Double(2 * size.samples))
      }
      groups.append(try ChoiceGroup(name: "g\(groups.count)", losses: losses))
      return groups.count - 1
    }
    var previous: Int?
    for (stage, (width, inner)) in size.stages.enumerated() {
      let area = Double(56 * 56 >> (2 * stage))
      let stream = try add(width)
      if let previous {
        terms.append(CostTerm(coefficient: area, left: LinearForm(keptIn: previous), right: LinearForm(keptIn: stream)))
      }
      for units in inner {
        let group = try add(units)
        terms.append(
          CostTerm(coefficient: 9 * area, left: LinearForm(keptIn: stream), right: LinearForm(keptIn: group)))
        terms.append(
          CostTerm(coefficient: 9 * area, left: LinearForm(keptIn: group), right: LinearForm(keptIn: stream)))
      }
      previous = stream
    }
    let target = try Requirement(name: "target", terms: terms, compressionRatio: 2, groups: groups)
    let problem = try AllocationProblem(groups: groups, requirements: [target])
    let units = groups.map(\.unitCount)
    let weights = [Double](repeating: 1 / Double(size.samples), count: size.samples)
    let form: SetLoss.Form
    if size.classes == 1 {
      form = .quadratic(weights: weights)
    } else {
      var logProbabilities: [Double] = []
      for _ in 0..<size.samples {
        var logits = (0..<size.classes).map { _ in Double.random(in: -4...4, using: &random) }
        let total = logOfSum(logits)
        logits = logits.map { $0 - total }
        logProbabilities += logits
      }
      form = .softmax(
        classes: size.classes, logProbabilities: logProbabilities, targets: logProbabilities.map { exp($0) },
        weights: weights)
    }
    let total = units.reduce(0, +)
    let setLoss = try SetLoss(
      unitCounts: units, columns: columns, linear: [Double](repeating: 0, count: total), form: form)
    let started = ContinuousClock.now
    let plan = try JointAllocator(setLoss: setLoss).allocate(problem)
    let elapsed = ContinuousClock.now - started
    let additive = try OptimalAllocator(effort: .quick).allocate(problem)
    let additiveLoss = setLoss.value(removing: AllocationTests.units(of: additive))
    print(
      "\(size): \(total) units, \(rows) rows: \(elapsed), loss \(plan.predictedLossChange), additive \(additiveLoss), "
        + "bound \(plan.lowerBound ?? .nan), ratio \(plan.compressionRatio ?? 0)")
    #expect(plan.predictedLossChange < additiveLoss)
    #expect((plan.compressionRatio ?? 0) >= 2)
    #expect((plan.compressionRatio ?? 0) < 2.05)
  }
}
