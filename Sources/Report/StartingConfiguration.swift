import Channels
import Configuration
public import Networks
import Search

/// A configuration to begin with, made for a network: what is known of it filled in, and said in comments.
public struct StartingConfiguration {
  private let inspection: Inspection
  private let model: String

  /// The largest share of a layer's channels that the configuration lets go.
  private static let maxSparsity = 0.9

  /// The configuration for a network.
  /// - Parameter model: the path of its file, as the configuration is to have it.
  /// - Throws: when the network's costs are out of range.
  public init(_ network: Network, model: String) throws {
    inspection = try Inspection(network, maxSparsity: Self.maxSparsity)
    self.model = model
  }

  /// The text of the file: JSON with comments.
  public var text: String {
    var text = Comment("A configuration to begin with: see to what is marked with TODO, then ask").line(0)
    text += Comment("  prune-cluster validate CONFIG").line(0)
    text += Comment("what is still wrong. Every key is told in docs/config.md.").line(0)
    text += "{\n"
    text += "  \"model\": \(quoted(model)),\n"
    let sections = [calibration, loss, bits, target, layers]
    for section in sections { text += "\n" + section }
    return text + "\n  \"output\": { \"directory\": \"out\" }\n}\n"
  }

  // MARK: sections

  private var calibration: String {
    var text = Comment(
      "The samples that the sensitivities are measured on: a few hundred that the network has been made for."
    )
    .line(1)
    for input in inspection.inputs {
      text += Comment(
        "'\(input.name)' takes \(numbers(input.shape)) a sample: an array of \(shape(input.shape))."
      ).line(1)
    }
    text += Comment("Arrays are .npy, .npz (\"data.npz:name\") or IDX, gzipped too; paths start at this file.").line(1)
    if inspection.inputs.contains(where: { $0.shape.count == 3 && [1, 3].contains($0.shape[0]) }) {
      text += Comment(
        "Or \"images\": a folder of JPEG and PNG files, with a folder for each class, in place of inputs and labels;"
      )
      .line(1)
      text += Comment("then \"preprocess\" has resize, crop, mean and std.").line(1)
    }
    text += "  \"calibration\": {\n"
    if inspection.inputs.count == 1 {
      text += "    \"inputs\": \"TODO.npy\",\n"
    } else {
      text += "    \"inputs\": {\n"
      text += inspection.inputs.map { "      \(quoted($0.name)): \"TODO.npy\"" }.joined(separator: ",\n")
      text += "\n    },\n"
    }
    switch guess {
    case .classes(let count, let positions):
      text += Comment(
        positions.isEmpty
          ? "The class of each sample, 0 to \(count - 1)."
          : "The class at each position, 0 to \(count - 1): an array of \(shape(positions))."
      ).line(2)
      text += withoutLabels
      text += "    \"labels\": \"TODO.npy\",\n"
    case .values(let extents):
      text += Comment("The values that the output should have: an array of \(shape(extents)).").line(2)
      text += withoutLabels
      text += "    \"labels\": \"TODO.npy\",\n"
    }
    text += Comment(
      "What is done to the stored numbers: (x · scale - mean) ÷ std, as when the network was trained; bytes need"
    )
    .line(2)
    let bytes = "{ \"scale\": 0.00392156862745098, \"mean\": 0, \"std\": 1 }"
    let byInput = inspection.inputs.count == 1 ? bytes : "{ \(quoted(inspection.inputs[0].name)): \(bytes) }"
    text += Comment("  \"preprocessing\": \(byInput),").line(2)
    return text + "    \"batch_size\": 32,\n    \"samples\": \"all\"\n  },\n"
  }

  private var withoutLabels: String {
    Comment("Without labels leave this out, and let the loss be \"agreement\".").line(2)
  }

  private var loss: String {
    let kind: String
    var text: String
    switch guess {
    case .classes(let count, _):
      text = Comment(
        "'\(output.name)' has \(numbers(output.shape)) a sample, taken for scores of \(count) classes."
      ).line(1)
      kind = "cross_entropy"
    case .values:
      text = Comment("'\(output.name)' has \(numbers(output.shape)) a sample, taken for values to be met.")
        .line(1)
      kind = "mse"
    }
    let others = ["cross_entropy", "mse", "agreement"].filter { $0 != kind }
    text += Comment("Others: \(others.map(quoted).joined(separator: ", ")); the last needs no labels.").line(1)
    return text + "  \"loss\": { \"kind\": \(quoted(kind)) },\n"
  }

