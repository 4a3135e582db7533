import Configuration
import Foundation
import Interchange
import Testing

/// A layer of a made-up result.
struct SampleLayer {
  let name: String
  let channels: Int
  let pruned: Int
}

/// Texts of files and what they come to.
enum Sample {
  static func demand(_ text: String, _ format: PruningFormat, override: String? = nil) throws -> PruningDemand {
    try PruningDemand(parsing: Array(text.utf8), as: format, file: "file") { path in
      (Array((override ?? "").utf8), path)
    }
  }

  /// What goes wrong with a text, as the user reads it; empty when nothing does.
  static func problem(_ text: String, _ format: PruningFormat, override: String? = nil) -> String {
    do {
      _ = try demand(text, format, override: override)
      return ""
    } catch { return "\(error)" }
  }

  /// The configuration that `--to config` writes, as JSON.
  static func configuration(_ demand: PruningDemand) throws -> JSONValue {
    try JSONValue(parsing: Array(demand.text(in: .config).text.utf8), file: "config")
  }

  /// A whole configuration: what is left to the user is filled in.
  static func search(_ demand: PruningDemand) throws -> SearchConfiguration {
    var document = try configuration(demand)
    document["model"] = "m.onnx"
    document["calibration"] = ["inputs": "x.npy"]
    return try SearchConfiguration(parsing: Array(document.text().utf8), file: "config.json")
  }

  /// A `ratios.json` of a search.
  static func ratios(_ layers: [SampleLayer]) -> String {
    let list = layers.map { layer -> JSONValue in
      [
        "name": .string(layer.name), "op_type": "Conv", "weight": "onnx::Conv_1", "group": 0,
        "channels": .integer(layer.channels),
        "prune_ratio": .number(Double(layer.pruned) / Double(layer.channels)),
        "pruned_channels": .array((0..<layer.pruned).map { .integer($0) }),
      ]
    }
    return JSONValue.object(["format_version": 1, "layers": .array(list)]).text()
  }

  static func layers(_ shares: [(String, Double)]) -> [String: Double] {
    Dictionary(shares) { $1 }
  }

  /// Names and shares that a demand comes to.
  static func shares(_ demand: PruningDemand) throws -> [String: Double] {
    Dictionary(uniqueKeysWithValues: try demand.layerRatios().map { ($0.name, $0.share) })
  }
}
