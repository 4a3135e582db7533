import Networks

/// What one axis is resized to.
struct ResizeTarget {
  let axis: Int
  /// The new extent.
  let extent: Int
  /// New extent ÷ old extent as written, or as the sizes say.
  let scale: Float
  /// Start and end of the part that is resized, as fractions; used by `tf_crop_and_resize`.
  var region: (start: Float, end: Float) = (0, 1)
}

/// How ONNX Resize finds the elements that a new element is made of.
///
/// Coordinates are computed in float32, as runtimes do: near a half or an integer that decides which element is taken.
struct ResizeRule {
  /// How many elements are joined.
  enum Mode { case nearest, linear, cubic }

  /// Which place of the operand a new place lies at, by ONNX's names.
  enum Coordinates: String {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pyTorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case tensorFlowHalfPixel = "tf_half_pixel_for_nn"
    case cropAndResize = "tf_crop_and_resize"
  }

  /// How a place between two elements is rounded, by ONNX's names.
  enum Nearest: String {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor
    case ceil
    /// Below opset 11: down when enlarging, up when shrinking.
    case plain
  }

  let mode: Mode
  var coordinates = Coordinates.asymmetric
  var nearest = Nearest.plain
  var cubicCoefficient: Float = -0.75
  /// Whether elements outside get no weight instead of repeating the border.
  var excludesOutside = false
  /// Whether what `tf_crop_and_resize` takes from outside is 0.
  var extrapolationIsZero = true

  /// Elements that a new element is made of.
  var taps: Int {
    switch mode {
    case .nearest: 1
    case .linear: 2
    case .cubic: 4
    }
  }

  /// The sources and weights of every new element of an axis.
  func resampling(_ target: ResizeTarget, from extent: Int) throws(ImportProblem) -> Resampling {
    var sources: [Int] = []
    var weights: [Double] = []
    // An axis that keeps its extent is left alone, whatever the coordinates: exactly in every mode but cropping.
    let isKept = target.extent == extent && target.scale == 1 && coordinates != .cropAndResize
    if isKept {
      return Resampling(
        axis: target.axis, taps: 1, sources: Array(0..<extent), weights: [Double](repeating: 1, count: extent))
    }
    sources.reserveCapacity(target.extent * taps)
    weights.reserveCapacity(target.extent * taps)
    for place in 0..<target.extent {
      let origin = origin(of: place, target, extent)
      if coordinates == .cropAndResize, !(origin >= 0 && origin <= Float(extent - 1)) {
        guard extrapolationIsZero else { throw .unsupported("a region outside the image with extrapolation_value ≠ 0") }
        sources += [Int](repeating: 0, count: taps)
        weights += [Double](repeating: 0, count: taps)
        continue
      }
      switch mode {
      case .nearest:
        sources.append(min(max(rounded(origin, shrinks: target.scale < 1), 0), extent - 1))
        weights.append(1)
      case .linear:
        let clamped = min(max(origin, 0), Float(extent - 1))
        // In float32 the last place of a long axis may round up to one behind it.
        let first = min(Int(clamped), extent - 1)
        let fraction = Double(clamped) - Double(first)
        sources += [first, min(first + 1, extent - 1)]
        weights += [1 - fraction, fraction]
      case .cubic: appendCubic(origin, extent, &sources, &weights)
      }
    }
    return Resampling(axis: target.axis, taps: taps, sources: sources, weights: weights)
  }

  /// The place in the operand that a new place lies at (ONNX Resize, attribute coordinate_transformation_mode).
  private func origin(of place: Int, _ target: ResizeTarget, _ extent: Int) -> Float {
    let x = Float(place)
    switch coordinates {
    case .asymmetric: return x / target.scale
    case .halfPixel: return (x + 0.5) / target.scale - 0.5
    case .pyTorchHalfPixel: return target.extent > 1 ? (x + 0.5) / target.scale - 0.5 : 0
    case .tensorFlowHalfPixel: return (x + 0.5) / target.scale
    case .alignCorners: return target.extent == 1 ? 0 : x * Float(extent - 1) / Float(target.extent - 1)
    case .halfPixelSymmetric:
      // The scale as written may not be that of the extents; the image is centred in what it asks for.
      let adjustment = Float(target.extent) / (target.scale * Float(extent))
      let offset = Float(extent) / 2 * (1 - adjustment)
      return offset + (x + 0.5) / target.scale - 0.5
    case .cropAndResize:
      let (start, end) = target.region
      guard target.extent > 1 else { return 0.5 * (start + end) * Float(extent - 1) }
      return start * Float(extent - 1) + x * (end - start) * Float(extent - 1) / Float(target.extent - 1)
    }
  }

  private func rounded(_ origin: Float, shrinks: Bool) -> Int {
    // Places are within one extent of the axis, or far outside where a crop was refused: no overflow.
    switch nearest {
    case .floor: return Int(origin.rounded(.down))
    case .ceil: return Int(origin.rounded(.up))
    case .plain: return Int(origin.rounded(shrinks ? .up : .towardZero))
    // Halves are added in float64, where no sum of the two is rounded.
    case .roundPreferFloor: return Int((Double(origin) - 0.5).rounded(.up))
    case .roundPreferCeil: return Int((Double(origin) + 0.5).rounded(.down))
    }
  }

  /// Four elements by cubic convolution with coefficient a (Keys, 1981).
  private func appendCubic(_ origin: Float, _ extent: Int, _ sources: inout [Int], _ weights: inout [Double]) {
    let first = origin.rounded(.down)
    let s = Double(origin - first)
    let a = Double(cubicCoefficient)
    let near = { (d: Double) in ((a + 2) * d - (a + 3)) * d * d + 1 }
    let far = { (d: Double) in ((a * d - 5 * a) * d + 8 * a) * d - 4 * a }
    var four = [far(s + 1), near(s), near(1 - s), far(2 - s)]
    let places = (-1...2).map { Int(first) + $0 }
    if excludesOutside {
      for tap in 0..<4 where !(0..<extent).contains(places[tap]) { four[tap] = 0 }
      let sum = four.reduce(0, +)
      four = four.map { $0 / sum }
    }
    sources += places.map { min(max($0, 0), extent - 1) }
    weights += four
  }
}
