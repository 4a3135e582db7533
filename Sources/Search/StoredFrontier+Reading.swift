import Channels
import Configuration

extension StoredFrontier {
  /// Reads a curve that was written for a network.
  /// - Parameter layers: of that network, in graph order.
  /// - Throws: when the file cannot be read, or is not a curve of this network.
  init(reading path: String, _ layers: [Layer]) throws {
    let text = try FileHandleReader.contents(of: path, limit: Self.sizeLimit)
    do throws(ConfigurationError) {
      try self.init(LocatedJSON(root: try JSONValue(parsing: text, file: path), file: path), layers)
    } catch {
      throw SearchError(.badContent, file: path, "\(error.path): \(error.problem)")
    }
  }

  private static let sizeLimit = 256 << 20

  private init(_ root: LocatedJSON, _ structure: [Layer]) throws(ConfigurationError) {
    let members = try root.members(["format_version", "metric", "layers", "knee", "points"])
    _ = try members.required("format_version").integer(in: 1...1, expected: "1, the only version that is read")
    metric = try members.required("metric").choice()
    let names = try members.required("layers")
    var read: [String] = []
    for place in try names.elements() { read.append(try place.string()) }
    layers = read
    guard layers == structure.map(\.name) else {
      throw names.error("these are the layers of another network")
    }
    var points: [Point] = []
    let list = try members.required("points")
    for place in try list.elements() { points.append(try Point(place, structure)) }
    self.points = points
    guard zip(points, points.dropFirst()).allSatisfy({ $0.asked <= $1.asked }) else {
      throw list.error("expected ascending compression ratios")
    }
    if let place = members["knee"], place.value != .null {
      guard !points.isEmpty else { throw place.error(expected: "null, as there is no point") }
      knee = try place.integer(in: 0...points.count - 1, expected: "the number of a point")
    } else {
      knee = nil
    }
  }
}

extension StoredFrontier.Point {
  fileprivate init(_ place: LocatedJSON, _ layers: [Layer]) throws(ConfigurationError) {
    let members = try place.members([
      "compression_ratio", "achieved", "predicted_loss_change", "lower_bound", "cost", "kept_channels", "bits",
    ])
    asked = try members.required("compression_ratio").number(expected: "a ratio of 1 or more") { $0 >= 1 }
    reached = try members.required("achieved").number(expected: "a ratio of 1 or more") { $0 >= 1 }
    predictedLossChange = try members.required("predicted_loss_change").number()
    lowerBound = try members["lower_bound"]?.number()
    let kept = try members.required("kept_channels")
    let elements = try kept.elements(expected: "an array of the channels that each layer keeps")
    guard elements.count == layers.count else {
      throw kept.error("has \(elements.count) numbers for \(layers.count) layers")
    }
    var counts: [Int] = []
    for (element, layer) in zip(elements, layers) { counts.append(try element.integer(in: 0...layer.outputs)) }
    keptChannels = counts
    costs = try SearchConfiguration.Metric.values(try members.required("cost")) { (place) throws(ConfigurationError) in
      try place.number(expected: "a cost") { $0 >= 0 }
    }
    guard let place = members["bits"] else {
      bits = nil
      return
    }
    var widths: [LayerBits] = []
    for element in try place.elements() { widths.append(try LayerBits(element)) }
    guard widths.count == layers.count else {
      throw place.error("has \(widths.count) elements for \(layers.count) layers")
    }
    bits = widths
  }
}

extension SearchConfiguration.Metric {
  /// The values of an object whose keys are metrics.
  static func values<Value>(
    _ place: LocatedJSON, _ value: (LocatedJSON) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) -> [(metric: Self, cost: Value)] {
    let members = try place.members(allCases.map(\.rawValue))
    var values: [(metric: Self, cost: Value)] = []
    for metric in allCases {
      guard let place = members[metric.rawValue] else { continue }
      values.append((metric, try value(place)))
    }
    return values
  }
}

extension LayerBits {
  /// The widths of a layer as results have them.
  init(_ place: LocatedJSON) throws(ConfigurationError) {
    let members = try place.members(["activation", "weight"])
    self.init(
      activation: try members.required("activation").integer(in: 1...64),
      weight: try members.required("weight").integer(in: 1...64))
  }
}
