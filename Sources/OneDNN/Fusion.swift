import Execution
import Networks

/// Which nodes run as a part of another node's kernels.
///
/// A layer takes in the activation that alone reads it, an addition that alone reads a convolution writes over it, and a
/// channel shuffle spelled as three nodes is one permutation. Values that disappear so must be read by nobody else:
/// neither the loss, nor who asked for outputs or products (but for a layer's own, which follow from the activation).
struct Fusion {
  /// What a node does besides its own operation.
  struct Activation {
    /// The function of its result.
    let function: ElementFunction
    /// The value that it yields instead of its own.
    let result: ValueID
  }

  /// An addition that writes over one of its operands.
  struct Residual {
    /// The convolution's result, which disappears.
    let branch: ValueID
    /// The other operand, which stays.
    let stem: ValueID
  }

  /// By node index, the activation that runs with it.
  private(set) var activations: [Int: Activation] = [:]
  /// By node index, additions that write over an operand.
  private(set) var residuals: [Int: Residual] = [:]
  /// By index of a shuffle's last node: its operand and the number of groups.
  private(set) var shuffles: [Int: (operand: ValueID, groups: Int)] = [:]
  /// By node index, whether another node's kernels do its work.
  private(set) var isAbsorbed: [Bool]

  private let network: Network
  private let readersByValue: [[Int]]
  private let producers: [Int?]
  private let observed: [ValueID: [Int]]
  private let isKept: [Bool]

  /// Finds what can run together.
  init(_ request: ExecutionRequest, needed: [Bool]) {
    let network = request.network
    self.network = network
    readersByValue = network.readers().map { $0.filter { needed[$0] } }
    producers = network.producers()
    observed = Dictionary(grouping: request.observed, by: \.value).mapValues { $0.map(\.channelAxis) }
    var isKept = [Bool](repeating: false, count: network.values.count)
    for id in request.outputs + (request.head.map { [$0] } ?? []) { isKept[id.index] = true }
    self.isKept = isKept
    isAbsorbed = [Bool](repeating: false, count: network.nodes.count)
    for index in network.nodes.indices where needed[index] {
      findResidual(index)
      findShuffle(index)
    }
    for index in network.nodes.indices where needed[index] && !isAbsorbed[index] { findActivation(index) }
  }

  /// What a node yields once its activation is part of it.
  func result(of index: Int) -> ValueID { activations[index]?.result ?? network.nodes[index].outputs[0] }

  /// The one node that reads a value, if nobody else needs it.
  func soleReader(of id: ValueID) -> Int? {
    guard !isKept[id.index], readersByValue[id.index].count == 1 else { return nil }
    return readersByValue[id.index][0]
  }

  /// The node that yields a value; `nil` for inputs and constants.
  func producer(of id: ValueID) -> Node? { producers[id.index].map { network.nodes[$0] } }

  /// The nodes that read a value.
  func readers(of id: ValueID) -> [Int] { readersByValue[id.index] }

  /// Whether nobody reads a value behind a node.
  func isLastReader(_ index: Int, of id: ValueID) -> Bool {
    !isKept[id.index] && readersByValue[id.index].allSatisfy { $0 <= index }
  }

  /// Whether somebody asked for products with a value.
  func isObserved(_ id: ValueID) -> Bool { observed[id] != nil }

  /// Whether the products with a node's result, if asked for, can do without that result: a layer's follow from what its
  /// activation or the addition behind it yields, channel by channel.
  private func hasPlainProducts(_ node: Node) -> Bool {
    guard let axes = observed[node.outputs[0]] else { return true }
    let shape = network[node.outputs[0]].shape
    guard shape.rank > 1, shape[0] % network.batchSize == 0 else { return false }
    switch node.operation {
    case .convolution: return axes.allSatisfy { $0 == 1 }
    case .linear: return axes.allSatisfy { $0 == shape.rank - 1 }
    default: return false
    }
  }

  private mutating func findActivation(_ index: Int) {
    let node = network.nodes[index]
    switch node.operation {
    case .convolution, .linear, .batchNormalization: break
    case .binary(.add) where residuals[index] != nil: break
    default: return
    }
    guard hasPlainProducts(node), let reader = soleReader(of: node.outputs[0]),
      case .unary(let unary) = network.nodes[reader].operation
    else {
      return
    }
    switch unary {
    case .relu: break
    case .clip(let lower, let upper): guard Float(lower) < Float(upper) else { return }
    default: return
    }
    let result = network.nodes[reader].outputs[0]
    guard !isObserved(result) else { return }
    activations[index] = Activation(function: ElementFunction(unary), result: result)
    isAbsorbed[reader] = true
  }

  private mutating func findResidual(_ index: Int) {
    let node = network.nodes[index]
    guard case .binary(.add) = node.operation, let a = node.inputs[0], let b = node.inputs[1], a != b else { return }
    // The later operand: the other one is there already.
    let sorted = [a, b].sorted { (producers[$0.index] ?? -1) > (producers[$1.index] ?? -1) }
    for (branch, stem) in [(sorted[0], sorted[1]), (sorted[1], sorted[0])] {
      guard network[branch].shape == network[node.outputs[0]].shape, network[stem].shape == network[branch].shape,
        network[stem].constant == nil, soleReader(of: branch) == index, let producer = producers[branch.index],
        case .convolution(let convolution) = network.nodes[producer].operation, !convolution.isFaint,
        hasPlainProducts(network.nodes[producer])
      else { continue }
      residuals[index] = Residual(branch: branch, stem: stem)
      return
    }
  }

  /// [N, C, …] as [N, groups, C ÷ groups, …], the two axes exchanged, and back.
  private mutating func findShuffle(_ index: Int) {
    let first = network.nodes[index]
    guard case .reshape = first.operation, let operand = first.inputs[0],
      let exchange = soleReader(of: first.outputs[0]), let last = soleReader(of: network.nodes[exchange].outputs[0]),
      case .transpose(let permutation) = network.nodes[exchange].operation,
      case .reshape = network.nodes[last].operation
    else { return }
    let (whole, parted) = (network[operand].shape, network[first.outputs[0]].shape)
    let space = Array(whole.dimensions.dropFirst(2))
    guard whole.rank >= 3, network[network.nodes[last].outputs[0]].shape == whole, parted.rank == whole.rank + 1,
      parted[0] == whole[0], Array(parted.dimensions.dropFirst(3)) == space,
      permutation == [0, 2, 1] + Array(3..<parted.rank),
      ![first.outputs[0], network.nodes[exchange].outputs[0]].contains(where: isObserved)
    else { return }
    shuffles[last] = (operand, parted[1])
    isAbsorbed[index] = true
    isAbsorbed[exchange] = true
  }
}

extension Convolution {
  /// Whether its results are so small by a factor of their own (a layer scale) that a sum with something else would not
  /// keep their digits.
  fileprivate var isFaint: Bool { outputScale.map { ($0.lazy.map(\.magnitude).max() ?? 0) < 1.0 / 64 } ?? false }
}
