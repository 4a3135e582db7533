import Networks

/// What stays of a constant.
struct TensorPart: Hashable {
  /// Per axis the indices that stay, ascending; axes that lose nothing are absent.
  var axes: [Int: [Int]] = [:]
  /// The weight of a grouped convolution whose groups lose different channels: axis 0 lies in as many equal runs as there
  /// are lists, and a run keeps these indices of axis 1, every run equally many. Empty everywhere else.
  var blocks: [[Int]] = []

  /// Whether nothing goes.
  var isWhole: Bool { axes.isEmpty && blocks.isEmpty }

  /// The extents of what stays.
  func extents(of dimensions: [Int]) -> [Int] {
    dimensions.indices.map { axis in
      axis == 1 && !blocks.isEmpty ? blocks[0].count : axes[axis]?.count ?? dimensions[axis]
    }
  }

  /// The part of an operand that broadcasts to a result of which this part stays; `nil` when there is none.
  func operand(_ dimensions: [Int], of result: [Int]) -> TensorPart? {
    let offset = result.count - dimensions.count
    guard offset >= 0 else { return isWhole ? self : nil }
    var part = TensorPart()
    for (axis, kept) in axes where axis >= offset && dimensions[axis - offset] > 1 { part.axes[axis - offset] = kept }
    guard !blocks.isEmpty, offset <= 1, dimensions[1 - offset] > 1 else { return part }
    guard offset == 0, dimensions[0] == result[0] else { return nil }
    part.blocks = blocks
    return part
  }

  /// The part of a tensor that stays so that of its transposition this part does; `nil` when that is no part.
  func transposedBack(_ permutation: [Int]) -> TensorPart? {
    var part = TensorPart()
    for (axis, kept) in axes { part.axes[permutation[axis]] = kept }
    guard !blocks.isEmpty else { return part }
    guard permutation[0] == 0, permutation[1] == 1 else { return nil }
    part.blocks = blocks
    return part
  }

  /// The part of a tensor that stays so that under other extents this part does; `nil` when an axis does not survive.
  func reshapedBack(from result: [Int], to operand: [Int]) -> TensorPart? {
    func axis(_ axis: Int) -> Int? {
      let front = result[..<axis].reduce(1, *)
      return operand.indices.first { operand[$0] == result[axis] && operand[..<$0].reduce(1, *) == front }
    }
    var part = TensorPart()
    for (lost, kept) in axes {
      guard let own = axis(lost) else { return nil }
      part.axes[own] = kept
    }
    guard !blocks.isEmpty else { return part }
    guard operand.count >= 2, Array(operand[..<2]) == Array(result[..<2]) else { return nil }
    part.blocks = blocks
    return part
  }

  /// The places of what stays, in row-major order.
  func places(in dimensions: [Int]) -> [Int] {
    let strides = Shape(dimensions).rowMajorStrides
    func places(behind axis: Int, _ fixed: (Int) -> [Int]?) -> [Int] {
      var places = [0]
      for axis in dimensions.indices.dropFirst(axis) {
        let kept = fixed(axis) ?? axes[axis] ?? Array(0..<dimensions[axis])
        var next: [Int] = []
        next.reserveCapacity(places.count * kept.count)
        for place in places { for index in kept { next.append(place + index * strides[axis]) } }
        places = next
      }
      return places
    }
    guard !blocks.isEmpty else { return places(behind: 0) { _ in nil } }
    let runs = blocks.map { block in places(behind: 1) { $0 == 1 ? block : nil } }
    let length = dimensions[0] / blocks.count
    return (axes[0] ?? Array(0..<dimensions[0])).flatMap { row in runs[row / length].map { $0 + row * strides[0] } }
  }
}

extension ConstantTensor {
  /// What stays of the tensor.
  func taking(_ part: TensorPart) -> ConstantTensor {
    part.isWhole
      ? self : picked(part.places(in: shape.dimensions), Shape(part.extents(of: shape.dimensions)))
  }

  /// Whether two tensors have the same shape and elements, whatever they are held as.
  func isSame(as other: ConstantTensor) -> Bool {
    guard shape == other.shape else { return false }
    if case .integer(let own) = elements, case .integer(let others) = other.elements { return own == others }
    return doubles == other.doubles
  }
}

/// What a constant has to become for one of its readers.
enum Demand: Hashable {
  /// A part of what it is.
  case part(TensorPart)
  /// Other integers under an extent of their own. `alone` is the same list with the batch size left open, for a tensor
  /// that only this reader has.
  case integers([Int64], dimensions: [Int], alone: [Int64])
}
