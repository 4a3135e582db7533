public import Networks

import Glibc

/// Random inputs of a network: each batch a pure function of the seed and the batch's number.
public struct RandomProbes: Sendable {
  /// How an input's elements are spread.
  public enum Distribution: Hashable, Sendable {
    /// Normal, mean 0 and the given standard deviation.
    case normal(deviation: Double)
    /// Uniform over −bound … bound.
    case uniform(bound: Double)
  }

  private let seed: UInt64
  private let counts: [Int]
  private let distributions: [Distribution]

  /// Probes for a network.
  /// - Parameter distributions: by input of the network.
  /// - Precondition: there is one per input.
  public init(for network: Network, _ distributions: [Distribution], seed: UInt64) {
    precondition(distributions.count == network.inputs.count, "one distribution per input of \(network.name)")
    self.seed = seed
    self.distributions = distributions
    counts = network.inputs.map { network[$0].shape.count }
  }

  /// The elements of every input of a batch, row-major.
  /// - Precondition: `number` ≥ 0.
  public func batch(_ number: Int) -> [[Float]] {
    precondition(number >= 0)
    return counts.indices.map { input in
      var random = SplitMix64(seed, UInt64(number), UInt64(input))
      return switch distributions[input] {
      case .normal(let deviation): Self.normal(counts[input], deviation, &random)
      case .uniform(let bound): (0..<counts[input]).map { _ in Float(bound * (2 * random.unit() - 1)) }
      }
    }
  }

  /// Normal numbers in pairs (Box and Muller 1958).
  private static func normal(_ count: Int, _ deviation: Double, _ random: inout SplitMix64) -> [Float] {
    var result: [Float] = []
    result.reserveCapacity(count + 1)
    while result.count < count {
      let radius = deviation * (-2 * log(1 - random.unit())).squareRoot()
      let angle = 2 * Double.pi * random.unit()
      result.append(Float(radius * cos(angle)))
      result.append(Float(radius * sin(angle)))
    }
    if result.count > count { result.removeLast() }
    return result
  }
}
