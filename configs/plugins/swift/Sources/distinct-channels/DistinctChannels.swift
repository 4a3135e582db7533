import PruneClusterPlugins

/// How much the loss depends on a channel, times how little other filters of its layer resemble its own: of two channels that
/// matter equally, the one that has a double can go.
@main
struct DistinctChannels: Criterion {
  func scores(of network: PrunableNetwork) throws -> UnitScores {
    let squares = try network.mean(of: .unitSquares)  // E t²; t: by how much the loss changes without the unit
    let distinctness = try network.layers.map(distinctness)
    print("filters of \(network.layers.count) layers compared")
    return try UnitScores(of: network) { group in
      zip(squares[group.columns], group.reduce(distinctness, by: .mean)).map { $0.squareRoot() * $1 }
    }
  }

  /// By output channel the sine of the least angle between its filter and another: 0 for a filter that has a double up to a
  /// factor, 1 for one at right angles to all others.
  private func distinctness(of layer: PrunableNetwork.Layer) throws -> [Double] {
    let (weights, length) = (try layer.weight.floats(), layer.weight.rowLength)
    func product(_ one: Int, _ other: Int) -> Double {
      var sum: Float = 0
      for (left, right) in zip(
        weights[one * length..<(one + 1) * length], weights[other * length..<(other + 1) * length])
      {
        sum += left * right
      }
      return Double(sum)
    }
    let norms = (0..<layer.outputs).map { product($0, $0).squareRoot() }
    var resemblance = [Double](repeating: 0, count: layer.outputs)
    for one in norms.indices {
      for other in 0..<one where norms[one] > 0 && norms[other] > 0 {
        let cosine = min(abs(product(one, other)) / (norms[one] * norms[other]), 1)
        resemblance[one] = max(resemblance[one], cosine)
        resemblance[other] = max(resemblance[other], cosine)
      }
    }
    return resemblance.map { (1 - $0 * $0).squareRoot() }
  }
}
