import Channels

extension QuantizationTable {
  /// The largest width that is measured: more bits are taken to lose nothing.
  static let largestWidth = 16

  /// What a layer's widths are predicted to do to the loss: what weights and activations lose alone, added up.
  /// - Precondition: the layer was measured at both widths, as far as they are measured at all.
  func loss(ofLayer layer: Int, _ bits: LayerBits) -> Double {
    func loss(_ losses: [Double], _ width: Int) -> Double {
      guard width <= Self.largestWidth else { return 0 }
      guard let place = widths.firstIndex(of: width), losses.indices.contains(place) else {
        preconditionFailure("\(width) bits of layer \(layer) were not measured")
      }
      return losses[place]
    }
    return loss(weight[layer], bits.weight) + loss(activation[layer], bits.activation)
  }
}
