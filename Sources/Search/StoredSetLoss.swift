import Allocation
import ArrayFiles
package import Channels
import Configuration

import Glibc

/// What the loss of sets of units is made of, as a search measures and keeps it: the content of `set_loss.npz`.
package struct StoredSetLoss {
  /// What a search calls the file.
  static let fileName = "set_loss.npz"

  /// t′ of every sample and label, row-major: samples, their labels, units group after group.
  let rows: [Float]
  /// Per row the loss of its sample with its label; empty where rows are weighted by it already.
  let losses: [Double]
  /// Per unit −mean t with the data's labels.
  let slopes: [Double]
  /// Samples that counted.
  let sampleCount: Int
  /// Rows of one sample.
  let labelsPerSample: Int
  /// Whether the rows are sums over all samples.
  let isSketch: Bool

  /// The predicted loss of sets.
  /// - Parameters:
  ///   - sampleWeights: how often each sample counts, for a resample; `nil` for once each.
  ///   - slopes: those of the resample; `nil` for those of all samples.
  /// - Throws: `AllocationError` when a number is not finite.
  func setLoss(
    _ structure: ChannelStructure, _ configuration: SearchConfiguration.Sensitivity, sampleWeights: [Double]? = nil,
    slopes resampled: [Double]? = nil
  ) throws(AllocationError) -> SetLoss {
    let counts = structure.groups.map(\.unitCount)
    let total = sampleWeights?.reduce(0, +) ?? Double(sampleCount)
    func weight(_ sample: Int) -> Double { (sampleWeights?[sample] ?? 1) / total }
    let rowCount = slopes.isEmpty ? 0 : rows.count / slopes.count
    guard !losses.isEmpty else {
      let weights = (0..<rowCount).map { weight($0 / labelsPerSample) }
      let columns = columns(count: labelsPerSample, rest: nil)
      return try SetLoss(
        unitCounts: counts, columns: columns, linear: linear(configuration, columns, weights, resampled ?? slopes),
        form: .quadratic(weights: weights))
    }
    let rest = restWeights
    let classes = labelsPerSample + (rest == nil ? 0 : 1)
    var logProbabilities: [Double] = []
    for sample in 0..<sampleCount {
      logProbabilities += losses[sample * labelsPerSample..<(sample + 1) * labelsPerSample].map { -$0 }
      if let rest { logProbabilities.append(rest[sample] > 0 ? log(rest[sample]) : StoredSetLoss.impossible) }
    }
    let (columns, targets) = (columns(count: classes, rest: rest), targets(logProbabilities, classes))
    let weights = (0..<sampleCount).map(weight)
    let rowWeights = targets.indices.map { targets[$0] * weights[$0 / classes] }
    return try SetLoss(
      unitCounts: counts, columns: columns, linear: linear(configuration, columns, rowWeights, resampled ?? slopes),
      form: .softmax(classes: classes, logProbabilities: logProbabilities, targets: targets, weights: weights))
  }

  /// Per unit what is linear in its removal: the first derivative, and the damping of its own square.
  ///
  /// A gate that is 0 or 1 is its own square, so a diagonal is linear. It keeps the search from sets whose units undo each
  /// other's effect to first order, which a repair of the weights would not preserve.
  private func linear(
    _ configuration: SearchConfiguration.Sensitivity, _ columns: [Float], _ weights: [Double], _ slopes: [Double]
  ) -> [Double] {
    slopes.indices.map { unit in
      var sum = 0.0
      for row in weights.indices {
        let value = Double(columns[unit * weights.count + row])
        sum += weights[row] * value * value
      }
      return configuration.damping * sum + (configuration.firstOrder ? slopes[unit] : 0)
    }
  }

  /// The log-probability of a class that does not occur.
  private static let impossible = -700.0
  /// What less is left of a sample's probability counts as nothing: its derivative would be a quotient of rounding errors.
  private static let leastRest = 1e-6

  /// Per sample the probability of the classes that have no row, where some have none.
  private var restWeights: [Double]? {
    let rests = (0..<sampleCount).map { sample in
      1 - losses[sample * labelsPerSample..<(sample + 1) * labelsPerSample].reduce(0) { $0 + exp(-$1) }
    }
    guard rests.contains(where: { $0 > StoredSetLoss.leastRest }) else { return nil }
    return rests.map { $0 > StoredSetLoss.leastRest ? $0 : 0 }
  }

  /// The network's own prediction, whose change is what is to be small.
  private func targets(_ logProbabilities: [Double], _ classes: Int) -> [Double] {
    var targets = logProbabilities.map { exp($0) }
    for start in stride(from: 0, to: targets.count, by: classes) {
      let sum = targets[start..<start + classes].reduce(0, +)
      for place in start..<start + classes { targets[place] /= sum }
    }
    return targets
  }

  /// The rows by unit.
  /// - Parameters:
  ///   - count: rows per sample, with the one for the classes without a row.
  ///   - rest: the probability of these, per sample. As Σ_c p_c·∂log p_c = 0 over all classes, theirs is −Σ p_c·t_c ÷ rest.
  private func columns(count: Int, rest: [Double]?) -> [Float] {
    let (units, given) = (slopes.count, labelsPerSample)
    guard units > 0, !rows.isEmpty else { return [] }
    let samples = rows.count / (units * given)
    var columns = [Float](repeating: 0, count: units * samples * count)
    columns.withUnsafeMutableBufferPointer { columns in
      rows.withUnsafeBufferPointer { rows in
        for sample in 0..<samples {
          for label in 0..<given {
            let source = (sample * given + label) * units
            let target = sample * count + label
            for unit in 0..<units { columns[unit * samples * count + target] = rows[source + unit] }
          }
          guard let rest, rest[sample] > 0 else { continue }
          let probabilities = losses[sample * given..<(sample + 1) * given].map { exp(-$0) }
          for unit in 0..<units {
            var sum = 0.0
            for label in 0..<given {
              sum += probabilities[label] * Double(rows[(sample * given + label) * units + unit])
            }
            columns[unit * samples * count + sample * count + given] = Float(-sum / rest[sample])
          }
        }
      }
    }
    return columns
  }
}

