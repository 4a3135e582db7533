/// The widths at which one side of a layer is timed, ascending, the full width last.
///
/// Times are staircases: kernels compute whole vectors of channels. Narrow layers are timed at every width; wider ones at
/// multiples of a step that grows with the width, of 16 channels and more at multiples of 16, as no vector of float32 is
/// longer; below the first step at powers of two.
struct WidthLadder: Hashable, Sendable {
  /// The widths.
  let widths: [Int]

  /// The ladder of one side.
  /// - Parameters:
  ///   - full: the unpruned width.
  ///   - unit: what kept widths are multiples of: convolution groups, or outputs per input of a depthwise layer.
  ///   - canShrink: whether channels can go; else there is only the full width.
  ///   - rungs: the most widths, at least 2.
  init(full: Int, unit: Int, canShrink: Bool, rungs: Int) {
    let count = full / max(unit, 1)
    guard canShrink, count > 1 else {
      widths = [full]
      return
    }
    guard count > rungs else {
      widths = (1...count).map { $0 * unit }
      return
    }
    let large = max(rungs * 3 / 4, 1)
    func reaches(_ step: Int) -> Bool { (count + step - 1) / step <= large }
    let coarse = ((count + large - 1) / large + 15) / 16 * 16
    let step = [2, 4, 8].first(where: reaches) ?? coarse
    var chosen = Set(stride(from: step, to: count, by: step)).union([count])
    var below = 1
    while below * 2 < min(step, count) { below *= 2 }
    while below >= 1, chosen.count < rungs {
      chosen.insert(below)
      below /= 2
    }
    widths = chosen.sorted().map { $0 * unit }
  }
}

extension LayerShape {
  /// What kept widths of each side are multiples of.
  var units: (inputs: Int, outputs: Int) { isDepthwise ? (1, outputs / inputs) : (groups, groups) }
}
