extension SearchConfiguration {
  /// The layers whose widths a search for bits chooses: those that `bits.layers` does not name; none without
  /// `bits.search`.
  /// - Parameter layers: every layer of the network.
  /// - Returns: indices into `layers`, ascending.
  public func layersWithSearchedBits(_ layers: [LayerIdentity]) -> [Int] {
    guard !bits.search.isEmpty else { return [] }
    let names = LayerNames(layers)
    let given = Set(bits.layers.flatMap { names.layers(named: $0.name) })
    return layers.indices.filter { !given.contains($0) }
  }
}
