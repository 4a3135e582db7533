/// What a layer of a network is called, and of what type it is.
///
/// A configuration may call a layer by the name of its node, by the name of its weight, by that without `.weight`,
/// by the node's name without the slash in front, or by the path of its PyTorch module: the layer of node
/// `/layer1/layer1.0/conv1/Conv` with the weight `layer1.0.conv1.weight` is also `layer1.0.conv1`. Where BatchNorm
/// is folded, the exporter loses the weight's name (`onnx::Conv_123`), but not the node's.
public struct LayerIdentity: Hashable, Sendable {
  /// The name of the ONNX node.
  public let name: String

  /// The ONNX type of the node.
  public let opType: String

  /// The name of the initializer that holds its weight.
  public let weight: String

  /// The layer of one node.
  public init(name: String, opType: String, weight: String) {
    self.name = name
    self.opType = opType
    self.weight = weight
  }

  /// The weight's name without `.weight`, if it ends so.
  package var weightStem: String? {
    weight.hasSuffix(".weight") ? String(weight.dropLast(".weight".count)) : nil
  }

  /// The path of the module that PyTorch's exporter has written the node for, if the node's name is of that form.
  ///
  /// Every step of `/layer1/layer1.0/conv1/Conv` but the last names a module, a child of a container with the
  /// container's name in front, which then stands there twice.
  package var modulePath: String? {
    var steps = name.split(separator: "/")
    guard name.hasPrefix("/"), steps.count > 1, let node = steps.popLast(),
      node == opType || node.hasPrefix(opType + "_")
    else { return nil }
    var path: [Substring] = []
    for step in steps {
      if let container = path.last, step.hasPrefix(container + ".") { path.removeLast() }
      path.append(step)
    }
    return path.joined(separator: ".")
  }

  /// The names beside those of the node and the weight.
  var shortNames: [String] {
    [weightStem, modulePath, name.hasPrefix("/") ? String(name.dropFirst()) : nil].compactMap { $0 }
  }
}

/// Finds layers by what a configuration calls them.
struct LayerNames {
  private let layers: [LayerIdentity]
  private let byNode: [String: [Int]]
  private let byWeight: [String: [Int]]
  private let byShortName: [String: [Int]]

  init(_ layers: [LayerIdentity]) {
    self.layers = layers
    var byNode: [String: [Int]] = [:]
    var byWeight: [String: [Int]] = [:]
    var byShortName: [String: [Int]] = [:]
    for (index, layer) in layers.enumerated() {
      byNode[layer.name, default: []].append(index)
      byWeight[layer.weight, default: []].append(index)
      for name in Set(layer.shortNames) { byShortName[name, default: []].append(index) }
    }
    self.byNode = byNode
    self.byWeight = byWeight
    self.byShortName = byShortName
  }

  /// The layers of a name, in order: those whose node has it, else whose weight has it, else that may be called so.
  ///
  /// One name can mean several layers, as nodes may share a weight or a module.
  func layers(named name: String) -> [Int] {
    byNode[name] ?? byWeight[name] ?? byShortName[name] ?? []
  }

  /// The layers with a name that contains a text.
  ///
  /// Of the weight's name only what stands before `.weight` counts, and nothing of a name that the exporter made up:
  /// `Conv_1` does not mean `onnx::Conv_101`.
  func layers(containing part: String) -> [Int] {
    let wanted = Array(part.utf8)
    return layers.indices.filter { index in
      Self.searchableNames(of: layers[index]).contains { Self.contains(Array($0.utf8), wanted) }
    }
  }

  private static func searchableNames(of layer: LayerIdentity) -> [String] {
    let weight = layer.weightStem ?? (layer.weight.hasPrefix("onnx::") ? nil : layer.weight)
    return [layer.name, weight, layer.modulePath].compactMap { $0 }
  }

  private static func contains(_ text: [UInt8], _ part: [UInt8]) -> Bool {
    guard part.count <= text.count else { return false }
    return (0...(text.count - part.count)).contains { text[$0...].starts(with: part) }
  }

  /// What to say beside "no layer is called so".
  func remark(onName name: String) -> String {
    let known = layers.flatMap { [$0.name] + $0.shortNames + [$0.weight] }
    if let nearest = NearestName.of(name, among: known) { return "did you mean \(quoted(nearest))?" }
    // Often only the last step of a module's path is written.
    let longer = known.filter { $0.hasSuffix("." + name) || $0.hasSuffix("/" + name) }
    if let nearest = longer.min(by: { $0.utf8.count < $1.utf8.count }) { return "did you mean \(quoted(nearest))?" }
    return remarkOnLayers
  }

  /// What to say beside "no layer's name contains this".
  func remark(onPart part: String) -> String {
    let known = layers.flatMap { [$0.modulePath ?? $0.weightStem ?? $0.name] + Self.searchableNames(of: $0) }
    guard let nearest = NearestName.holding(part, among: known) else { return remarkOnLayers }
    return "the nearest name is \(quoted(nearest))"
  }

  private var remarkOnLayers: String {
    let names = layers.prefix(3).map { quoted($0.modulePath ?? $0.weightStem ?? $0.name) }
    guard !names.isEmpty else { return "the network has no layers" }
    let more = layers.count - names.count
    return "the network's layers are \(more > 0 ? names.joined(separator: ", ") + " and \(more) more" : listed(names))"
  }
}
