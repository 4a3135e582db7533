import Allocation
import ArrayFiles
import Channels
import Configuration
import Foundation
import ProgramRuns
import Testing

@testable import Search

/// The loss of sets as a search keeps it: its file, and the numbers that the solver gets.
struct StoredSetLossTests {
  private let structure: ChannelStructure
  private let unitCount: Int

  init() throws {
    structure = try BranchedNetwork().structure
    unitCount = structure.groups.reduce(0) { $0 + $1.unitCount }
  }

  private static func sensitivity(_ json: String) throws -> SearchConfiguration.Sensitivity {
    let text = """
      {"model": "m", "calibration": {"inputs": "x"}, "target": {"compression_ratio": 2},
       "sensitivity": \(json)}
      """
    return try SearchConfiguration(parsing: Array(text.utf8), file: "c.json").sensitivity
  }

  /// Rows whose first units are given and whose others are 0.
  private func rows(_ units: [[Float]]) -> [Float] {
    units.flatMap { $0 + [Float](repeating: 0, count: unitCount - $0.count) }
  }

  private func slopes(_ first: [Double]) -> [Double] {
    first + [Double](repeating: 0, count: unitCount - first.count)
  }

  /// Two samples of two labels each.
  private var weighted: StoredSetLoss {
    StoredSetLoss(
      rows: rows([[1, 2, 0], [-1, 0, 3], [0.5, -2, 1], [2, 2, 2]]), losses: [], slopes: slopes([0.25, -1, 4]),
      sampleCount: 2, labelsPerSample: 2, isSketch: false)
  }

  /// Two samples of two classes each, of probabilities that add up to 1 for the second alone.
  private var plain: StoredSetLoss {
    StoredSetLoss(
      rows: rows([[1, 2], [-1, 0], [0.5, -2], [-0.5, 2]]), losses: [0.5, 0.25, 0.5, 0.5].map { -log($0) },
      slopes: slopes([0.25, -1]), sampleCount: 2, labelsPerSample: 2, isSketch: false)
  }

