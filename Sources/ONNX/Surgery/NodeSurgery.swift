import Networks
import SwiftProtobuf

/// One node of the file while what it reads and yields shrinks: a rule says what its constants and attributes become.
struct NodeSurgery {
  /// The node with its operands as imported.
  let node: OperatorNode
  /// The node with its operands as they come out if its own literals are left alone; `nil` when one is not known.
  let now: OperatorNode?
  /// What stays of each operand; constants are whole.
  let operandParts: [KeptPart]
  /// What stays of each result.
  let resultParts: [KeptPart]
  /// The results as imported.
  let resultShapes: [Shape]
  /// The node in the new file.
  var proto: Onnx_NodeProto
  /// By operand what a constant has to become.
  private(set) var demands: [Int: Demand] = [:]
  /// Operands that are right as they come out.
  private(set) var accepted: Set<Int> = []
  /// By operand a list of integers that is new in the file.
  private(set) var supplied: [Int: [Int64]] = [:]
  /// Operands that go.
  private(set) var dropped: Set<Int> = []
  /// Picks along an axis, behind the node or in its place.
  private(set) var picks: [(axis: Int, indices: [Int])] = []
  /// Whether the picks stand in the node's place.
  private(set) var isReplaced = false

  init(
    _ node: OperatorNode, now: OperatorNode?, operandParts: [KeptPart], resultParts: [KeptPart], resultShapes: [Shape],
    proto: Onnx_NodeProto
  ) {
    self.node = node
    self.now = now
    self.operandParts = operandParts
    self.resultParts = resultParts
    self.resultShapes = resultShapes
    self.proto = proto
  }

  /// The shape of an operand as imported.
  func shape(_ position: Int) throws(ImportProblem) -> Shape { try node.required(position).shape }

  /// The shape of a computed operand in the new model.
  func newShape(_ position: Int) throws(ImportProblem) -> Shape {
    let shape = try shape(position)
    return operandParts[position].extents(of: shape).map { Shape($0) } ?? shape
  }

  /// The extents of a result in the new model.
  func newExtents(_ result: Int = 0) -> [Int] {
    resultParts[result].extents(of: resultShapes[result]) ?? resultShapes[result].dimensions
  }

  /// Whether an operand is a constant.
  func isConstant(_ position: Int) -> Bool { node.optional(position)?.constant != nil }

  // MARK: What a rule says

  /// A constant operand keeps a part of itself.
  mutating func keep(_ part: TensorPart, of position: Int) {
    guard isConstant(position) else { return }
    demands[position] = .part(part)
  }

  /// A constant operand keeps some indices of one axis; all of them for `nil`.
  mutating func keep(_ kept: [Int]?, ofAxis axis: Int, of position: Int) {
    keep(TensorPart(axes: kept.map { [axis: $0] } ?? [:]), of: position)
  }

  /// A constant operand becomes other integers.
  /// - Parameter alone: the same with the batch size left open, if there is such a list.
  mutating func write(_ integers: [Int], dimensions: [Int]? = nil, alone: [Int]? = nil, to position: Int) {
    demands[position] = .integers(
      integers.map { Int64($0) }, dimensions: dimensions ?? [integers.count],
      alone: (alone ?? integers).map { Int64($0) })
  }

  /// Constant operands are right as they come out.
  mutating func accept(_ positions: Int...) { accepted.formUnion(positions) }

  /// An operand that was left out becomes a list of integers.
  mutating func supply(_ integers: [Int], as position: Int) { supplied[position] = integers.map { Int64($0) } }

  /// An operand of which nothing stays goes.
  mutating func drop(_ position: Int) { dropped.insert(position) }

  /// Indices are picked from an axis of the result.
  mutating func pick(_ indices: [Int], axis: Int) { picks.append((axis, indices)) }

  /// The picks stand in the node's place.
  mutating func replace() { isReplaced = true }

  /// Sets an attribute that is an integer.
  mutating func set(_ name: String, _ value: Int) {
    set(name) {
      $0.i = Int64(value)
      $0.type = .int
    }
  }

  /// Sets an attribute that is a list of integers.
  mutating func set(_ name: String, _ values: [Int]) {
    set(name) {
      $0.ints = values.map { Int64($0) }
      $0.type = .ints
    }
  }

  private mutating func set(_ name: String, _ change: (inout Onnx_AttributeProto) -> Void) {
    let place = proto.attribute.firstIndex { $0.name == name } ?? proto.attribute.count
    if place == proto.attribute.count { proto.attribute.append(.with { $0.name = name }) }
    change(&proto.attribute[place])
  }

  /// Takes an attribute off.
  mutating func remove(_ name: String) { proto.attribute.removeAll { $0.name == name } }

  // MARK: Lists of indices

  /// The new numbers of some old indices of an operand's axis.
  /// - Throws: when one of them goes.
  func renumbered(_ indices: [Int], axis: Int, of position: Int) throws(ImportProblem) -> [Int] {
    guard let kept = operandParts[position][axis] else { return indices }
    var numbers = [Int?](repeating: nil, count: try shape(position)[axis])
    for (number, index) in kept.enumerated() where numbers.indices.contains(index) { numbers[index] = number }
    var renumbered: [Int] = []
    renumbered.reserveCapacity(indices.count)
    for index in indices {
      guard numbers.indices.contains(index), let number = numbers[index] else {
        throw .unsupported(
          "its result keeps index \(index) of axis \(axis) of operand \(position), which the operand loses")
      }
      renumbered.append(number)
    }
    return renumbered
  }

  /// A list of kept indices cut into runs of equal length, numbered from the start of each.
  /// - Throws: when the runs keep different numbers of indices.
  func blocks(_ kept: [Int], of extent: Int, into count: Int, _ role: String) throws(ImportProblem) -> [[Int]] {
    let length = extent / count
    var blocks = [[Int]](repeating: [], count: count)
    for index in kept { blocks[index / length].append(index % length) }
    guard blocks.allSatisfy({ $0.count == blocks[0].count }), !blocks[0].isEmpty else {
      throw .unsupported(
        "its \(count) groups keep \(blocks.map(\.count)) \(role), expected equally many and at least 1")
    }
    return blocks
  }

  /// Two lists of what stays of one axis that have to agree.
  func agree(_ one: [Int]?, _ other: [Int]?, _ what: String) throws(ImportProblem) {
    guard one != other else { return }
    func text(_ kept: [Int]?) -> String { kept.map { "\($0.count) indices" } ?? "all indices" }
    throw .unsupported("\(what): \(text(one)) and \(text(other)) stay, expected the same ones")
  }
}
