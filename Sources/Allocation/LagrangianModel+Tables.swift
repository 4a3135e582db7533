extension LagrangianModel {
  /// Adds a measured term: exactly where at most one group stands on each side, else something below it.
  mutating func add(_ table: WidthTable, of term: CostTerm, times unit: Double, requirement: Int, near: [Int]) {
    let sides = [term.left, term.right].map { Set($0.terms.filter { $0.perUnit > 0 }.map(\.group)).sorted() }
    let groups = Set(sides[0] + sides[1]).sorted()
    let least = problem.leastKept
    func width(_ form: LinearForm, _ group: Int, _ label: Int) -> Double {
      var kept = least
      kept[group] = Int(values[group][label])
      return form.value(kept)
    }
    if groups.isEmpty {
      addConstant(unit * table.value(term.left.value(least), term.right.value(least)), requirement: requirement)
    } else if groups.count == 1 {
      let costs = values[groups[0]].indices.map {
        unit * table.value(width(term.left, groups[0], $0), width(term.right, groups[0], $0))
      }
      addUnary({ costs[$0] }, to: groups[0], requirement: requirement)
    } else if groups.count == 2, sides[0].count == 1, sides[1].count == 1 {
      let (first, second) = (sides[0][0], sides[1][0])
      add(
        Staircase(
          first: first, second: second, requirement: requirement,
          rows: values[first].indices.map { WidthTable.step(of: width(term.left, first, $0), in: table.lefts) },
          columns: values[second].indices.map { WidthTable.step(of: width(term.right, second, $0), in: table.rights) },
          columnCount: table.rights.count, values: table.values.map { $0 * unit }))
    } else if sides[1].count <= 1, Set(sides[0]).isDisjoint(with: sides[1]) {
      addRamps(
        table, sum: term.left, other: term.right, of: sides[1].first, times: unit, requirement: requirement, near: near)
    } else if sides[0].count <= 1, Set(sides[0]).isDisjoint(with: sides[1]) {
      addRamps(
        table.transposed, sum: term.right, other: term.left, of: sides[0].first, times: unit, requirement: requirement,
        near: near)
    } else {
      // Sums on both sides, or one group on both: the least that the table gives.
      addConstant(unit * table.value(term.left.value(least), term.right.value(least)), requirement: requirement)
    }
  }

  /// For every width of the other side a line under the staircase over the sum, through its corner next to `near`.
  ///
  /// The lines a + b · sum fall apart into functions of the other group and of one group of the sum at a time.
  private mutating func addRamps(
    _ table: WidthTable, sum: LinearForm, other: LinearForm, of group: Int?, times unit: Double, requirement: Int,
    near: [Int]
  ) {
    let least = problem.leastKept
    let whole = problem.groups.map(\.unitCount)
    let (low, high) = (sum.value(least), sum.value(whole))
    let middle = sum.value(near)
    let corners = table.lefts.filter { $0 >= low && $0 < high } + [high]
    let columns: [Int]
    if let group {
      columns = values[group].map { kept in
        var counts = least
        counts[group] = Int(kept)
        return WidthTable.step(of: other.value(counts), in: table.rights)
      }
    } else {
      columns = [WidthTable.step(of: other.constant, in: table.rights)]
    }
    var slopes = columns.map { column in
      let heights = corners.map { table.values[WidthTable.step(of: $0, in: table.lefts) * table.rights.count + column] }
      return Self.slope(under: corners, heights, at: middle)
    }
    // A width more of the other side must not make the sum cheaper.
    for label in slopes.indices.dropLast().reversed() { slopes[label] = min(slopes[label], slopes[label + 1]) }
    let bases = zip(columns, slopes).map { column, slope in
      corners.reduce(Double.infinity) { base, corner in
        let height = table.values[WidthTable.step(of: corner, in: table.lefts) * table.rights.count + column]
        return min(base, height - slope * corner)
      }
    }
    let constants = zip(bases, slopes).map { unit * ($0 + $1 * sum.constant) }
    if let group {
      addUnary({ constants[$0] }, to: group, requirement: requirement)
    } else {
      addConstant(constants[0], requirement: requirement)
    }
    for part in sum.terms where part.perUnit > 0 {
      let rises = slopes.map { unit * part.perUnit * $0 }
      if let group {
        add(Ramp(first: group, second: part.group, requirement: requirement, slopes: rises))
      } else {
        let widths = values[part.group]
        addUnary({ rises[0] * widths[$0] }, to: part.group, requirement: requirement)
      }
    }
  }

  /// Slope, ≥ 0, of the lower convex hull of the points at a place.
  private static func slope(under x: [Double], _ y: [Double], at place: Double) -> Double {
    // The best line that lies below all points at `place` runs through the two hull points around it.
    var hull: [Int] = []
    for i in x.indices {
      while hull.count >= 2 {
        let (a, b) = (hull[hull.count - 2], hull[hull.count - 1])
        if (y[b] - y[a]) * (x[i] - x[b]) < (y[i] - y[b]) * (x[b] - x[a]) { break }
        hull.removeLast()
      }
      hull.append(i)
    }
    guard hull.count >= 2 else { return 0 }
    let next = max(1, hull.firstIndex { x[$0] >= place } ?? hull.count - 1)
    let (a, b) = (hull[next - 1], hull[next])
    return max(0, (y[b] - y[a]) / (x[b] - x[a]))
  }
}

extension WidthTable {
  /// The same staircase with its sides exchanged.
  var transposed: WidthTable { WidthTable(transposing: self) }
}