  @Test func `the quadratic form is half the mean square of the sums, by hand`() throws {
    let loss = try weighted.setLoss(structure, Self.sensitivity(#"{"order": 2, "damping": 0}"#))
    #expect(loss.unitCounts == structure.groups.map(\.unitCount))
    // Weights are one over the samples; labels have their share in their rows.
    #expect(loss.value(removing: []) == 0)
    #expect(loss.value(removing: [0]) == 0.25 * (1 + 1 + 0.25 + 4))
    #expect(loss.value(removing: [1]) == 0.25 * (4 + 0 + 4 + 4))
    // Units 0 and 1 together shift by 3, −1, −1½ and 4.
    #expect(loss.value(removing: [0, 1]) == 0.25 * (9 + 1 + 2.25 + 16))
    #expect(loss.value(removing: [2, 5]) == 0.25 * (0 + 9 + 1 + 4))
  }

  @Test(arguments: [0.0, 1, 8])
  func `damping counts every unit's own square again, and the first derivative counts where it is asked for`(
    _ damping: Double
  ) throws {
    func linear(_ more: String) throws -> [Double] {
      try weighted.setLoss(structure, Self.sensitivity(#"{"order": 2, "damping": \#(damping)\#(more)}"#)).linear
    }
    // Mean squares over two samples: 6¼, 12 and 14, halved.
    let squares = [3.125, 6, 7]
    #expect(try Array(linear("").prefix(4)) == squares.map { damping * $0 } + [0])
    #expect(
      try Array(linear(#", "first_order": true"#).prefix(4))
        == zip(squares, [0.25, -1, 4]).map { damping * $0 + $1 } + [0])
  }

  @Test func `a sample that counts twice is a sample that is there twice`() throws {
    let sensitivity = try Self.sensitivity(#"{"order": 2}"#)
    let twice = StoredSetLoss(
      rows: weighted.rows + weighted.rows.suffix(2 * unitCount), losses: [], slopes: weighted.slopes, sampleCount: 3,
      labelsPerSample: 2, isSketch: false)
    let resampled = try weighted.setLoss(structure, sensitivity, sampleWeights: [1, 2])
    let whole = try twice.setLoss(structure, sensitivity)
    for set in [[0], [1, 2], [0, 1, 2]] {
      #expect(abs(resampled.value(removing: set) - whole.value(removing: set)) < 1e-12)
    }
    let first = try weighted.setLoss(structure, sensitivity, sampleWeights: [2, 0])
    let alone = StoredSetLoss(
      rows: Array(weighted.rows.prefix(2 * unitCount)), losses: [], slopes: weighted.slopes, sampleCount: 1,
      labelsPerSample: 2, isSketch: false)
    #expect(
      abs(try first.value(removing: [0, 2]) - alone.setLoss(structure, sensitivity).value(removing: [0, 2])) < 1e-12)
  }

  /// log Σ exp(z_c + y_c) − Σ p_c·y_c of one sample, z being log p.
  private static func crossEntropy(_ shares: [Double], _ shifts: [Double]) -> Double {
    log(zip(shares, shifts).reduce(0) { $0 + $1.0 * exp($1.1) }) - zip(shares, shifts).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test func `with all classes the loss is the cross-entropy of the shifted logits`() throws {
    let second = StoredSetLoss(
      rows: Array(plain.rows.suffix(2 * unitCount)), losses: [0.5, 0.5].map { -log($0) }, slopes: plain.slopes,
      sampleCount: 1, labelsPerSample: 2, isSketch: false)
    let loss = try second.setLoss(structure, Self.sensitivity(#"{"order": 2, "set_loss": "logits"}"#))
    guard case .softmax(let classes, _, let targets, let weights) = loss.form else {
      Issue.record("no softmax")
      return
    }
    #expect(classes == 2 && weights == [1])
    #expect(targets.allSatisfy { abs($0 - 0.5) < 1e-15 })
    for (set, shifts) in [([0], [0.5, -0.5]), ([1], [-2, 2]), ([0, 1], [-1.5, 1.5])] {
      // Sums of few float32 terms of about 1.
      #expect(abs(loss.value(removing: set) - Self.crossEntropy([0.5, 0.5], shifts)) < 1e-6, "\(set)")
    }
  }

  /// A sample of five classes, two units, and what these shift the logits by.
  private static let shares = [0.4, 0.25, 0.2, 0.1, 0.05]

  /// What a search keeps of the `count` most probable classes: t_c = d_c − Σ p·d, the change of log p_c.
  private func ranked(_ shifts: [[Double]], count: Int) -> StoredSetLoss {
    let columns = shifts.map { shift -> [Float] in
      let mean = zip(Self.shares, shift).reduce(0) { $0 + $1.0 * $1.1 }
      return shift.map { Float($0 - mean) }
    }
    return StoredSetLoss(
      rows: rows((0..<count).map { row in columns.map { $0[row] } }),
      losses: Self.shares.prefix(count).map { -log($0) }, slopes: slopes([]), sampleCount: 1, labelsPerSample: count,
      isSketch: false)
  }

  @Test(arguments: [2, 3, 4])
  func `classes without a row that move alike are one class, exactly`(_ count: Int) throws {
    let sensitivity = try Self.sensitivity(#"{"order": 2, "set_loss": "logits"}"#)
    let shifts = [[0.3, -0.5], [1, 0.25]].map { $0 + [Double](repeating: 0.125, count: 3) }
    let all = try ranked(shifts, count: 5).setLoss(structure, sensitivity)
    let few = try ranked(shifts, count: count).setLoss(structure, sensitivity)
    for set in [[0], [1], [0, 1]] {
      let sum = (0..<5).map { row in set.reduce(0) { $0 + shifts[$1][row] } }
      let exact = Self.crossEntropy(Self.shares, sum)
      #expect(abs(all.value(removing: set) - exact) < 1e-6)
      #expect(abs(few.value(removing: set) - exact) < 1e-6, "\(set)")
    }
  }

  @Test(arguments: [1, 2, 3, 4])
  func `the class of the rest moves as the logarithm of its probability does, to first order`(_ count: Int) throws {
    let shifts = [[0.5, -1, 2, 0.25, -3], [1, 1, -1, 2, 0.5]]
    let loss = try ranked(shifts, count: count).setLoss(
      structure, Self.sensitivity(#"{"order": 2, "set_loss": "logits"}"#))
    for (unit, shift) in shifts.enumerated() {
      func rest(_ step: Double) -> Double {
        let weights = zip(Self.shares, shift).map { $0 * exp(step * $1) }
        return log(weights.dropFirst(count).reduce(0, +) / weights.reduce(0, +))
      }
      let derivative = (rest(1e-4) - rest(-1e-4)) / 2e-4
      let column = loss.columns[unit * loss.rowCount + count]
      #expect(abs(Double(column) - derivative) < 1e-6 * max(1, abs(derivative)))
    }
  }

  @Test func `damping of logits counts a class by its probability`() throws {
    let loss = try plain.setLoss(structure, Self.sensitivity(#"{"order": 2, "set_loss": "logits", "damping": 2}"#))
    guard case .softmax(let classes, let logarithms, let targets, let weights) = loss.form else {
      Issue.record("no softmax")
      return
    }
    #expect(classes == 3 && weights == [0.5, 0.5])
    #expect(zip(targets, [0.5, 0.25, 0.25, 0.5, 0.5, 0]).allSatisfy { abs($0 - $1) < 1e-15 })
    #expect(abs(logarithms[2] - log(0.25)) < 1e-15)
    #expect(logarithms[5] < -500, "nothing is left of the second sample")
    // Of sample 0 the rest moves by −(½·1 − ¼·1) ÷ ¼ = −1 and −(½·2) ÷ ¼ = −4.
    let squares = [
      0.5 * (0.5 + 0.25 + 0.25) + 0.5 * (0.5 * 0.25 + 0.5 * 0.25),
      0.5 * (0.5 * 4 + 0.25 * 16) + 0.5 * (0.5 * 4 + 0.5 * 4),
    ]
    for (found, expected) in zip(loss.linear, squares) { #expect(abs(found - 2 * expected) < 1e-6) }
    for set in [[0], [1], [0, 1]] {
      let shifts = [[1.0, -1, -1], [2, 0, -4]]
      let first = (0..<3).map { row in set.reduce(0) { $0 + shifts[$1][row] } }
      let second = (0..<2).map { row in set.reduce(0) { $0 + [[0.5, -0.5], [-2, 2]][$1][row] } }
      let expected =
        0.5 * (Self.crossEntropy([0.5, 0.25, 0.25], first) + Self.crossEntropy([0.5, 0.5], second))
        + set.reduce(0) { $0 + 2 * squares[$1] }
      #expect(abs(loss.value(removing: set) - expected) < 1e-5, "\(set)")
    }
  }

  @Test func `the file gives back every number`() throws {
    let folder = try TemporaryFolder()
    // A sketch: fewer rows than samples.
    let sketch = StoredSetLoss(
      rows: rows([[1, 2], [3, 4]]), losses: [], slopes: slopes([1]), sampleCount: 100, labelsPerSample: 1,
      isSketch: true)
    for (index, stored) in [weighted, plain, sketch].enumerated() {
      let path = folder.file("\(index).npz")
      try NumPyArchive.write(stored.arrays, to: path)
      let again = try StoredSetLoss(reading: path, for: structure)
      #expect(again.rows == stored.rows && again.losses == stored.losses && again.slopes == stored.slopes)
      #expect(again.sampleCount == stored.sampleCount && again.labelsPerSample == stored.labelsPerSample)
      #expect(again.isSketch == stored.isSketch)
    }
  }

  /// A change of a sound file, and what the error says behind the file's name.
  private static let damages: [(text: String, isPlain: Bool, change: @Sendable (inout [String: NumPyArray]) -> Void)] =
    [
      ("has no array 'rows'", true, { $0["rows"] = nil }), ("has no array 'losses'", true, { $0["losses"] = nil }),
      ("has no array 'slopes'", true, { $0["slopes"] = nil }), ("has no array 'counts'", true, { $0["counts"] = nil }),
      ("the network has", true, { $0["slopes"] = NumPyArray(.doubles([1, 2])) }),
      ("expected samples, labels of each", true, { $0["counts"] = NumPyArray(.int64s([2, 2])) }),
      ("expected samples, labels of each", true, { $0["counts"] = NumPyArray(.int64s([2, 2, 0, 0])) }),
      ("expected samples, labels of each", true, { $0["counts"] = NumPyArray(.int64s([2, 0, 0])) }),
      ("expected samples, labels of each", true, { $0["counts"] = NumPyArray(.int64s([-2, -2, 0])) }),
      ("expected samples, labels of each", true, { $0["counts"] = NumPyArray(.int64s([2, 2, 2])) }),
      ("expected samples, labels of each", true, { $0["counts"] = NumPyArray(.int64s([.max, .max, 0])) }),
      ("4 rows and 'losses' 4 numbers for 3 samples", true, { $0["counts"] = NumPyArray(.int64s([3, 2, 0])) }),
      ("4 rows and 'losses' 4 numbers", true, { $0["counts"] = NumPyArray(.int64s([4, 1, 1])) }),
      ("4 rows and 'losses' 0 numbers", false, { $0["counts"] = NumPyArray(.int64s([2, 2, 1])) }),
      ("4 rows and 'losses' 3 numbers", true, { $0["losses"] = NumPyArray(.doubles([1, 1, 1])) }),
      ("4 rows and 'losses' 0 numbers for 3 samples", false, { $0["counts"] = NumPyArray(.int64s([3, 2, 0])) }),
      ("4 rows and 'losses' 0 numbers for 1 samples", false, { $0["counts"] = NumPyArray(.int64s([1, 2, 0])) }),
      ("not finite, or a negative loss", true, { $0["losses"] = NumPyArray(.doubles([1, 1, 1, .infinity])) }),
      ("not finite, or a negative loss", true, { $0["losses"] = NumPyArray(.doubles([1, 1, 1, -1])) }),
      ("expected rows of", true, { $0["rows"] = NumPyArray(.floats([1, 2, 3])) }),
      ("expected rows of", true, { $0["rows"] = NumPyArray(shape: [2, 2], .floats([1, 2, 3, 4])) }),
      (
        "not finite", true,
        { arrays in
          guard let rows = arrays["rows"], case .floats(var values) = rows.elements else { return }
          values[3] = .nan
          arrays["rows"] = NumPyArray(shape: rows.shape, .floats(values))
        }
      ),
      (
        "not finite", true,
        { arrays in
          guard case .doubles(var values)? = arrays["slopes"]?.elements else { return }
          values[0] = .infinity
          arrays["slopes"] = NumPyArray(.doubles(values))
        }
      ),
      (
        "0 rows", false,
        { arrays in arrays["rows"] = NumPyArray(shape: [0, arrays["rows"]?.shape[1] ?? 0], .floats([])) }
      ),
    ]

  @Test(arguments: damages.indices)
  func `a damaged file is one clear error that names it`(_ index: Int) throws {
    let damage = Self.damages[index]
    let folder = try TemporaryFolder()
    var arrays = Dictionary(
      uniqueKeysWithValues: (damage.isPlain ? plain : weighted).arrays.map { ($0.name, $0.array) })
    damage.change(&arrays)
    let path = folder.file("set_loss.npz")
    try NumPyArchive.write(arrays.sorted { $0.key < $1.key }.map { (name: $0.key, array: $0.value) }, to: path)
    let error = #expect(throws: SearchError.self) { try StoredSetLoss(reading: path, for: structure) }
    #expect(error?.kind == .badContent)
    #expect(error?.description.hasPrefix("\(path): ") == true)
    #expect(error?.description.contains(damage.text) == true, "\(String(describing: error))")
    #expect(error?.description.contains("\n") == false)
  }

  @Test(arguments: [0, 1, 100, 300])
  func `a file cut short is no archive`(_ length: Int) throws {
    let folder = try TemporaryFolder()
    let path = folder.file("set_loss.npz")
    try NumPyArchive.write(plain.arrays, to: path)
    _ = try folder.write(try folder.contents(of: "set_loss.npz").prefix(length), as: "set_loss.npz")
    let error = #expect(throws: ArrayFileError.self) { try StoredSetLoss(reading: path, for: structure) }
    #expect(error.map { "\($0)" }?.contains(path) == true)
  }
}
