extension Linear {
  /// Input and output features of a rank-2 weight.
  public func features(of weight: Shape) -> (inputs: Int, outputs: Int) {
    weightIsOutputByInput ? (weight[1], weight[0]) : (weight[0], weight[1])
  }

  /// What is wrong with a node's shapes, or `nil`.
  func problem(_ x: Shape, weight: Shape?, bias: Shape?, _ y: Shape) -> String? {
    guard let weight, weight.rank == 2, x.rank >= 1 else { return "operand \(x), weight needs two axes" }
    let (inputs, outputs) = features(of: weight)
    guard weight.count > 0, x[x.rank - 1] == inputs else { return "operand \(x) does not fit weight \(weight)" }
    if let bias, bias != Shape([outputs]) { return "bias of shape \(bias), expected [\(outputs)]" }
    if let outputScale, outputScale.count != outputs { return "\(outputScale.count) scales for \(outputs) outputs" }
    let expected = Array(x.dimensions.dropLast()) + [outputs]
    return y.dimensions == expected ? nil : "a result of shape \(y), expected \(expected)"
  }
}
