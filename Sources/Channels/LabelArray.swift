import Networks

/// Which channel every element of a tensor belongs to.
///
/// A label is a number that `LabelClasses` gave out, or `none`. Axes along which nothing changes (batch, space) are held
/// with extent 1, so the array stays as small as the number of channels.
struct LabelArray {
  /// The label of elements that belong to no channel.
  static let none: Int32 = -1

  /// The tensor's extents.
  let extents: [Int]
  /// Per axis the tensor's extent, or 1 where the labels do not change along it.
  private(set) var stored: [Int]
  /// The labels over `stored`, row-major.
  private(set) var labels: [Int32]

  /// Labels over some axes, the others not changing.
  init(extents: [Int], stored: [Int], labels: [Int32]) {
    self.extents = extents
    self.stored = stored
    self.labels = labels
    dropUnchangingAxes()
  }

  /// Numbers over some axes, taken as they are.
  init(extents: [Int], uncheckedStored stored: [Int], labels: [Int32]) {
    self.extents = extents
    self.stored = stored
    self.labels = labels
  }

  /// A tensor of one label, or of none.
  init(extents: [Int], filledWith label: Int32 = none) {
    self.extents = extents
    stored = [Int](repeating: 1, count: extents.count)
    labels = [label]
  }

  /// One label per index of an axis.
  init(extents: [Int], axis: Int, labels: [Int32]) {
    var stored = [Int](repeating: 1, count: extents.count)
    stored[axis] = extents[axis]
    self.init(extents: extents, stored: stored, labels: labels)
  }

  /// The axes along which the labels change.
  var changingAxes: [Int] { stored.indices.filter { stored[$0] > 1 } }

  /// The label at each index of an axis, when nothing changes along any other; `nil` otherwise.
  func labels(alongOnly axis: Int) -> [Int32]? {
    guard changingAxes.allSatisfy({ $0 == axis }) else { return nil }
    return labels.count == 1 ? [Int32](repeating: labels[0], count: extents[axis]) : labels
  }

  /// The labels over larger stored extents: each is the own stored extent, or the tensor's.
  func expanded(to target: [Int]) -> [Int32] {
    guard target != stored else { return labels }
    var strides = Shape(stored).rowMajorStrides
    for axis in stored.indices where stored[axis] == 1 { strides[axis] = 0 }
    return LabelArray.gather(labels, extents: target, start: 0, strides: strides)
  }

  /// Elements of a row-major array picked at start + Σ index × stride.
  static func gather(_ source: [Int32], extents: [Int], start: Int, strides: [Int]) -> [Int32] {
    let count = extents.reduce(1, *)
    var result: [Int32] = []
    result.reserveCapacity(count)
    var index = [Int](repeating: 0, count: extents.count)
    var position = start
    for _ in 0..<count {
      result.append(source[position])
      for axis in stride(from: extents.count - 1, through: 0, by: -1) {
        index[axis] += 1
        position += strides[axis]
        if index[axis] < extents[axis] { break }
        position -= extents[axis] * strides[axis]
        index[axis] = 0
      }
    }
    return result
  }

  private mutating func dropUnchangingAxes() {
    for axis in stored.indices where stored[axis] > 1 {
      let inner = stored[(axis + 1)...].reduce(1, *)
      let block = inner * stored[axis]
      let unchanging = stride(from: 0, to: labels.count, by: block).allSatisfy { start in
        (start + inner..<start + block).allSatisfy { labels[$0] == labels[$0 - inner] }
      }
      guard unchanging else { continue }
      labels = stride(from: 0, to: labels.count, by: block).flatMap { labels[$0..<$0 + inner] }
      stored[axis] = 1
    }
  }
}
