import Networks

extension OperatorNode {
  /// Resize of opset 10 on: nearest, linear or cubic along any axes.
  func convertResize(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    var rule = ResizeRule(mode: try resizeMode(["nearest", "linear", "cubic"]))
    guard opset >= 11 else { return [try resized(x, try scales(1, axes: Array(0..<x.shape.rank), x), rule, &builder)] }
    rule.coordinates = try coordinates()
    rule.nearest = try nearest()
    rule.cubicCoefficient = Float(try float("cubic_coeff_a", default: -0.75))
    rule.excludesOutside = try flag("exclude_outside")
    let antialiases = opset >= 18 ? try flag("antialias") : false
    guard !antialiases else { throw .unsupported("antialias = 1") }
    var axes = Array(0..<x.shape.rank)
    if opset >= 18, let written = try integers("axes") {
      _ = try self.axes(written, rank: x.shape.rank)
      axes = []
      for axis in written { axes.append(try self.axis(axis, rank: x.shape.rank)) }
    }
    let targets: [ResizeTarget]
    if let sizes = try integerList(3), !sizes.isEmpty {
      targets = try self.sizes(sizes, axes: axes, x)
    } else {
      targets = try scales(2, axes: axes, x)
    }
    guard rule.coordinates == .cropAndResize else { return [try resized(x, targets, rule, &builder)] }
    rule.extrapolationIsZero = try float("extrapolation_value", default: 0) == 0
    guard let bounds = optional(1)?.constant?.floats, bounds.count == 2 * axes.count else {
      throw .bad("the region, expected a constant of \(2 * axes.count) elements")
    }
    let cropped = targets.enumerated().map { position, target in
      var target = target
      target.region = (bounds[position], bounds[position + axes.count])
      return target
    }
    return [try resized(x, cropped, rule, &builder)]
  }

  /// Upsample: scales are an attribute below opset 9, an operand in it.
  func convertUpsample(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let rule = ResizeRule(mode: try resizeMode(["nearest", "linear"]))
    let axes = Array(0..<x.shape.rank)
    if opset >= 9 { return [try resized(x, try scales(1, axes: axes, x), rule, &builder)] }
    guard let attribute = attributes["scales"], attribute.floats.count == axes.count else {
      throw .bad("attribute 'scales', expected \(axes.count) floats")
    }
    return [try resized(x, try scales(attribute.floats, axes: axes, x), rule, &builder)]
  }

  private func resizeMode(_ known: [String]) throws(ImportProblem) -> ResizeRule.Mode {
    let name = try text("mode", default: "nearest")
    // Opsets 7 to 9 wrote "bilinear" at first.
    guard known.contains(name) || name == "bilinear" else {
      throw .bad("mode '\(name)', expected one of \(known.joined(separator: ", "))")
    }
    return name == "nearest" ? .nearest : name == "cubic" ? .cubic : .linear
  }

  private func coordinates() throws(ImportProblem) -> ResizeRule.Coordinates {
    let name = try text("coordinate_transformation_mode", default: "half_pixel")
    guard let coordinates = ResizeRule.Coordinates(rawValue: name) else {
      throw .unsupported("coordinate_transformation_mode '\(name)'")
    }
    return coordinates
  }

  private func nearest() throws(ImportProblem) -> ResizeRule.Nearest {
    let name = try text("nearest_mode", default: "round_prefer_floor")
    guard let nearest = ResizeRule.Nearest(rawValue: name) else { throw .bad("nearest_mode '\(name)'") }
    return nearest
  }

  private func scales(_ position: Int, axes: [Int], _ x: Operand) throws(ImportProblem) -> [ResizeTarget] {
    let tensor = try constant(position)
    guard tensor.shape.rank == 1, tensor.shape.count == axes.count, !axes.isEmpty else {
      throw .bad("scales of shape \(tensor.shape), expected \(axes.count)")
    }
    return try scales(tensor.floats, axes: axes, x)
  }

  private func scales(_ scales: [Float], axes: [Int], _ x: Operand) throws(ImportProblem) -> [ResizeTarget] {
    var targets: [ResizeTarget] = []
    for (axis, scale) in zip(axes, scales) {
      // In float32, like the runtimes, which decides where a product is near an integer.
      guard scale > 0, let extent = Int(exactly: (scale * Float(x.shape[axis])).rounded(.down)), extent >= 1 else {
        throw .bad("scale \(scale) for axis \(axis) of \(x.shape)")
      }
      targets.append(ResizeTarget(axis: axis, extent: extent, scale: scale))
    }
    return targets
  }

  private func sizes(_ sizes: [Int], axes: [Int], _ x: Operand) throws(ImportProblem) -> [ResizeTarget] {
    guard sizes.count == axes.count, sizes.allSatisfy({ $0 >= 1 }) else {
      throw .bad("sizes \(sizes), expected \(axes.count) extents")
    }
    let scales = zip(axes, sizes).map { Float($1) / Float(x.shape[$0]) }
    let policy = opset >= 18 ? try text("keep_aspect_ratio_policy", default: "stretch") : "stretch"
    switch policy {
    case "stretch":
      return axes.indices.map { ResizeTarget(axis: axes[$0], extent: sizes[$0], scale: scales[$0]) }
    case "not_larger", "not_smaller":
      guard let scale = policy == "not_larger" ? scales.min() : scales.max() else { return [] }
      var targets: [ResizeTarget] = []
      for axis in axes {
        guard let extent = Int(exactly: (scale * Float(x.shape[axis])).rounded()), extent >= 1 else {
          throw .bad("sizes \(sizes) for shape \(x.shape)")
        }
        targets.append(ResizeTarget(axis: axis, extent: extent, scale: scale))
      }
      return targets
    default: throw .bad("keep_aspect_ratio_policy '\(policy)'")
    }
  }

  private func resized(
    _ x: Operand, _ targets: [ResizeTarget], _ rule: ResizeRule, _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> Operand {
    var steps: [Resampling] = []
    var dimensions = x.shape.dimensions
    for target in targets.sorted(by: { $0.axis < $1.axis }) {
      _ = try builder.reserve([target.extent, rule.taps], arrays: 2)
      let step = try rule.resampling(target, from: x.shape[target.axis])
      dimensions[target.axis] = target.extent
      if !step.isIdentity(of: x.shape[target.axis]) { steps.append(step) }
    }
    guard !steps.isEmpty else { return x }
    return try builder.emit(self, .resample(steps), [x], dimensions)
  }
}

extension Resampling {
  /// Whether every element of an axis stays what it is.
  fileprivate func isIdentity(of extent: Int) -> Bool {
    guard sources.count == extent * taps else { return false }
    return (0..<extent).allSatisfy { place in
      let own = place * taps..<(place + 1) * taps
      return own.allSatisfy { weights[$0] == 0 || sources[$0] == place } && own.reduce(0) { $0 + weights[$1] } == 1
    }
  }
}
