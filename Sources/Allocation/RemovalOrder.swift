/// The order in which a group gives up its units, in steps that keep every block of every partition equally full.
///
/// A grouped convolution needs equally many channels in each of its blocks, so each block of its partition must lose
/// equally many units. With several partitions at once, units that share their block in all of them form a *cell*, and
/// a step takes from every cell a fixed number of units, its weight:
/// - 1 everywhere, if the blocks of each partition hold equally many cells (one partition; nested ones; the crossing
///   ones of a channel shuffle, even where its cells differ by a unit);
/// - otherwise in proportion to the cell's size, which serves any partitions, because their blocks are equally large.
///
/// Either way a step takes equally many units from all blocks of a partition, so every prefix of steps is admissible:
/// this is sound. It is not complete: crossing partitions may allow further sets (a transport problem), not offered.
struct RemovalOrder: Equatable, Sendable {
  /// The units that can go, step by step; ascending loss inside each cell, ties by index.
  let units: [Int]
  /// Units per step.
  let stride: Int

  /// - Parameter first: units that go before all others, whatever their losses.
  /// - Precondition: `partitions` passed `fault(in:unitCount:)`; no loss is NaN.
  init(losses: [Double], partitions: [[[Int]]], first: Set<Int> = []) {
    let cells = Self.cells(of: partitions, unitCount: losses.count)
    let weights = Self.weights(of: cells, partitions: partitions, unitCount: losses.count)
    let sorted = cells.map { cell in
      cell.sorted { left, right in
        let (gone, alsoGone) = (first.contains(left), first.contains(right))
        if gone != alsoGone { return gone }
        return losses[left] != losses[right] ? losses[left] < losses[right] : left < right
      }
    }
    let steps = zip(sorted, weights).map { cell, weight in cell.count / weight }.min() ?? 0
    var units: [Int] = []
    units.reserveCapacity(losses.count)
    for step in 0..<steps {
      for (cell, weight) in zip(sorted, weights) {
        units.append(contentsOf: cell[step * weight..<(step + 1) * weight])
      }
    }
    self.units = units
    stride = weights.reduce(0, +)
  }

  /// What keeps `partitions` from being partitions of the units into equally large blocks; `nil` if nothing does.
  static func fault(in partitions: [[[Int]]], unitCount: Int) -> String? {
    for (number, blocks) in partitions.enumerated() {
      guard let size = blocks.first?.count, size > 0 else {
        return "partition \(number) has no blocks or an empty one"
      }
      var seen = [Bool](repeating: false, count: unitCount)
      for block in blocks {
        guard block.count == size else {
          return "partition \(number) has blocks of \(size) and of \(block.count) units, expected equal blocks"
        }
        for unit in block {
          guard seen.indices.contains(unit) else {
            return "partition \(number) names unit \(unit), expected 0 to \(unitCount - 1)"
          }
          guard !seen[unit] else { return "partition \(number) names unit \(unit) twice" }
          seen[unit] = true
        }
      }
      if let missing = seen.firstIndex(of: false) {
        return "partition \(number) leaves out unit \(missing), expected all \(unitCount) units"
      }
    }
    return nil
  }

  /// The common refinement of the partitions: cells in order of their first unit, units ascending.
  static func cells(of partitions: [[[Int]]], unitCount: Int) -> [[Int]] {
    let addresses = blockNumbers(of: partitions, unitCount: unitCount)
    var cellOfAddress: [[Int]: Int] = [:]
    var cells: [[Int]] = []
    for unit in 0..<unitCount {
      let address = addresses.map { $0[unit] }
      if let cell = cellOfAddress[address] {
        cells[cell].append(unit)
      } else {
        cellOfAddress[address] = cells.count
        cells.append([unit])
      }
    }
    return cells
  }

  static func weights(of cells: [[Int]], partitions: [[[Int]]], unitCount: Int) -> [Int] {
    let balanced = zip(partitions, blockNumbers(of: partitions, unitCount: unitCount)).allSatisfy { blocks, numbers in
      var cellCounts = [Int](repeating: 0, count: blocks.count)
      for cell in cells {
        cellCounts[numbers[cell[0]]] += 1
      }
      return cellCounts.allSatisfy { $0 == cellCounts[0] }
    }
    if balanced { return cells.map { _ in 1 } }
    let divisor = cells.reduce(0) { greatestCommonDivisor($0, $1.count) }
    return cells.map { $0.count / divisor }
  }

  /// For every partition, the block that each unit lies in.
  private static func blockNumbers(of partitions: [[[Int]]], unitCount: Int) -> [[Int]] {
    partitions.map { blocks in
      var numbers = [Int](repeating: 0, count: unitCount)
      for (number, block) in blocks.enumerated() {
        for unit in block {
          numbers[unit] = number
        }
      }
      return numbers
    }
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}