  private var bits: String {
    Comment("The widths of numbers where the network will run; equal in all layers they change no ratio.").line(1)
      + "  \"bits\": { \"activation\": 8, \"weight\": 8 },\n"
  }

  private var target: String {
    let prunable = inspection.layers.count { $0.reason == nil }
    let most = inspection.totals.first?.largestRatio ?? 1
    let ratio = reachable(below: most)
    let count = "\(prunable) of \(Quantity.number(inspection.layers.count, "layer")) can lose channels."
    guard ratio > 1 else {
      return Comment("\(count) There is nothing to ask for: a \"target\" needs layers that can.").line(1)
    }
    var text = Comment("\(count) With at most \(Self.maxSparsity) of each, as below, it becomes:").line(1)
    for (metric, cost, ratio) in inspection.totals {
      text += Comment(
        "  \(metric.rawValue): up to \(Quantity.decimal((ratio * 100).rounded(.down) / 100, 2)) x smaller, of "
          + Quantity.cost(Double(cost), SearchConfiguration.Metric(metric))
      ).line(1)
    }
    let digits = ratio == (ratio * 100).rounded() / 100 ? 2 : 6
    return text
      + "  \"target\": { \"compression_ratio\": \(Quantity.decimal(ratio, digits)), \"metric\": \"bit_complexity\" },\n"
  }

  /// Something that can be reached, even where that is little; 1 where nothing can.
  private func reachable(below most: Double) -> Double {
    guard most <= 2 else { return 2 }
    let ratio = 1 + (most - 1) * 0.8
    let (rough, fine) = ((ratio * 100).rounded(.down) / 100, (ratio * 1e6).rounded(.down) / 1e6)
    return rough > 1 ? rough : fine
  }

  private var layers: String {
    var text = Comment(
      "Later entries override earlier ones; NNI's keys. By hand: \"sparsity_per_layer\"; left alone: \"exclude\"."
    )
    .line(1)
    let kept = inspection.layers.filter { $0.reason != nil }
    for layer in kept.prefix(Self.mostReasons) {
      text += Comment("  \(layer.name) stays whole: \(layer.reason.map { "\($0)" } ?? "")").line(1)
    }
    if kept.count > Self.mostReasons {
      text += Comment("  and \(kept.count - Self.mostReasons) more: prune-cluster inspect MODEL tells all of them.")
        .line(1)
    }
    let types = Set(inspection.layers.filter { $0.reason == nil }.map(\.opType)).sorted()
    guard !types.isEmpty else { return text + "  \"config_list\": [],\n" }
    text += "  \"config_list\": [\n"
    let listed = types.map(quoted).joined(separator: ", ")
    text += "    { \"op_types\": [\(listed)], \"max_sparsity_per_layer\": \(Self.maxSparsity) }\n"
    return text + "  ],\n"
  }

  private static let mostReasons = 5

  // MARK: guesses

  /// What the first output seems to be.
  private enum Guess {
    case classes(Int, positions: [Int])
    case values([Int])
  }

  private var output: Inspection.Terminal { inspection.outputs.first ?? Inspection.Terminal(name: "", shape: []) }

  private var guess: Guess {
    guard let count = output.shape.first, count > 1 else { return .values(output.shape) }
    return .classes(count, positions: Array(output.shape.dropFirst()))
  }

  private func extents(_ shape: [Int]) -> String {
    shape.isEmpty ? "1" : shape.map(String.init).joined(separator: " x ")
  }

  private func numbers(_ shape: [Int]) -> String {
    extents(shape) + (shape.allSatisfy { $0 == 1 } && shape.count < 2 ? " number" : " numbers")
  }

  private func shape(_ sample: [Int]) -> String {
    "shape [\((["samples"] + sample.map(String.init)).joined(separator: ", "))]"
  }

  private func quoted(_ text: String) -> String { JSONValue.string(text).text().trimmingNewline }
}

extension String {
  fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}

/// A comment of one line, whatever names it holds: what would do something instead of standing there becomes a question
/// mark.
private struct Comment {
  private let text: String

  init(_ text: String) {
    self.text = String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { Self.acting.contains($0.properties.generalCategory) ? "?" : $0 }))
  }

  private static let acting: Set<Unicode.GeneralCategory> = [
    .control, .format, .lineSeparator, .paragraphSeparator,
  ]

  func line(_ level: Int) -> String { String(repeating: "  ", count: level) + "// " + text + "\n" }
}