extension SetLoss {
  /// What of a plan's loss is the damping: it guides the choice and predicts nothing.
  func damping(
    of plan: AllocationPlan, _ configuration: SearchConfiguration.Sensitivity, _ slopes: [Double]
  ) -> Double {
    guard configuration.damping > 0 else { return 0 }
    var (sum, first) = (0.0, 0)
    for choice in plan.choices {
      // Units that have gone before have columns of 0, and so no damping.
      for unit in choice.removed {
        sum += linear[first + unit] - (configuration.firstOrder ? slopes[first + unit] : 0)
      }
      first += choice.unitCount
    }
    return sum
  }
}

extension StoredSetLoss {
  /// The file's arrays.
  var arrays: [(name: String, array: NumPyArray)] {
    [
      ("rows", NumPyArray(shape: [slopes.isEmpty ? 0 : rows.count / slopes.count, slopes.count], .floats(rows))),
      ("losses", NumPyArray(.doubles(losses))), ("slopes", NumPyArray(.doubles(slopes))),
      ("counts", NumPyArray(.int64s([Int64(sampleCount), Int64(labelsPerSample), isSketch ? 1 : 0]))),
    ]
  }

  /// Reads what a search has left.
  /// - Throws: when the file cannot be read, or is not of this network.
  package init(reading path: String, for structure: ChannelStructure) throws {
    let archive = try NumPyArchive(path)
    func wrong(_ problem: String) -> SearchError { SearchError(.badContent, file: path, problem) }
    let names = Set(archive.names)
    func array(_ name: String) throws -> ArrayFile {
      guard names.contains(name) else { throw wrong("has no array '\(name)'") }
      return try archive.array(named: name)
    }
    // Shapes come before elements: what a file says of itself is not worth reading it for.
    let units = structure.groups.reduce(0) { $0 + $1.unitCount }
    let slopeArray = try array("slopes")
    guard slopeArray.shape == [units] else {
      throw wrong("'slopes' has shape \(slopeArray.shape), the network has \(units) units: it is of another network")
    }
    slopes = try slopeArray.doubles()
    let meaning = "expected samples, labels of each, and 1 for a sketch, else 0"
    let countArray = try array("counts")
    guard countArray.shape == [3] else { throw wrong("'counts' has shape \(countArray.shape), \(meaning)") }
    let counts = try countArray.int64s()
    guard (1...StoredSetLoss.mostRows).contains(counts[0]),
      (1...StoredSetLoss.mostRows).contains(counts[1]), (0...1).contains(counts[2])
    else { throw wrong("'counts' is \(counts), \(meaning)") }
    let (samples, labels) = (Int(counts[0]), Int(counts[1]))
    isSketch = counts[2] == 1
    let table = try array("rows")
    guard table.shape.count == 2, table.shape[1] == units else {
      throw wrong("'rows' has shape \(table.shape), expected rows of \(units) numbers")
    }
    let lossArray = try array("losses")
    guard lossArray.shape.count == 1, lossArray.sampleCount <= table.shape[0] else {
      throw wrong("'losses' has shape \(lossArray.shape), expected one axis of at most \(table.shape[0])")
    }
    losses = try lossArray.doubles()
    guard isSketch ? labels == 1 && losses.isEmpty && table.shape[0] > 0 : table.shape[0] == samples * labels,
      losses.isEmpty || losses.count == table.shape[0]
    else {
      throw wrong("'rows' has \(table.shape[0]) rows and 'losses' \(losses.count) numbers for \(samples) samples")
    }
    rows = try table.floats()
    (sampleCount, labelsPerSample) = (samples, labels)
    guard rows.allSatisfy(\.isFinite), slopes.allSatisfy(\.isFinite), losses.allSatisfy({ $0.isFinite && $0 >= -1e-6 })
    else { throw wrong("has a number that is not finite, or a negative loss") }
  }

  private static let mostRows: Int64 = 1 << 31
}
