/// What becomes of the elements that a reduction makes one.
public enum Reduction: Hashable, Sendable, Codable {
  /// Their mean.
  case mean
  /// Their sum.
  case sum
  /// The largest; the gradient goes to the first of equals in row-major order of the reduced axes.
  case max
  /// The smallest; the gradient goes to the first of equals in row-major order of the reduced axes.
  case min
  /// Σ |x|; no gradient at 0.
  case l1
  /// √Σ x²; the gradient where the sum is 0 is 0.
  case l2
  /// Σ x²
  case sumOfSquares
  /// ln Σ eˣ
  case logSumExp
}
