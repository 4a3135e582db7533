import Networks
import SwiftProtobuf

/// One rewriting of a model's nodes and constants.
///
/// First all nodes are visited in running order: a computed one is rewritten for what stays of its operands and results,
/// and says what its constants have to become; one that folds is folded again, since the shapes that it reads may have
/// changed. Then constants are settled from the last to the first.
struct ModelRewrite {
  /// An operand of a node of the trace.
  struct Reader: Hashable {
    let node: Int
    let position: Int
  }

  /// What a constant comes to in the new model if nothing but shapes changes.
  enum Drift {
    case value(ConstantTensor)
    case unknown
  }

  let surgery: ModelSurgery
  let parts: [KeptPart]
  /// By node of the trace its message in the new file; `nil` when it goes.
  var nodes: [Onnx_NodeProto?]
  /// By node of the trace what is put in front of it and behind it.
  var front: [Int: [Onnx_NodeProto]] = [:]
  var behind: [Int: [Onnx_NodeProto]] = [:]
  /// Constants that the file computes and that come out otherwise than in the original, by name.
  var drifts: [String: Drift] = [:]
  /// What readers want of the constants that they read; readers without an entry take them as they come out.
  var demands: [Reader: Demand] = [:]
  /// Operands that go: constants joined to channels of which nothing stays.
  var omitted: Set<Reader> = []
  /// Stored tensors with other contents, by name.
  var tensors: [String: Onnx_TensorProto] = [:]
  /// Initializers that are new.
  var added: [Onnx_TensorProto] = []
  /// Stored tensors of which a part stays, by their names in the new file.
  var storedChanges: [String: (original: String, part: TensorPart)] = [:]
  /// New extents of constants, by name.
  var constantExtents: [String: [Int]] = [:]
  /// Computed tensors that are nowhere in the new model: inside of a shuffle.
  var scattered: [String: ScatteredTensor] = [:]
  /// Moves places; what it makes of them is limited for all nodes together.
  var movement = NetworkBuilder(names: [])
  private var names: Set<String>
  /// By name the number that the next name made from it ends with.
  private var nextNumbers: [String: Int] = [:]

  init(_ surgery: ModelSurgery, _ parts: [KeptPart]) {
    self.surgery = surgery
    self.parts = parts
    nodes = surgery.protos
    names = surgery.model.graph.names
  }

  /// A name that is not taken.
  mutating func unique(_ name: String) -> String {
    if names.insert(name).inserted { return name }
    var number = nextNumbers[name] ?? 2
    while !names.insert("\(name)_\(number)").inserted { number += 1 }
    nextNumbers[name] = number + 1
    return "\(name)_\(number)"
  }

  /// What stays of a computed tensor of the file.
  func part(_ name: String) -> KeptPart { surgery.part(name, of: parts) }

  /// Visits all nodes.
  mutating func rewriteNodes(_ gathers: [InputGather]) throws(ONNXError) {
    let file = surgery.files.path
    try checkParts()
    var inputs: [String: [Int]] = [:]
    for gather in gathers { inputs[gather.node] = gather.kept }
    for index in surgery.trace.nodes.indices {
      let traced = surgery.trace.nodes[index]
      do {
        if traced.isFolded {
          refold(index)
        } else {
          try rewrite(index, inputs.removeValue(forKey: traced.node.name))
        }
      } catch {
        throw error.error(file: file, place: traced.place)
      }
    }
    if let name = inputs.keys.min() {
      throw ONNXError(
        .unsupported, file: file, place: "node '\(name)'", problem: "there is no such layer to gather for")
    }
  }

  /// Inputs and outputs stay, and what stays of a value is part of it.
  private func checkParts() throws(ONNXError) {
    let network = surgery.network
    func wrong(_ place: String, _ problem: String) -> ONNXError {
      ONNXError(.unsupported, file: surgery.files.path, place: place, problem: problem)
    }
    for (role, ids) in [("input", network.inputs), ("output", network.outputs)] {
      for id in ids where parts[id.index] != .whole {
        throw wrong("\(role) '\(network[id].name)'", "it would lose channels, which whoever runs the model relies on")
      }
    }
    for (value, part) in zip(network.values, parts) {
      guard case .along(let axes) = part else { continue }
      for (axis, kept) in axes {
        guard value.constant == nil, value.shape.dimensions.indices.contains(axis),
          Self.isChoice(kept, of: value.shape[axis])
        else {
          throw wrong("'\(value.name)'", "\(kept.count) kept indices of axis \(axis) of shape \(value.shape)")
        }
      }
    }
  }

  /// Whether indices are ascending and some, but not all, of an axis.
  private static func isChoice(_ kept: [Int], of extent: Int) -> Bool {
    guard let first = kept.first, let last = kept.last, first >= 0, last < extent, kept.count < extent else {
      return false
    }
    return zip(kept, kept.dropFirst()).allSatisfy { $0 < $1 }
  }

