import Allocation
import Channels
import Configuration

/// The widths that a search may give its layers: for each layer pairs of activation and weight bits.
struct BitChoices {
  /// One option per layer that may choose.
  let options: [OptionChoice]
  /// By layer its option; `nil` where the widths are given.
  let optionOfLayer: [Int?]
  /// What every option chooses from.
  let alternatives: [LayerBits]

  /// The choices of a network.
  /// - Parameters:
  ///   - costs: with the widths that the original is counted at.
  ///   - chosen: the layers whose widths are chosen.
  ///   - losses: what a layer's widths are predicted to cost.
  /// - Throws: `AllocationError` for a loss that is not finite.
  init(
    _ structure: ChannelStructure, _ costs: CostModel, _ configuration: SearchConfiguration.Bits, _ chosen: [Int],
    losses: (_ layer: Int, _ bits: LayerBits) -> Double
  ) throws(AllocationError) {
    alternatives = configuration.search.flatMap { activation in
      configuration.search.map { LayerBits(activation: activation, weight: $0) }
    }
    var options: [OptionChoice] = []
    var ofLayer: [Int?] = []
    let chosen = Set(chosen)
    for (layer, name) in structure.layers.map(\.name).enumerated() {
      guard chosen.contains(layer), let original = alternatives.firstIndex(of: costs.bits[layer]) else {
        ofLayer.append(nil)
        continue
      }
      ofLayer.append(options.count)
      options.append(
        try OptionChoice(name: name, losses: alternatives.map { losses(layer, $0) }, original: original))
    }
    self.options = options
    optionOfLayer = ofLayer
  }

  /// What a layer's option multiplies a cost of one bit by; `nil` where the widths are given.
  func factor(ofLayer layer: Int, _ value: (LayerBits) -> Int) -> OptionFactor? {
    optionOfLayer[layer].map { OptionFactor(choice: $0, factors: alternatives.map { Double(value($0)) }) }
  }

  /// The widths of every layer that a plan chooses.
  func bits(_ chosen: [Int], _ original: [LayerBits]) -> [LayerBits] {
    zip(optionOfLayer, original).map { option, original in option.map { alternatives[chosen[$0]] } ?? original }
  }
}
