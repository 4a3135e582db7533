import Networks

/// The operations that move elements, done on labels exactly as on values.
extension LabelArray {
  private static func fits(_ stored: [Int]) -> Bool {
    stored.reduce(1.0) { $0 * Double($1) } <= Double(AnalysisLimits.tensorLabels)
  }

  /// The same elements in row-major order under other extents; `nil` when that takes more labels than can be held.
  ///
  /// Both lists of extents are cut into the shortest runs of equal product; only runs in which something changes are
  /// written out.
  func reshaped(to target: [Int]) -> LabelArray? {
    guard !extents.contains(0), !target.contains(0) else { return LabelArray(extents: target) }
    var wanted = stored
    var result = [Int](repeating: 1, count: target.count)
    var (own, other) = (0, 0)
    while own < extents.count || other < target.count {
      let (ownStart, otherStart) = (own, other)
      var ownProduct = 1
      var otherProduct = 1
      repeat {
        if own < extents.count, ownProduct <= otherProduct || other == target.count {
          ownProduct *= extents[own]
          own += 1
        } else {
          otherProduct *= target[other]
          other += 1
        }
      } while ownProduct != otherProduct
      guard stored[ownStart..<own].contains(where: { $0 > 1 }) else { continue }
      for axis in ownStart..<own { wanted[axis] = extents[axis] }
      for axis in otherStart..<other { result[axis] = target[axis] }
    }
    guard LabelArray.fits(wanted) else { return nil }
    return LabelArray(extents: target, stored: result, labels: expanded(to: wanted))
  }

  /// Axis i of the result is axis `permutation[i]`.
  func transposed(_ permutation: [Int]) -> LabelArray {
    let strides = Shape(stored).rowMajorStrides
    let extents = permutation.map { self.extents[$0] }
    let stored = permutation.map { self.stored[$0] }
    let labels = LabelArray.gather(
      self.labels, extents: stored, start: 0, strides: permutation.map { strides[$0] })
    return LabelArray(extents: extents, stored: stored, labels: labels)
  }

  /// Part of every axis: `counts` elements from `starts` in `steps`.
  func sliced(starts: [Int], steps: [Int], counts: [Int]) -> LabelArray {
    guard !counts.contains(0) else { return LabelArray(extents: counts) }
    let own = Shape(stored).rowMajorStrides
    var taken = [Int](repeating: 1, count: stored.count)
    var strides = [Int](repeating: 0, count: stored.count)
    var start = 0
    for axis in changingAxes {
      taken[axis] = counts[axis]
      strides[axis] = own[axis] * steps[axis]
      start += own[axis] * starts[axis]
    }
    let labels = LabelArray.gather(self.labels, extents: taken, start: start, strides: strides)
    return LabelArray(extents: counts, stored: taken, labels: labels)
  }

  /// Places of an axis that indices name, the index axes in its place; `nil` when that takes more labels than can be held.
  func gathered(axis: Int, indices: [Int], indexExtents: [Int]) -> LabelArray? {
    let result = Array(extents[..<axis] + indexExtents + extents[(axis + 1)...])
    guard stored[axis] > 1 else {
      let ones = indexExtents.map { _ in 1 }
      return LabelArray(extents: result, stored: stored[..<axis] + ones + stored[(axis + 1)...], labels: labels)
    }
    let taken = Array(stored[..<axis] + indexExtents + stored[(axis + 1)...])
    guard LabelArray.fits(taken) else { return nil }
    let inner = stored[(axis + 1)...].reduce(1, *)
    var labels: [Int32] = []
    labels.reserveCapacity(taken.reduce(1, *))
    for block in 0..<stored[..<axis].reduce(1, *) {
      for index in indices {
        let start = (block * stored[axis] + index) * inner
        labels += self.labels[start..<start + inner]
      }
    }
    return LabelArray(extents: result, stored: taken, labels: labels)
  }

  /// Parts joined along an axis; `nil` when that takes more labels than can be held.
  static func joined(_ parts: [LabelArray], axis: Int, extents: [Int]) -> LabelArray? {
    var stored = [Int](repeating: 1, count: extents.count)
    for part in parts { for changing in part.changingAxes { stored[changing] = extents[changing] } }
    stored[axis] = extents[axis]
    guard fits(stored) else { return nil }
    let outer = stored[..<axis].reduce(1, *)
    let written = parts.map { part in
      var target = stored
      target[axis] = part.extents[axis]
      return part.expanded(to: target)
    }
    var labels: [Int32] = []
    for index in 0..<outer {
      for part in written {
        let block = part.count / max(outer, 1)
        labels += part[index * block..<(index + 1) * block]
      }
    }
    return LabelArray(extents: extents, stored: stored, labels: labels)
  }

  /// Elements added around. What is added belongs to no channel, or repeats what the mode repeats; `nil` when that takes
  /// more labels than can be held.
  func padded(_ pad: Pad) -> LabelArray? {
    guard LabelArray.fits(stored.indices.map { stored[$0] == 1 ? 1 : stored[$0] + pad.before[$0] + pad.behind[$0] })
    else { return nil }
    var result = self
    for axis in extents.indices where pad.before[axis] > 0 || pad.behind[axis] > 0 {
      result = result.padded(axis: axis, before: pad.before[axis], behind: pad.behind[axis], mode: pad.mode)
    }
    return result
  }

  private func padded(axis: Int, before: Int, behind: Int, mode: Pad.Mode) -> LabelArray {
    let extent = extents[axis]
    var padded = extents
    padded[axis] = before + extent + behind
    // Padding of an axis along which nothing changes puts no channel anywhere: space, not channels.
    guard stored[axis] > 1 else {
      return LabelArray(extents: padded, stored: stored, labels: labels)
    }
    let inner = stored[(axis + 1)...].reduce(1, *)
    let outer = stored[..<axis].reduce(1, *)
    var result: [Int32] = []
    for block in 0..<outer {
      for index in -before..<extent + behind {
        let source: Int?
        switch mode {
        case .constant: source = (0..<extent).contains(index) ? index : nil
        case .edge: source = min(max(index, 0), extent - 1)
        case .reflect: source = index < 0 ? -index : index >= extent ? 2 * (extent - 1) - index : index
        }
        if let source {
          let start = (block * extent + source) * inner
          result += labels[start..<start + inner]
        } else {
          result += [Int32](repeating: LabelArray.none, count: inner)
        }
      }
    }
    var stored = self.stored
    stored[axis] = padded[axis]
    return LabelArray(extents: padded, stored: stored, labels: result)
  }

  /// The axes of a reduction taken away or kept with extent 1; nothing changes along them.
  func reduced(to target: [Int], axes: [Int]) -> LabelArray {
    let keeps = target.count == extents.count
    let kept = stored.indices.filter { !axes.contains($0) }.map { stored[$0] }
    return LabelArray(extents: target, stored: keeps ? stored : kept, labels: labels)
  }
}
