/// The sensitivities of a whole network: what the search decides by.
public struct SensitivityTable: Sendable {
  /// Per layer, in graph order, the sensitivity of each of its own output channels, not summed over a group.
  public let layers: [[Double]]
  /// Per group the sensitivity of each unit: products are summed over the producing layers before they are reduced.
  public let groups: [[Double]]
  /// Per group the standard error of each unit's sensitivity, from how the shards differ; 0 with a single shard.
  public let errors: [[Double]]
  /// Per unit of all groups, group after group, −mean of t: the loss change to first order, with its sign; empty for an
  /// expansion of order 1.
  public let slopes: [Double]
  /// The mean loss of the samples; `nil` where none was run.
  public let meanLoss: Double?
  /// Samples that counted.
  public let sampleCount: Int
  /// The share of samples classified as labelled; `nil` without class labels.
  public let accuracy: Double?

  /// Scores that are made otherwise; they have no error bars.
  /// - Parameters:
  ///   - meanLoss: the mean loss of the samples; `nil` where none was run.
  ///   - sampleCount: samples run.
  ///   - accuracy: the share of them classified as labelled; `nil` without class labels.
  /// - Throws: `SensitivityError` when a score is not finite.
  public init(
    scores: ChannelScores, meanLoss: Double? = nil, sampleCount: Int = 0, accuracy: Double? = nil
  ) throws(SensitivityError) {
    guard (scores.layers + scores.groups).joined().allSatisfy(\.isFinite) else {
      throw SensitivityError("a score is infinite or not a number, though everything that it is made from is finite")
    }
    layers = scores.layers
    groups = scores.groups
    errors = scores.groups.map { [Double](repeating: 0, count: $0.count) }
    slopes = []
    self.meanLoss = meanLoss
    self.sampleCount = sampleCount
    self.accuracy = accuracy
  }

  /// Adds up shards in the order given, which has to be the plan's order for the bytes to be the same.
  /// - Throws: `SensitivityError` when there is no sample, or when a sensitivity is not finite.
  public init(
    adding shards: [ShardTable], _ layout: SensitivityLayout, _ criterion: TaylorCriterion, hasClasses: Bool
  ) throws(SensitivityError) {
    var whole = ShardTable(layout, criterion)
    for shard in shards { whole.append(shard) }
    guard whole.valueCount > 0 else { throw SensitivityError("no sample was run") }
    var values = whole.sums.indices.map { place in
      criterion.sensitivity(
        sum: whole.sums[place], squares: whole.squares.isEmpty ? 0 : whole.squares[place], count: whole.valueCount)
    }
    if case .first(let first) = criterion, first.groupReduction == .sumOfAbsolutes {
      for place in layout.units { values[place] = 0 }
      for (places, units) in zip(layout.layers, layout.unitPlaces) {
        for case (let place, let unit?) in zip(places, units) { values[unit] += values[place] }
      }
    }
    let share = criterion.share(of: layout.layers.joined().reduce(0) { $0 + values[$1] })
    if let share { for place in values.indices { values[place] *= share } }
    guard values.allSatisfy(\.isFinite) else {
      throw SensitivityError("a sensitivity is infinite or not a number, though every loss was finite")
    }
    layers = layout.layers.map { Array(values[$0]) }
    groups = layout.groups.map { Array(values[$0]) }
    var deviations = Self.errors(of: shards, whole, layout, criterion)
    if let share { for place in deviations.indices { deviations[place] *= share } }
    errors = layout.groups.map { Array(deviations[$0]) }
    let count = Double(whole.valueCount)
    if case .second = criterion { slopes = layout.units.map { -(whole.sums[$0] / count) } } else { slopes = [] }
    meanLoss = whole.lossSum / Double(whole.sampleCount)
    sampleCount = whole.sampleCount
    accuracy = hasClasses ? Double(whole.correctCount) / Double(whole.sampleCount) : nil
  }
}

extension SensitivityTable {
  /// Per group the sensitivity of each unit at the upper end of its error bar: what all but one in twenty samples of the
  /// same size would stay below.
  public var upperGroups: [[Double]] { Self.upperEnds(groups, errors) }

  /// Sensitivities at the upper ends of error bars that are given by standard errors.
  public static func upperEnds(_ groups: [[Double]], _ errors: [[Double]]) -> [[Double]] {
    zip(groups, errors).map { values, errors in zip(values, errors).map { $0 + upperQuantile * $1 } }
  }

  /// Of the standard normal distribution, at 0.95.
  private static let upperQuantile = 1.6448536269514722

  /// Per place the standard error of a ratio of sums over shards (Cochran 1977, section 2.11): with x the shards' sums, n
  /// their counts and v = Σx ÷ Σn, √(S ÷ (S − 1) · Σ (x − n·v)²) ÷ Σn.
  private static func errors(
    of shards: [ShardTable], _ whole: ShardTable, _ layout: SensitivityLayout, _ criterion: TaylorCriterion
  ) -> [Double] {
    // What a place's value is the sum of: itself, or for units whose layers are reduced one by one their channels.
    var parts = (0..<layout.count).map { [$0] }
    if case .first(let first) = criterion, first.groupReduction == .sumOfAbsolutes {
      for place in layout.units { parts[place] = [] }
      for (places, units) in zip(layout.layers, layout.unitPlaces) {
        for case (let place, let unit?) in zip(places, units) { parts[unit].append(place) }
      }
    }
    let total = Double(whole.valueCount)
    let correction = shards.count > 1 ? Double(shards.count) / Double(shards.count - 1) : 0
    let factor = criterion.factor
    return parts.map { parts in
      func value(_ table: ShardTable) -> Double {
        parts.reduce(0) { sum, place in
          // |Σ| of several channels is linear about their signs.
          let size = whole.sums[place] < 0 ? -table.sums[place] : table.sums[place]
          return sum + (table.squares.isEmpty ? size * factor : 0.5 * table.squares[place] - table.sums[place])
        }
      }
      let mean = value(whole) / total
      var sum = 0.0
      for shard in shards {
        let difference = value(shard) - Double(shard.valueCount) * mean
        sum += difference * difference
      }
      return (correction * sum).squareRoot() / total
    }
  }
}

/// Why there is no table.
public struct SensitivityError: Error, Hashable, CustomStringConvertible {
  /// What is wrong.
  public let description: String

  /// What is wrong.
  public init(_ description: String) { self.description = description }
}
