/// The numbers that integers of a few bits stand for: the whole multiples of a scale between two ends.
///
/// ONNX's QuantizeLinear and DequantizeLinear with a zero point z and integers from a to b make of x the number
/// (clamp(round(x ÷ scale) + z, a, b) − z) × scale; with a − z and b − z as `steps` no zero point is left.
///
/// A sensitivity needs a slope, which a staircase has only as 0. The gradient passes straight through instead, as in
/// quantisation-aware training: 1 strictly between the ends, 0 from them on, as for Clip (Bengio, Léonard and Courville,
/// arXiv:1308.3432; Jacob et al., arXiv:1712.05877).
public struct Quantization: Hashable, Sendable, Codable {
  /// The distance between neighbours, above 0 and finite.
  public let scale: Float
  /// The lowest and the highest multiple; integers that float32 holds exactly, with 0 between them.
  public let steps: ClosedRange<Int>

  /// A grid.
  /// - Precondition: the scale and the steps are as their properties say.
  public init(scale: Float, steps: ClosedRange<Int>) {
    precondition(scale > 0 && scale.isFinite, "scale \(scale)")
    precondition(steps.contains(0) && steps.lowerBound >= -1 << 24 && steps.upperBound <= 1 << 24, "steps \(steps)")
    self.scale = scale
    self.steps = steps
  }

  /// The number of the grid that is nearest to x, of two the one with the even multiple; what is not a number stays so.
  ///
  /// Quotient and product are rounded to float32 like in every runtime: a number halfway between two others in float32
  /// is not so in float64.
  public func nearest(to x: Double) -> Double {
    let step = (Float(x) / scale).rounded(.toNearestOrEven)
    return Double(min(max(step, Float(steps.lowerBound)), Float(steps.upperBound)) * scale)
  }

  /// Whether x lies strictly between the ends.
  public func isInside(_ x: Double) -> Bool {
    let step = Float(x) / scale
    return step > Float(steps.lowerBound) && step < Float(steps.upperBound)
  }
}
