public import Configuration

/// A way to write down what is to be pruned.
public enum PruningFormat: String, CaseIterable, Sendable {
  /// AMCT's search config, prune config and result, in the text format of protocol buffers.
  case amct
  /// NNI's `config_list`, version 2 or 3.
  case nni
  /// AIMET's ratios of modules.
  case aimet
  /// NNCF's configuration of filter pruning.
  case nncf
  /// Torch-Pruning's ratios of modules.
  case torchPruning = "torch-pruning"
  /// What `apply` takes: a result of ours, or ratios alone.
  case ratios
  /// A part of our `config.json`.
  case config

  /// The formats that can be read.
  public static let readable: [Self] = allCases.filter { $0 != .config }

  /// The format of a file, by its content.
  /// - Throws: when it may be several, or is none of them.
  public static func guess(_ bytes: [UInt8], file: String) throws(ConfigurationError) -> PruningFormat {
    let first = bytes.drop { [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF].contains($0) }.first
    guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return .amct }
    switch try JSONValue(parsing: bytes, file: file) {
    case .array(let elements): return guess(elements)
    case .object(let object):
      if let format = guess(object) { return format }
    default: break
    }
    throw ConfigurationError(
      file: file, path: "$",
      problem: "may be of several formats, or is of none; say which by --from: "
        + listed(readable.map(\.rawValue), last: "or"))
  }

  private static func guess(_ elements: [JSONValue]) -> PruningFormat {
    let arePairs = elements.allSatisfy { element in
      switch element {
      case .array: true
      case .object: element["comp_ratio"] != nil || element["module"] != nil
      default: false
      }
    }
    return arePairs && !elements.isEmpty ? .aimet : .nni
  }

  private static func guess(_ object: JSONObject) -> PruningFormat? {
    if object["compression"] != nil || object["algorithm"] != nil { return .nncf }
    if object["config_list"] != nil { return .nni }
    if object["pruning_ratio_dict"] != nil { return .torchPruning }
    if object["format_version"] != nil || object["layers"] != nil { return .ratios }
    let values = object.members.map(\.value)
    if values.contains(.null) { return .aimet }
    if object.members.contains(where: { $0.key.utf8.contains(UInt8(ascii: ",")) }) { return .torchPruning }
    return nil
  }
}
