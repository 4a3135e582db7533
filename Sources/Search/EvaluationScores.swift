import Allocation
import ArrayFiles
package import Configuration

/// Measured scores of a network with one channel group pruned at a time: the content of `eval_scores.json`.
///
/// A score is known by what it depends on: the basis, the group, and the units that went. The file has
/// - `format_version`, 1;
/// - `basis`: `model_sha256` and `data_sha256`, lists of the files' digests; `samples`, `loss`, and by network input its
///   `name`, `array` and `preprocessing`, as far as they are given;
/// - `original`: `loss`, the mean over the samples, and `accuracy`, `null` without classes, of the whole network;
/// - `groups`: of each its number in `group`, its first `layer`, its `units`, the `order` in which units go, and `scores`:
///   by `kept` count, descending, the `loss` and the `accuracy` without the first units − kept of that order.
package struct EvaluationScores {
  /// What a search calls the file.
  static let fileName = "eval_scores.json"

  /// One group's scores.
  struct Group: Equatable {
    /// Index into the groups of the network.
    let number: Int
    /// Its first layer.
    let layer: String
    /// How many units it has.
    let units: Int
    /// The units in the order in which they go.
    let order: [Int]
    /// Scores by kept count.
    var scores: [Int: VariantScore]
  }

  let basis: EvaluationBasis
  /// The score of the whole network; `nil` until it is measured.
  var original: VariantScore?
  /// By group of the network; those of no candidates have no scores.
  private(set) var groups: [Group]

  /// No scores yet.
  init(_ basis: EvaluationBasis, _ problem: AllocationProblem) {
    self.basis = basis
    groups = problem.groups.enumerated().map { index, group in
      Group(number: index, layer: group.name, units: group.unitCount, order: group.removalOrder, scores: [:])
    }
  }

  /// The score of a group at a kept count.
  subscript(group: Int, kept: Int) -> VariantScore? {
    get { groups[group].scores[kept] }
    set { groups[group].scores[kept] = newValue }
  }

  /// What `take` found.
  struct Taken: Equatable {
    /// Scores taken over.
    var used = 0
    /// Scores of other channels than would go now: they are measured anew.
    var ofOtherChannels = 0
  }

  /// Takes over the scores of a file, as far as the same channels go.
  ///
  /// - Throws: `SearchError` when the file has another basis, or groups that the network has not.
  mutating func take(_ stored: Stored) throws -> Taken {
    if let difference = basis.difference(to: stored.basis) {
      throw SearchError(
        .badContent, file: stored.file, "$.basis: \(difference): these are scores of another model or other data")
    }
    var taken = Taken()
    original = stored.original ?? original
    for group in stored.groups {
      guard groups.indices.contains(group.number), groups[group.number].layer == group.layer,
        groups[group.number].units == group.units
      else {
        throw SearchError(
          .badContent, file: stored.file,
          "group \(group.number) of '\(group.layer)' with \(group.units) units is no group of the network")
      }
      let own = groups[group.number].order
      for (kept, score) in group.scores {
        let count = group.units - kept
        guard count <= own.count, Set(own.prefix(count)) == Set(group.order.prefix(count)) else {
          taken.ofOtherChannels += 1
          continue
        }
        groups[group.number].scores[kept] = score
        taken.used += 1
      }
    }
    return taken
  }

  /// Writes the file, whole or not at all.
  func write(to path: String) throws {
    try AtomicFile.write(Array(json.text().utf8), to: path)
  }

  var json: JSONValue {
    [
      "format_version": 1,
      "basis": basis.json,
      "original": original.map { .object($0.json) } ?? .null,
      "groups": .array(groups.filter { !$0.scores.isEmpty }.map(\.json)),
    ]
  }
}

extension EvaluationScores.Group {
  fileprivate var json: JSONValue {
    [
      "group": .integer(number), "layer": .string(layer), "units": .integer(units),
      "order": .array(order.map(JSONValue.integer)),
      "scores": .array(
        scores.sorted { $0.key > $1.key }.map { kept, score in
          var object: JSONObject = ["kept": .integer(kept)]
          for member in score.json.members { object[member.key] = member.value }
          return .object(object)
        }),
    ]
  }
}

extension VariantScore {
  fileprivate var json: JSONObject {
    ["loss": .number(loss), "accuracy": accuracy.map(JSONValue.number) ?? .null]
  }

  fileprivate init(_ members: LocatedMembers) throws(ConfigurationError) {
    loss = try members.required("loss").number()
    let place = try members.required("accuracy")
    accuracy =
      place.value == .null ? nil : try place.number(expected: "a number from 0 to 1, or null") { $0 >= 0 && $0 <= 1 }
  }
}

extension EvaluationScores {
  /// The content of a file, checked in itself.
  package struct Stored {
    /// The file, as errors name it.
    let file: String
    let basis: EvaluationBasis
    let original: VariantScore?
    let groups: [Group]

    /// Reads a file.
    /// - Throws: what is wrong and where, at the first place that is wrong.
    init(reading path: String) throws {
      try self.init(parsing: FileHandleReader.contents(of: path, limit: TextLimits.jsonBytes), file: path)
    }

    /// Reads the content of a file.
    package init(parsing bytes: [UInt8], file: String) throws(ConfigurationError) {
      let root = LocatedJSON(root: try JSONValue(parsing: bytes, file: file), file: file)
      let members = try root.members(["format_version", "basis", "original", "groups"])
      _ = try members.required("format_version").integer(in: 1...1, expected: "1, the only version that is read")
      self.file = file
      basis = try EvaluationBasis(members.required("basis"))
      let whole = try members.required("original")
      original = whole.value == .null ? nil : try VariantScore(whole.members(["loss", "accuracy"]))
      var groups: [Group] = []
      for place in try members.required("groups").elements() {
        let group = try Group(place)
        guard groups.last.map({ $0.number < group.number }) ?? true else {
          throw place.error(
            "group \(group.number) stands behind \(groups.last?.number ?? 0), expected ascending groups")
        }
        groups.append(group)
      }
      self.groups = groups
    }
  }
}

extension EvaluationScores.Group {
  fileprivate init(_ place: LocatedJSON) throws(ConfigurationError) {
    let members = try place.members(["group", "layer", "units", "order", "scores"])
    number = try members.required("group").integer(in: 0...Int.max, expected: "the number of a group")
    layer = try members.required("layer").string()
    let units = try members.required("units").integer(in: 1...1 << 31, expected: "a number of units")
    self.units = units
    var order: [Int] = []
    var seen: Set<Int> = []
    for place in try members.required("order").elements() {
      let unit = try place.integer(in: 0...units - 1, expected: "a unit, an integer from 0 to \(units - 1)")
      guard seen.insert(unit).inserted else { throw place.error("unit \(unit) stands twice") }
      order.append(unit)
    }
    self.order = order
    scores = [:]
    // As many units can have gone as the order has; without any there is no such count.
    let most = max(units - 1, 1)
    let counts = min(max(units - order.count, 1), most)...most
    for place in try members.required("scores").elements() {
      let members = try place.members(["kept", "loss", "accuracy"])
      let kept = try members.required("kept").integer(
        in: counts, expected: "a kept count from \(counts.lowerBound) to \(counts.upperBound)")
      guard units - kept <= order.count else {
        throw place.error("\(units - kept) units have gone, the order has \(order.count)")
      }
      guard scores[kept] == nil else { throw place.error("\(kept) kept units stand twice") }
      scores[kept] = try VariantScore(members)
    }
  }
}
