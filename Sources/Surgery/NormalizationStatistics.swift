public import Networks

/// Mean and variance of a BatchNormalization's input, pooled over all samples and positions.
///
/// Packed: the number of elements per channel, then by channel Σ(x − m), then by channel Σ(x − m)², with m the mean that
/// the layer has now: near it the squares lose no digits. Packed arrays add.
public struct NormalizationStatistics: Sendable {
  private let shift: [Double]
  private let plane: Int
  private let sampleElements: Int

  /// The input of a normalisation.
  /// - Parameters:
  ///   - shape: [N, C, D…], samples in equal runs along axis 0.
  ///   - batchSize: samples that the extents hold.
  ///   - runningMean: the layer's mean now, by channel.
  /// - Precondition: the counts fit.
  public init(of shape: Shape, batchSize: Int, runningMean: [Double]) {
    precondition(shape.rank >= 2 && shape[1] == runningMean.count && batchSize > 0 && shape[0] % batchSize == 0)
    shift = runningMean
    plane = shape.dimensions[2...].reduce(1, *)
    sampleElements = shape.count / batchSize
  }

  /// Elements of a packed statistic.
  public var packedCount: Int { 1 + 2 * shift.count }

  /// Adds the first samples of the input, row-major.
  public func accumulate(_ values: [Float], samples: Int, into packed: inout [Double]) {
    precondition(packed.count == packedCount && values.count >= samples * sampleElements && samples >= 0)
    let channels = shift.count
    guard channels * plane > 0 else { return }
    let runs = samples * sampleElements / (channels * plane)
    packed[0] += Double(runs * plane)
    values.withUnsafeBufferPointer { values in
      packed.withUnsafeMutableBufferPointer { packed in
        var element = 0
        for _ in 0..<runs {
          for channel in 0..<channels {
            let mean = shift[channel]
            var (sum, squares) = (0.0, 0.0)
            for _ in 0..<plane {
              let difference = Double(values[element]) - mean
              sum += difference
              squares += difference * difference
              element &+= 1
            }
            packed[1 + channel] += sum
            packed[1 + channels + channel] += squares
          }
        }
      }
    }
  }

  /// The mean and the variance by channel; `nil` where nothing was added.
  ///
  /// The variance is the biased one, Σ(x − mean)² ÷ count: the true one of the data seen, as inference takes it.
  /// (Training frameworks keep a running average of count ÷ (count − 1) times that.)
  public func moments(_ packed: [Double]) -> (mean: [Double], variance: [Double])? {
    precondition(packed.count == packedCount)
    guard packed[0] > 0 else { return nil }
    let channels = shift.count
    let offsets = packed[1...channels].map { $0 / packed[0] }
    let variance = offsets.indices.map { channel in
      let spread = packed[1 + channels + channel] / packed[0] - offsets[channel] * offsets[channel]
      // Rounding can leave a trace below 0; what is not a number stays so.
      return spread < 0 ? 0 : spread
    }
    return (offsets.indices.map { shift[$0] + offsets[$0] }, variance)
  }
}
