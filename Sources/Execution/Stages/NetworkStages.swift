public import Networks

/// A network cut into stages: runs of its nodes, one behind another, each for a rank of its own.
///
/// Where it is cut changes no bit of a result, only what each stage holds, computes and hands on.
public struct NetworkStages: Hashable, Sendable {
  /// Per stage its nodes, by index; together all nodes of the network in their order.
  public let nodes: [Range<Int>]

  /// How many stages there are, at least 1.
  public var count: Int { nodes.count }

  /// The whole network as one stage.
  public init(whole network: Network) { nodes = [0..<network.nodes.count] }

  /// A network cut in front of some nodes.
  /// - Parameter cuts: their indices, ascending.
  /// - Throws: `ExecutionError` when a stage would have nothing to compute.
  public init(_ request: ExecutionRequest, cuts: [Int]) throws(ExecutionError) {
    let count = request.network.nodes.count
    let borders = [0] + cuts + [count]
    let needed = request.neededNodes
    var nodes: [Range<Int>] = []
    for (first, end) in zip(borders, borders.dropFirst()) {
      guard first >= 0, first < end, end <= count, needed[first..<end].contains(true) else {
        throw ExecutionError(
          .unsupported, request.network.name, "cut in front of the nodes \(cuts) of \(count), a stage computes nothing")
      }
      nodes.append(first..<end)
    }
    self.nodes = nodes
  }

  /// The stage of a node.
  public func stage(of node: Int) -> Int {
    nodes.firstIndex { node < $0.upperBound } ?? nodes.count - 1
  }

  /// A request without the elements of constants: what is asked for, but nothing that could be run.
  public static func structure(of request: ExecutionRequest) -> ExecutionRequest {
    Self.keeping(0..<0, [], of: request)
  }

  /// A request for the rank of one stage alone: constants that only other stages need have no elements.
  public func request(_ request: ExecutionRequest, for stage: Int) -> ExecutionRequest {
    Self.keeping(nodes[stage], stage == count - 1 ? request.outputs : [], of: request)
  }

  private static func keeping(_ nodes: Range<Int>, _ outputs: [ValueID], of request: ExecutionRequest)
    -> ExecutionRequest
  {
    ExecutionRequest(
      network: request.network.keepingConstants(of: nodes, and: outputs), loss: request.loss,
      observed: request.observed, inputGradients: request.inputGradients, outputs: request.outputs)
  }
}
