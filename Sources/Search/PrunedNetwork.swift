import Channels
import Networks

/// A network's channels removed: which, and the model without them. Made at rank 0.
struct PrunedNetwork {
  /// What goes, in terms of the network as a search analyses it.
  let removal: ChannelRemoval
  /// The model without them, with the new indices of its tensors.
  let source: PrunedSource

  /// Removes channels from a model.
  ///
  /// - Parameters:
  ///   - network: the network as a search analyses it, and `structure` what was found.
  ///   - removed: by group of `structure` the units that go.
  ///   - gathering: inputs that layers leave out by a Gather.
  /// - Throws: `SearchError` when the model cannot lose them.
  init(
    _ model: any DecodedModel, file: String, _ structure: ChannelStructure, removing removed: [Set<Int>],
    gathering: [InputGathering] = []
  ) throws {
    do {
      let removal = try ChannelRemoval(removed, gathering: gathering, from: structure)
      let surgeon = try model.surgeon()
      // The model's own network has more values than the one that runs; layers are the same by name.
      let whole = ChannelStructure(of: surgeon.network)
      let numbers = Dictionary(whole.layers.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
      var listed: [Int: [Int]] = [:]
      for (layer, channels) in zip(structure.layers, removal.removedOutputs) where !channels.isEmpty {
        guard let number = numbers[layer.name] else {
          throw SearchError(.program, file: file, "layer '\(layer.name)' is no node of the file")
        }
        listed[number] = channels
      }
      let gathers = try gathering.map { gather in
        guard let number = numbers[structure.layers[gather.layer].name] else {
          throw SearchError(
            .program, file: file, "layer '\(structure.layers[gather.layer].name)' is no node of the file")
        }
        return InputGathering(layer: number, channels: gather.channels)
      }
      let cut = try ChannelRemoval(try whole.units(removingExactly: listed), gathering: gathers, from: whole)
      source = try surgeon.pruned(
        cut.parts,
        gathers: cut.gathers.map { gather in
          let layer = whole.layers[gather.layer]
          let gone = Set(cut.removedInputs[gather.layer])
          return InputGather(node: layer.name, kept: (0..<layer.inputs).filter { !gone.contains($0) })
        })
      self.removal = removal
    } catch let error as RemovalError {
      throw SearchError(.badContent, file: file, "\(error)")
    }
  }
}
