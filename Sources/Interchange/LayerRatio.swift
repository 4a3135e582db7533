import Configuration

/// How much of one layer goes.
public struct LayerRatio: Hashable, Sendable {
  /// What the layer is called in the file it comes from; for results of ours the ONNX node.
  public let name: String
  /// The path of the layer's PyTorch module, as far as its names tell; else `name`.
  public let moduleName: String
  /// Output channels, where they are known.
  public let channels: Int?
  /// The share of the output channels that goes, 0 ≤ share < 1.
  ///
  /// Where the channels are known, both round(channels × share) and the whole part of channels × share, which is how NNI
  /// and Torch-Pruning count, are the number that goes.
  public let share: Double

  /// A layer of which only the share is known.
  public init(name: String, share: Double) {
    self.name = name
    moduleName = name
    channels = nil
    self.share = share
  }

  /// A layer with its channels.
  /// - Parameters:
  ///   - name: the ONNX node's name.
  ///   - opType: the ONNX type.
  ///   - weight: the initializer's name.
  ///   - channels: output channels.
  ///   - pruned: those that go, at most `channels`.
  public init(name: String, opType: String, weight: String, channels: Int, pruned: Int) {
    precondition(pruned >= 0 && pruned <= channels, "a layer loses channels that it has")
    self.name = name
    moduleName = Self.moduleName(LayerIdentity(name: name, opType: opType, weight: weight))
    self.channels = channels
    share = Self.share(pruned, of: channels)
  }

  init(name: String, moduleName: String, channels: Int?, share: Double) {
    self.name = name
    self.moduleName = moduleName
    self.channels = channels
    self.share = share
  }

  /// Channels that go, where the channels are known.
  public var pruned: Int? { channels.map { Int((Double($0) * share).rounded(.toNearestOrEven)) } }

  /// The share that stays, counted like `share`.
  var keptShare: Double {
    guard let channels, let pruned else { return 1 - share }
    return Self.share(channels - pruned, of: channels)
  }

  /// The weight's name is the module's where the exporter has kept it; the node's repeats containers.
  static func moduleName(_ layer: LayerIdentity) -> String {
    if let stem = layer.weightStem, !stem.hasPrefix("onnx::"), !stem.isEmpty { return stem }
    return layer.modulePath ?? layer.name
  }

  /// The least number of at least part ÷ whole whose product with the whole does not fall below the part.
  static func share(_ part: Int, of whole: Int) -> Double {
    guard whole > 0 else { return 0 }
    var share = Double(part) / Double(whole)
    while share * Double(whole) < Double(part) { share = share.nextUp }
    return share
  }
}

extension LayerRatio {
  /// The layers under the names that they are written with.
  ///
  /// A name that several layers have in common is written once if their ratios are the same; else each keeps its own.
  static func named(_ layers: [LayerRatio], _ naming: LayerNaming, _ remarks: inout [String]) -> [LayerRatio] {
    guard naming == .module else { return layers }
    var shares: [String: Set<Double>] = [:]
    for layer in layers { shares[layer.moduleName, default: []].insert(layer.share) }
    var written: Set<String> = []
    var result: [LayerRatio] = []
    for layer in layers {
      let isShared = (shares[layer.moduleName]?.count ?? 1) > 1
      if isShared {
        remarks.append(
          "\(layer.name) shares the module \(layer.moduleName) with a layer of another ratio; it keeps its name")
      }
      let name = isShared ? layer.name : layer.moduleName
      guard written.insert(name).inserted else { continue }
      result.append(LayerRatio(name: name, moduleName: name, channels: layer.channels, share: layer.share))
    }
    return result
  }
}

/// What layers are called in a file for another tool.
public enum LayerNaming: String, CaseIterable, Sendable {
  /// The path of the PyTorch module, where the layer's names tell it.
  case module
  /// The ONNX node.
  case node
}
