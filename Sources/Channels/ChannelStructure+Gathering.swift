/// Input channels that a layer leaves out by a Gather in front of it, because their producers cannot lose them.
public struct InputGathering: Hashable, Sendable {
  /// Index in `ChannelStructure.layers`: a linear layer, or a convolution with one group.
  public let layer: Int
  /// The input channels that are left out, ascending, as the analysed network counts them.
  public let channels: [Int]

  /// Input channels that a layer leaves out.
  public init(layer: Int, channels: [Int]) {
    self.layer = layer
    self.channels = channels
  }
}

extension ChannelStructure {
  /// The inputs that layers could leave out if channels that have to stay are wished gone.
  ///
  /// A channel that cannot be removed where it is made, such as one that a residual sum shares with the network's output,
  /// can still be left out by each linear layer or convolution with one group that reads it: a Gather in front of it takes
  /// the others, and its weight loses the slices. Layers that would have nothing left to read are not offered.
  /// - Parameter wished: by index in `layers` the output channels wished gone; those that can be removed are passed over.
  /// - Returns: what each reader could leave out, in layer order.
  /// - Throws: `RemovalError` when a layer has no such channel.
  public func gatherableInputs(wishing wished: [Int: [Int]]) throws(RemovalError) -> [InputGathering] {
    var units: Set<UnitReference> = []
    for (index, channels) in wished {
      for channel in channels {
        guard let unit = try unit(ofOutput: channel, layers[index]) else { continue }
        if !groups[unit.group].isPrunable { units.insert(unit) }
      }
    }
    return layers.indices.compactMap { index in
      let layer = layers[index]
      let channels = layer.inputUnits.indices.filter { layer.inputUnits[$0].map(units.contains) ?? false }
      guard layer.gatherObstacle == nil, !channels.isEmpty, channels.count < layer.inputs else { return nil }
      return InputGathering(layer: index, channels: channels)
    }
  }

  /// What is asked to be gathered, without the inputs that go anyway.
  func checked(
    _ gathering: [InputGathering], besides removedInputs: [[Int]]
  ) throws(RemovalError) -> [InputGathering] {
    var channels: [Int: Set<Int>] = [:]
    for gather in gathering {
      let layer = layers[gather.layer]
      if let cause = layer.gatherObstacle {
        throw .notGatherable(layer: layer.name, opType: layer.opType, cause: cause)
      }
      if let outside = gather.channels.first(where: { !(0..<layer.inputs).contains($0) }) {
        throw .notGatherable(
          layer: layer.name, opType: layer.opType, cause: "it has no input channel \(outside) (\(layer.inputs) in all)")
      }
      channels[gather.layer, default: []].formUnion(gather.channels)
    }
    // A weight has one number of inputs, whoever uses it.
    for (index, own) in channels {
      for (other, layer) in layers.enumerated()
      where layer.weight == layers[index].weight && channels[other] != own && other != index {
        throw .notGatherable(
          layer: layers[index].name, opType: layers[index].opType,
          cause: "'\(layer.name)', which has the same weight, does not leave out the same")
      }
    }
    return channels.sorted { $0.key < $1.key }.compactMap { index, own in
      let rest = own.subtracting(removedInputs[index])
      return rest.isEmpty ? nil : InputGathering(layer: index, channels: rest.sorted())
    }
  }
}

extension Layer {
  /// Why inputs of it cannot be left out by a Gather, or `nil`.
  fileprivate var gatherObstacle: String? {
    convolutionGroups == 1 ? nil : "a convolution in \(convolutionGroups) groups reads all"
  }
}
