import Configuration

/// A place in a network as NNCF names it: `ResNet/Sequential[layer1]/BasicBlock[0]/NNCFConv2d[conv1]/conv2d_0`.
struct NNCFScope {
  /// The path of the PyTorch module, `layer1.0.conv1`; the text itself where it has no modules.
  let name: String
  /// Whether the module may hold layers rather than be one.
  let isPart: Bool

  private static let layerClasses = [
    "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "Linear",
  ]
  private static let regularExpression = "{re}"

  init(_ place: LocatedJSON) throws(ConfigurationError) {
    let text = try place.string(expected: "a scope")
    guard !text.isEmpty else { throw place.error(expected: "a scope") }
    if text.hasPrefix(Self.regularExpression) {
      guard let path = Self.path(ofPattern: text) else {
        throw place.error("regular expressions are not supported; name the modules")
      }
      (name, isPart) = (path, false)
      return
    }
    var path: [Substring] = []
    var lastClass = ""
    for step in text.split(separator: "/") where step.hasSuffix("]") {
      guard let bracket = step.firstIndex(of: "[") else { continue }
      path.append(step[step.index(after: bracket)...].dropLast())
      lastClass = String(step[..<bracket])
    }
    guard !path.isEmpty, path.allSatisfy({ !$0.isEmpty }) else {
      (name, isPart) = (text, false)
      return
    }
    let isLayer = Self.layerClasses.contains(lastClass.hasPrefix("NNCF") ? String(lastClass.dropFirst(4)) : lastClass)
    // The dot keeps `layer1` from meaning `layer10`, too.
    name = path.joined(separator: ".") + (isLayer ? "" : ".")
    isPart = !isLayer
  }

  /// The expression for a module, whatever the classes on its path are called; `nil` for what is no module's path.
  static func pattern(of path: String) -> String? {
    let steps = path.split(separator: ".", omittingEmptySubsequences: false)
    guard steps.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isWord) }) else { return nil }
    return regularExpression + #"[^\[]*"# + steps.map { #"\["# + $0 + #"\]"# }.joined(separator: #"/[^\[]*"#)
      + #"/[^\[]*"#
  }

  /// The module of an expression that `pattern` has made.
  private static func path(ofPattern text: String) -> String? {
    let steps = text.split(separator: "\\").filter { $0.hasPrefix("[") }.map { $0.dropFirst() }
      .filter { !$0.hasPrefix("]") && !$0.isEmpty }
    let path = steps.joined(separator: ".")
    return pattern(of: path) == text ? path : nil
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    let lowercase = byte | 0x20
    return lowercase >= UInt8(ascii: "a") && lowercase <= UInt8(ascii: "z") || byte == UInt8(ascii: "_")
      || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }
}
