import Networks

extension OperatorNode {
  /// Gather with constant indices.
  func convertGather(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let indices = try constant(1)
    guard case .integer(let written) = indices.elements else { throw .bad("indices, expected integers") }
    let axis = try self.axis(try integer("axis", default: 0), rank: x.shape.rank)
    _ = try builder.reserve(indices.shape.dimensions)
    let places = try places(written, on: axis, of: x.shape)
    let dimensions = x.shape.dimensions
    return [
      try builder.emit(
        self, .gather(axis: axis, indices: places, indexRank: indices.shape.rank), [x],
        dimensions[..<axis] + indices.shape.dimensions + dimensions[(axis + 1)...])
    ]
  }

  /// Indices along an axis, those that count from the end made to count from the front.
  func places(_ indices: [Int64], on axis: Int, of shape: Shape) throws(ImportProblem) -> [Int] {
    let extent = shape[axis]
    var places: [Int] = []
    places.reserveCapacity(indices.count)
    for index in indices {
      guard index >= -extent, index < extent else { throw .bad("index \(index) on axis \(axis) of \(shape)") }
      places.append(Int(index) + (index < 0 ? extent : 0))
    }
    return places
  }

  /// Expand to a constant shape.
  func convertExpand(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let target = try expanded(x.shape)
    guard target != x.shape else { return [x] }
    return [try builder.emit(self, .expand, [x], target.dimensions)]
  }

  /// The shape that Expand gives its operand.
  func expanded(_ shape: Shape) throws(ImportProblem) -> Shape {
    guard let written = try integerList(1) else { throw .bad("the shape is missing") }
    guard let asked = Shape(written: written), let target = shape.broadcast(with: asked) else {
      throw .bad("\(shape) does not expand to \(written)")
    }
    return target
  }

  /// Tile: the value joined to itself, axis by axis.
  func convertTile(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let x = try float(0)
    let rank = x.shape.rank
    guard let repeats = try integerList(1), repeats.count == rank, repeats.allSatisfy({ $0 >= 1 }) else {
      throw .bad("repeats, expected one ≥ 1 for each of \(rank) axes")
    }
    guard let most = repeats.max() else { return [x] }
    guard most <= ImportLimits.listElements else {
      throw .unsupported("repeats \(repeats), at most \(ImportLimits.listElements)")
    }
    var result = x
    let axes = repeats.indices.filter { repeats[$0] > 1 }
    for axis in axes {
      let isLast = axis == axes.last
      var dimensions = result.shape.dimensions
      let (extent, overflow) = dimensions[axis].multipliedReportingOverflow(by: repeats[axis])
      guard !overflow else { throw .bad("repeats \(repeats) of shape \(x.shape)") }
      dimensions[axis] = extent
      // Every repeat is an operand of the node, and everything that looks at the node looks at each of them.
      _ = try builder.reserve([repeats[axis]], arrays: 64)
      result = try builder.emit(
        self, .concat(axis: axis), [Operand?](repeating: result, count: repeats[axis]), dimensions,
        part: isLast ? nil : "axis\(axis)", isResult: isLast)
    }
    return [result]
  }

  /// DepthToSpace: blocks of channels become blocks of pixels.
  func convertDepthToSpace(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (x, block) = try blocked()
    let (samples, channels, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    guard channels % (block * block) == 0 else { throw .bad("blocks of \(block) in \(channels) channels") }
    let depth = channels / (block * block)
    let cut: [Int]
    let permutation: [Int]
    switch try text("mode", default: "DCR") {
    case "DCR": (cut, permutation) = ([samples, block, block, depth, height, width], [0, 3, 4, 1, 5, 2])
    case "CRD": (cut, permutation) = ([samples, depth, block, block, height, width], [0, 1, 4, 2, 5, 3])
    case let mode: throw .bad("mode '\(mode)', expected DCR or CRD")
    }
    return [try rearranged(x, cut, permutation, [samples, depth, height * block, width * block], &builder)]
  }

  /// SpaceToDepth: blocks of pixels become blocks of channels.
  func convertSpaceToDepth(_ builder: inout NetworkBuilder) throws(ImportProblem) -> [Operand] {
    let (x, block) = try blocked()
    let (samples, channels, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    guard height % block == 0, width % block == 0 else { throw .bad("blocks of \(block) in \(height) × \(width)") }
    let (rows, columns) = (height / block, width / block)
    return [
      try rearranged(
        x, [samples, channels, rows, block, columns, block], [0, 3, 5, 1, 2, 4],
        [samples, channels * block * block, rows, columns], &builder)
    ]
  }

  private func blocked() throws(ImportProblem) -> (x: Operand, block: Int) {
    let x = try float(0)
    let block = try integer("blocksize", default: 0)
    guard x.shape.rank == 4, (1...1 << 15).contains(block) else {
      throw .bad("blocks of \(block) in shape \(x.shape), expected at least 1 and 4 axes")
    }
    return (x, block)
  }

  /// A reshape, a transposition and a reshape; the transposition is the node.
  private func rearranged(
    _ x: Operand, _ cut: [Int], _ permutation: [Int], _ dimensions: [Int], _ builder: inout NetworkBuilder
  ) throws(ImportProblem) -> Operand {
    let apart = try builder.emit(self, .reshape, opType: "Reshape", [x], cut, part: "cut", isResult: false)
    let turned = try builder.emit(
      self, .transpose(permutation: permutation), [apart], permutation.map { cut[$0] }, isResult: false)
    return try builder.emit(self, .reshape, opType: "Reshape", [turned], dimensions, part: "join")
  }
}
