public import Networks

/// The mean of every channel of a value over samples and positions.
///
/// Packed: the number of elements per channel, then their sum by channel; packed arrays add.
public struct ChannelMeans: Sendable {
  private let channels: Int
  /// Elements between neighbours along the channel axis.
  private let inner: Int
  private let sampleElements: Int

  /// The channels of a value.
  /// - Parameters:
  ///   - shape: its extents; samples in equal runs along axis 0.
  ///   - channelAxis: 1 for images; the last for what a linear layer reads, where each feature has a mean of its own.
  ///   - batchSize: samples that the extents hold.
  /// - Precondition: the axis exists behind axis 0, and the samples divide axis 0.
  public init(of shape: Shape, channelAxis: Int, batchSize: Int) {
    precondition((1..<shape.rank).contains(channelAxis) && batchSize > 0 && shape[0] % batchSize == 0)
    channels = shape[channelAxis]
    inner = shape.dimensions[(channelAxis + 1)...].reduce(1, *)
    sampleElements = shape.count / batchSize
  }

  /// Elements of a packed statistic.
  public var packedCount: Int { 1 + channels }

  /// Adds the first samples of a value, row-major.
  public func accumulate(_ values: [Float], samples: Int, into packed: inout [Double]) {
    precondition(packed.count == packedCount && values.count >= samples * sampleElements && samples >= 0)
    guard channels * inner > 0 else { return }
    let runs = samples * sampleElements / (channels * inner)
    packed[0] += Double(runs * inner)
    values.withUnsafeBufferPointer { values in
      packed.withUnsafeMutableBufferPointer { packed in
        var element = 0
        for _ in 0..<runs {
          for channel in 1...channels {
            var sum = 0.0
            for _ in 0..<inner {
              sum += Double(values[element])
              element &+= 1
            }
            packed[channel] += sum
          }
        }
      }
    }
  }

  /// The mean by channel; 0 where nothing was added.
  public func means(_ packed: [Double]) -> [Double] {
    precondition(packed.count == packedCount)
    return packed.dropFirst().map { packed[0] > 0 ? $0 / packed[0] : 0 }
  }
}
