/// Channels that must go together, found by union: every label's class, and why a class must stay.
struct LabelClasses {
  private var parents: [Int32] = []
  private var reasons: [Int32: FreezeReason] = [:]

  /// The number of labels given out.
  var count: Int { parents.count }

  /// New labels, each a class of its own.
  mutating func makeLabels(_ count: Int) -> [Int32] {
    let first = Int32(parents.count)
    let fresh = Array(first..<first + Int32(count))
    parents += fresh
    return fresh
  }

  /// The class of a label: its smallest member.
  mutating func find(_ label: Int32) -> Int32 {
    var root = label
    while parents[Int(root)] != root {
      parents[Int(root)] = parents[Int(parents[Int(root)])]
      root = parents[Int(root)]
    }
    return root
  }

  /// Makes two labels one class; `none` joins nothing.
  mutating func union(_ left: Int32, _ right: Int32) {
    guard left != LabelArray.none, right != LabelArray.none else { return }
    let (first, second) = (find(left), find(right))
    guard first != second else { return }
    let (low, high) = (min(first, second), max(first, second))
    parents[Int(high)] = low
    if let moved = reasons.removeValue(forKey: high), reasons[low] == nil { reasons[low] = moved }
  }

  /// Keeps the classes of some labels from being removed; the first reason of a class stays.
  mutating func freeze(_ labels: some Sequence<Int32>, _ reason: FreezeReason) {
    for label in labels where label != LabelArray.none {
      let root = find(label)
      if reasons[root] == nil { reasons[root] = reason }
    }
  }

  /// Why a label's class must stay, or `nil`.
  mutating func reason(of label: Int32) -> FreezeReason? { reasons[find(label)] }
}
