import CKernels
import Networks

/// A strided array of rows whose channels are contiguous: what passes read and write.
struct Rows: Hashable {
  /// Where it is.
  let buffer: BufferID
  /// The first element.
  let offset: Int
  /// Elements from one row to the next.
  let stride: Int

  /// The channels from `first` on.
  func channels(from first: Int) -> Rows { Rows(buffer: buffer, offset: offset + first, stride: stride) }

  /// The rows as the kernels take them.
  func kernel(_ memory: Memory) -> pc_rows {
    pc_rows(values: UnsafePointer(memory.floats(buffer) + offset), stride: stride)
  }
}

/// An array as samples × rows × channels, its innermost axis being the channels.
struct RowGeometry: Hashable {
  /// Samples; 1 where the first axis does not hold them in equal runs.
  let samples: Int
  /// Rows of each sample.
  let rows: Int
  /// Elements of a row.
  let channels: Int

  /// How many rows of a tensor without gaps belong to each of a batch's samples.
  init(_ tensor: Tensor, batchSize: Int) { self.init(tensor.shape, tensor.layout, batchSize: batchSize) }

  /// How many rows of an array without gaps belong to each of a batch's samples.
  init(_ shape: Shape, _ layout: Layout, batchSize: Int) {
    channels = layout.order(rank: shape.rank).last.map { shape[$0] } ?? 1
    let all = shape.count / max(channels, 1)
    samples = shape.rank > 1 && shape[0] % batchSize == 0 ? batchSize : 1
    rows = all / samples
  }

  private init(samples: Int, rows: Int, channels: Int) {
    self.samples = samples
    self.rows = rows
    self.channels = channels
  }

  /// The same rows with fewer channels.
  func narrowed(to channels: Int) -> RowGeometry { RowGeometry(samples: samples, rows: rows, channels: channels) }
}

extension Tensor {
  /// All of it as rows without gaps.
  var rows: Rows {
    let innermost = layout.order(rank: shape.rank).last.map { shape[$0] } ?? 1
    return Rows(buffer: buffer, offset: 0, stride: innermost)
  }
}

/// A run of one value's channels that stands for a part of another value, which then needs no memory of its own.
struct Part: Hashable {
  /// The value that is in memory, channels last.
  let base: ValueID
  /// Its channels.
  let channels: Range<Int>
}

/// One value per sample and channel.
struct ChannelFactors {
  /// An array [samples, channels].
  let buffer: BufferID
  /// The first of the channels that are meant.
  let first: Int
  /// The array's channels: the distance between samples.
  let stride: Int

  /// The channels from `first` on.
  func channels(from first: Int) -> ChannelFactors {
    ChannelFactors(buffer: buffer, first: self.first + first, stride: stride)
  }
}

/// What one reader of a value adds to the value's gradient. It is held back until the gradient as a whole is needed, so
/// that one pass can bring all of it together.
struct Contribution {
  /// What is added.
  enum Source {
    /// An array.
    case rows(Rows)
    /// An array times a factor per sample and channel.
    case scaled(Rows, factors: ChannelFactors)
    /// A factor times an array that has one value per sample and channel, the same in every row.
    case spread(ChannelFactors, factor: Float)
  }

  /// What is added.
  let source: Source
  /// To which of the value's channels.
  let channels: Range<Int>

  /// The buffers that must keep their content until then.
  var buffers: [BufferID] { source.buffers }
}

extension Contribution.Source {
  /// The buffers that it is read from.
  var buffers: [BufferID] {
    switch self {
    case .rows(let rows): [rows.buffer]
    case .scaled(let rows, let factors): [rows.buffer, factors.buffer]
    case .spread(let values, _): [values.buffer]
    }
  }

  /// The same for the value's channels from `first` on.
  func channels(from first: Int) -> Contribution.Source {
    switch self {
    case .rows(let rows): .rows(rows.channels(from: first))
    case .scaled(let rows, let factors):
      .scaled(rows.channels(from: first), factors: factors.channels(from: first))
    case .spread(let values, let factor): .spread(values.channels(from: first), factor: factor)
    }
  }
}
