import Configuration
import Execution
import Networks
import Sensitivity
import Surgery
import WorkSharing

/// All that the results of a search's pieces of work depend on, but for their samples.
///
/// What is chosen by measurements is no part of it, nor are data that were not used: a search for another target, or with
/// more samples, finds what an earlier one has measured.
struct MeasurementBasis: Hashable, Sendable {
  /// The key of all of it.
  let key: PieceKey

  /// What holds for whatever is measured of a model.
  /// - Parameters:
  ///   - kind: what is measured.
  ///   - model: the model's files.
  ///   - executor: library, version and instruction set: other kernels give other last bits.
  private init(_ kind: String, model: [FileDigest], executor: String, _ parts: [String]) {
    key = PieceKey([kind, ProductVersion.text, executor, String(model.count)] + model.map(\.sha256) + parts)
  }

  /// The basis of sensitivities.
  /// - Parameter removed: by group the units that earlier steps have removed; empty for none.
  init(
    ofTables preparation: Preparation, model: [FileDigest], executor: String, without removed: [[Int]]
  ) {
    let configuration = preparation.configuration
    var parts = [
      "batch \(preparation.plan.batches[0].count)", "run \(preparation.runSize)", configuration.loss.rawValue,
    ]
    parts += preparation.criterion.identity
    parts += preparation.rows?.identity ?? ["no rows"]
    parts += [
      MeasurementBasis.list(preparation.layout.layers.map(\.count)),
      MeasurementBasis.list(preparation.layout.groups.map(\.count)),
    ]
    parts += MeasurementBasis.list(preparation.sampleShapes)
    if removed.contains(where: { !$0.isEmpty }) { parts += removed.map(MeasurementBasis.list) }
    self.init("sensitivities", model: model, executor: executor, parts)
  }

  /// The basis of what networks do that were repaired.
  /// - Parameter configuration: says how they are repaired.
  init(
    ofRepairs configuration: SearchConfiguration, runSize: Int, shapes: [String: [Int]], model: [FileDigest],
    executor: String
  ) {
    self.init(
      "repairs", model: model, executor: executor,
      [
        ResponseProducts.library, "batch \(configuration.batchSize)", "run \(runSize)",
        configuration.loss.rawValue, configuration.canonicalJSON["repair"]?.text() ?? "",
      ] + MeasurementBasis.list(shapes))
  }

  /// The basis of what is computed of the weights.
  init(ofWeights model: [FileDigest]) { self.init("weights", model: model, executor: "", []) }

  /// The basis of what changed networks do on samples.
  init(of subject: VariantSubject, model: [FileDigest]) {
    self.init(
      "variants", model: model, executor: subject.backend.description,
      ["run \(subject.network.batchSize)", subject.configuration.loss.rawValue]
        + MeasurementBasis.list(subject.data.sampleShapes))
  }

  /// The key of a table, or of what else is measured shard by shard.
  /// - Parameters:
  ///   - what: tells it from other things of this basis.
  ///   - samples: their range: numbers are drawn by it, and batches end where it does.
  ///   - digest: of these samples.
  func key(_ what: [String] = [], of samples: Range<Int>, _ digest: PieceKey) -> PieceKey {
    key.appending([String(what.count)] + what + [MeasurementBasis.text(samples), digest.description])
  }

  /// The key of what a changed network does on some samples.
  /// - Parameter pieces: ranges that are evaluated one by one, each with its digest.
  func key(of variant: NetworkVariant, on pieces: [(samples: Range<Int>, digest: PieceKey)]) -> PieceKey {
    key(variant.identity, on: pieces)
  }

  /// The key of what is measured of several pieces together.
  /// - Parameters:
  ///   - what: tells it from other things of this basis.
  ///   - pieces: ranges that run one by one, each with its digest.
  func key(_ what: [String], on pieces: [(samples: Range<Int>, digest: PieceKey)]) -> PieceKey {
    key.appending(
      [String(what.count)] + what
        + pieces.flatMap { [MeasurementBasis.text($0.samples), $0.digest.description] })
  }

  /// The key of the distances of some filters of a layer.
  func key(of layer: String, filters: Range<Int>) -> PieceKey {
    key.appending(["filter distances", layer, MeasurementBasis.text(filters)])
  }

  private static func text(_ samples: Range<Int>) -> String { "\(samples.lowerBound) to \(samples.upperBound)" }

  /// The extents of samples: their bytes alone do not tell them.
  private static func list(_ shapes: [String: [Int]]) -> [String] {
    [String(shapes.count)] + shapes.sorted { $0.key < $1.key }.flatMap { [$0.key, list($0.value)] }
  }

  static func list(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: " ") }
}

extension NetworkVariant {
  /// The change in texts that no other change has, down to the last bit of a number.
  var identity: [String] {
    switch self {
    case .original: ["original"]
    case .masking(let removed):
      ["masking"] + removed.sorted { $0.key < $1.key }.flatMap { [$0.key, MeasurementBasis.list($0.value)] }
    case .quantizingWeights(let layer, let bits): ["weights", layer, String(bits)]
    case .quantizingInput(let layer, let grid):
      [
        "input", layer, String(grid.scale.bitPattern, radix: 16), String(grid.steps.lowerBound),
        String(grid.steps.upperBound),
      ]
    }
  }
}

extension TaylorCriterion {
  /// The criterion in texts that no other criterion has.
  fileprivate var identity: [String] {
    switch self {
    case .first(let first):
      ["first", first.reduction.rawValue, first.level.rawValue, first.groupReduction.rawValue, first.site.rawValue]
    case .second(.fisher): ["second", "fisher"]
    case .second(.drawn(let count, let seed, let positions)):
      ["second", "drawn", String(count), String(seed), String(positions)]
    case .second(.ranked(let count)): ["second", "ranked", String(count)]
    }
  }
}

extension UnitRows.Form {
  /// The form in texts that no other form has.
  fileprivate var identity: [String] {
    switch self {
    case .weighted(let perShard): ["weighted", String(perShard)]
    case .plain(let perShard): ["plain", String(perShard)]
    case .sketch(let rows, let seed): ["sketch", String(rows), String(seed)]
    }
  }
}
