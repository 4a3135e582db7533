import Channels
import Networks

extension ChannelStructure {
  /// By layer what every output channel counts for the network's outputs.
  ///
  /// Every channel of the outputs counts 1. What a layer's outputs count goes back to its inputs through |w|, summed over
  /// the kernel; everything else hands it on, and a value that several nodes read gets the sum (Yu et al.,
  /// arXiv:1711.05908, equation 8, with all final responses alike).
  /// - Throws: `SensitivityError` when nothing comes back to a layer that can lose channels, or too much.
  func responseImportance(of network: Network) throws(SensitivityError) -> [[Double]] {
    let layerOfNode = Dictionary(uniqueKeysWithValues: layers.indices.map { (layers[$0].node, $0) })
    var counts: [ValueID: [UnitReference: Double]] = [:]
    for output in network.outputs {
      for unit in units(of: output) { counts[output, default: [:]][unit] = 1 }
    }
    var scores = layers.map { [Double](repeating: 0, count: $0.outputs) }
    for (index, node) in network.nodes.enumerated().reversed() {
      var own: [UnitReference: Double] = [:]
      for output in node.outputs { own.merge(counts[output] ?? [:]) { $0 + $1 } }
      guard !own.isEmpty else { continue }
      guard let number = layerOfNode[index] else {
        for case let input? in node.inputs {
          for unit in units(of: input) {
            guard let count = own[unit] else { continue }
            counts[input, default: [:]][unit, default: 0] += count
          }
        }
        continue
      }
      let layer = layers[number]
      scores[number] = layer.outputUnits.map { unit in unit.flatMap { own[$0] } ?? 0 }
      guard let input = node.inputs[0] else { continue }
      let back = LayerFilters(of: layer, in: network).absolutePassedBack(scores[number], layer)
      for case (let count, let unit?) in zip(back, layer.inputUnits) {
        counts[input, default: [:]][unit, default: 0] += count
      }
    }
    for (scores, layer) in zip(scores, layers) where layer.reason == nil {
      let name = WeightCriterion.nisp.rawValue
      guard scores.contains(where: { $0 > 0 }) else {
        throw SensitivityError("\(name): nothing comes back from the outputs to '\(layer.name)'")
      }
      guard scores.allSatisfy(\.isFinite) else {
        throw SensitivityError("\(name): what comes back to '\(layer.name)' is too large to be counted")
      }
    }
    return scores
  }
}

extension LayerFilters {
  /// By input channel of the layer Σ over its filters of what these count times Σ |w| over the kernel.
  fileprivate func absolutePassedBack(_ counts: [Double], _ layer: Layer) -> [Double] {
    var result = [Double](repeating: 0, count: layer.inputs)
    let inputs = layer.inputs / max(layer.convolutionGroups, 1)
    let filtersPerGroup = count / max(layer.convolutionGroups, 1)
    guard inputs > 0, filtersPerGroup > 0 else { return result }
    for filter in 0..<count where counts[filter] > 0 {
      let first = filter / filtersPerGroup * inputs
      for (input, sum) in absoluteSums(of: filter, parts: inputs).enumerated() {
        result[first + input] += counts[filter] * sum
      }
    }
    return result
  }
}