  private mutating func rewrite(_ index: Int, _ gathered: [Int]?) throws(ImportProblem) {
    let node = surgery.trace.nodes[index].node
    let proto = surgery.protos[index]
    var operandParts = proto.input.map { part($0) }
    let resultParts = proto.output.map { part($0) }
    if (operandParts + resultParts).contains(.scattered) { return try scatter(index) }
    let drifts = proto.input.contains { self.drifts[$0] != nil }
    guard drifts || gathered != nil || (operandParts + resultParts).contains(where: { $0 != .whole }) else { return }
    let shapes = proto.output.map { surgery.trace.bindings[$0]?.shape ?? Shape([]) }
    var picksInput: (operand: Int, axis: Int, indices: [Int])?
    if let gathered {
      let probe = NodeSurgery(
        node, now: nil, operandParts: operandParts, resultParts: resultParts, resultShapes: shapes, proto: proto)
      guard let (operand, axis) = try probe.inputChannels() else {
        throw .unsupported("it is no layer that input channels could be gathered for")
      }
      let extent = try probe.shape(operand)[axis]
      guard Self.isChoice(gathered, of: extent) else {
        throw .unsupported("\(gathered.count) input channels to be gathered, expected some of \(extent), ascending")
      }
      picksInput = (operand, axis, try probe.renumbered(gathered, axis: axis, of: operand))
      var axes: [Int: [Int]] = [:]
      if case .along(let lost) = operandParts[operand] { axes = lost }
      axes[axis] = gathered
      operandParts[operand] = .along(axes)
    }
    guard let rule = SurgeryRule.rule(for: node.opType) else { throw .unsupported("its channels cannot be removed") }
    var rewritten = NodeSurgery(
      node, now: now(node, proto, operandParts), operandParts: operandParts, resultParts: resultParts,
      resultShapes: shapes, proto: proto)
    try rule.apply(to: &rewritten)
    try take(rewritten, at: index)
    if let (operand, axis, indices) = picksInput {
      let input = unique("\(node.name)/gathered_inputs")
      front[index] = [
        gather(
          named: unique("\(node.name)/gather_inputs"), proto.input[operand], indices, axis: axis, to: input)
      ]
      nodes[index]?.input[operand] = input
    }
  }

  /// A node with its operands as they come out; `nil` when one is not known.
  func now(_ node: OperatorNode, _ proto: Onnx_NodeProto, _ parts: [KeptPart]) -> OperatorNode? {
    var operands: [Operand?] = []
    for (position, operand) in node.operands.enumerated() {
      guard let operand else {
        operands.append(nil)
        continue
      }
      if case .computed(let id) = operand.content {
        guard let extents = parts[position].extents(of: operand.shape) else { return nil }
        operands.append(Operand(name: operand.name, shape: Shape(extents), computed: id))
        continue
      }
      switch drifts[proto.input[position]] {
      case .unknown: return nil
      case .value(let tensor):
        operands.append(Operand(name: operand.name, constant: tensor, elementType: operand.elementType))
      case nil: operands.append(operand)
      }
    }
    return OperatorNode(
      name: node.name, opType: node.opType, opset: node.opset, operands: operands, outputs: node.outputs,
      isRead: node.isRead, attributes: node.attributes)
  }

  /// Takes over what a rule has said about a node.
  private mutating func take(_ rewritten: NodeSurgery, at index: Int) throws(ImportProblem) {
    let node = rewritten.node
    var proto = rewritten.proto
    for (position, name) in surgery.protos[index].input.enumerated() where rewritten.isConstant(position) {
      let reader = Reader(node: index, position: position)
      if rewritten.dropped.contains(position) {
        omitted.insert(reader)
      } else if let demand = rewritten.demands[position] {
        register(demand, reader, name)
      } else if !rewritten.isReplaced, !rewritten.accepted.contains(position) {
        // What nobody speaks of keeps its value, whatever shapes it was computed from.
        register(.part(TensorPart()), reader, name)
      }
    }
    for (position, integers) in rewritten.supplied {
      while proto.input.count <= position { proto.input.append("") }
      proto.input[position] = add(integers, named: "\(node.name)/operand\(position)")
    }
    guard !rewritten.picks.isEmpty else {
      nodes[index] = proto
      return
    }
    // The node yields what is picked from; the last pick has the result's name.
    var source = rewritten.isReplaced ? proto.input[0] : unique("\(node.name)/picked")
    var picks: [Onnx_NodeProto] = []
    for (number, pick) in rewritten.picks.enumerated() {
      let isLast = number == rewritten.picks.count - 1
      let target = isLast ? node.outputs[0] : unique("\(node.name)/picked")
      let isOnly = rewritten.isReplaced && number == 0
      picks.append(
        gather(
          named: isOnly ? proto.name : unique("\(node.name)/gather"), source, pick.indices, axis: pick.axis, to: target)
      )
      source = target
    }
    if rewritten.isReplaced {
      nodes[index] = picks.removeFirst()
    } else {
      proto.output[0] = picks[0].input[0]
      nodes[index] = proto
    }
    behind[index] = picks
  }

  /// A Gather node.
  mutating func gather(named name: String, _ source: String, _ indices: [Int], axis: Int, to target: String)
    -> Onnx_NodeProto
  {
    let list = add(indices.map { Int64($0) }, named: "\(name.isEmpty ? target : name)/indices")
    return .with {
      $0.opType = "Gather"
      $0.name = name
      $0.input = [source, list]
      $0.output = [target]
      $0.attribute = [
        .with {
          $0.name = "axis"
          $0.i = Int64(axis)
          $0.type = .int
        }
      ]
    }
  }

  /// Adds an initializer that is a list of integers.
  mutating func add(_ integers: [Int64], named name: String) -> String {
    let name = unique(name)
    let tensor = ConstantTensor(integers: integers, dimensions: [integers.count])
    added.append(Onnx_TensorProto(tensor, type: .int64, name: name))
    return name
  }
}
