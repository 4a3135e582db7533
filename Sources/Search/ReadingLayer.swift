import Channels
import Networks
import Surgery

/// A layer that reads channels of groups that can lose some.
struct ReadingLayer: Sendable {
  let name: String
  /// What it reads, in the network ready for execution.
  let input: ValueID
  /// The groups of what it reads, ascending; by them the sets of the products.
  let groups: [Int]
  let products: ResponseProducts

  /// Finds the layers of a network.
  struct Finder {
    private let structure: ChannelStructure
    private let network: Network
    private let samples: Int
    private let rowLimit: Int

    /// - Parameter network: ready for execution, as `LayerExecution` leaves it.
    init(_ structure: ChannelStructure, _ network: Network, samples: Int, rowLimit: Int) {
      self.structure = structure
      self.network = network
      self.samples = samples
      self.rowLimit = rowLimit
    }

    /// Those that read channels that can go, and why some are left out. A depthwise layer is none: it passes its channels
    /// on to layers that are.
    func layers() -> (found: [ReadingLayer], misfits: [(layer: String, reason: String)]) {
      let nodes = Dictionary(network.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      let axes = SampleAxes(of: network)
      var found: [ReadingLayer] = []
      var misfits: [(layer: String, reason: String)] = []
      for (number, layer) in structure.layers.enumerated() where !layer.isDepthwise {
        let groups = Set(layer.inputUnits.compactMap { $0?.group }).filter { structure.groups[$0].isPrunable }.sorted()
        guard !groups.isEmpty, let node = nodes[layer.name], let input = node.inputs[0] else { continue }
        guard let weight = node.inputs[1].flatMap({ network[$0].constant?.floats }), axes[input] == 0,
          axes[node.outputs[0]] == 0
        else {
          misfits.append((layer.name, "its weight is computed, or samples do not lie apart in what it reads"))
          continue
        }
        let sets = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1, $0) })
        do {
          let products = try ResponseProducts(
            node.operation, input: network[input].shape, output: network[node.outputs[0]].shape,
            batchSize: network.batchSize, weight: weight,
            units: layer.inputUnits.map { unit in
              unit.flatMap { unit in sets[unit.group].map { .init(set: $0, index: unit.unit) } }
            }, unitCounts: groups.map { structure.groups[$0].unitCount }, layer: number, samples: samples,
            rowLimit: rowLimit)
          found.append(ReadingLayer(name: layer.name, input: input, groups: groups, products: products))
        } catch {
          misfits.append((layer.name, "\(error)"))
        }
      }
      return (found, misfits)
    }
  }
}
