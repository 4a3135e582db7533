/// Names a value of one network: an index into `Network.values`.
public struct ValueID: Hashable, Sendable, Comparable {
  /// The index into `Network.values`.
  public let index: Int
  /// Names the value at `index`.
  public init(_ index: Int) { self.index = index }
  /// Order of appearance.
  public static func < (left: ValueID, right: ValueID) -> Bool { left.index < right.index }
}

/// One array that flows through a network, or is known beforehand.
public struct Value: Sendable {
  /// The ONNX tensor name.
  public let name: String
  /// Extents, the batch included (axis 0 of what depends on the data).
  public let shape: Shape
  /// The data, for a constant; `nil` for what is computed.
  public let constant: ConstantTensor?

  /// A computed value.
  public init(name: String, shape: Shape) {
    self.name = name
    self.shape = shape
    self.constant = nil
  }

  /// A constant value.
  public init(name: String, constant: ConstantTensor) {
    self.name = name
    self.shape = constant.shape
    self.constant = constant
  }
}

/// One operation of a network.
public struct Node: Sendable {
  /// The ONNX node name; where the file has none, op type and position, like `Conv_12`.
  public let name: String
  /// The ONNX op type as written: `Conv`, `Gemm`, `Flatten` …
  public let opType: String
  /// What it computes.
  public let operation: Operation
  /// Operands in the order that `Operation` documents; `nil` where an optional one is absent.
  public let inputs: [ValueID?]
  /// Results.
  public let outputs: [ValueID]

  /// One operation of a network.
  public init(name: String, opType: String, operation: Operation, inputs: [ValueID?], outputs: [ValueID]) {
    self.name = name
    self.opType = opType
    self.operation = operation
    self.inputs = inputs
    self.outputs = outputs
  }
}

/// A network with one batch size: nodes in an order in which they can run, every shape known and checked.
///
/// A value without a node that yields it is an input or a constant. Unused constants may be present.
public struct Network: Sendable {
  /// The model's name for people: the file name without its extension.
  public let name: String
  /// Samples per run; axis 0 of every input.
  public let batchSize: Int
  /// Every value; `ValueID` indexes this list.
  public let values: [Value]
  /// Operations, each behind those that yield its operands.
  public let nodes: [Node]
  /// What a run is given.
  public let inputs: [ValueID]
  /// What a run yields.
  public let outputs: [ValueID]

  /// A network, checked.
  /// - Throws: `NetworkError` when an operand is not yet computed, a value is yielded twice, an operation's operands do
  ///   not fit it, or a declared shape is not what the operation yields.
  public init(name: String, batchSize: Int, values: [Value], nodes: [Node], inputs: [ValueID], outputs: [ValueID])
    throws(NetworkError)
  {
    self.name = name
    self.batchSize = batchSize
    self.values = values
    self.nodes = nodes
    self.inputs = inputs
    self.outputs = outputs
    try check()
  }

  /// The value that an identifier names.
  public subscript(id: ValueID) -> Value { values[id.index] }

  /// The nodes that read each value, by node index; ascending, a node twice if it reads the value twice.
  public func readers() -> [[Int]] {
    var readers = [[Int]](repeating: [], count: values.count)
    for (index, node) in nodes.enumerated() {
      for case let input? in node.inputs { readers[input.index].append(index) }
    }
    return readers
  }

  /// The node that yields each value, by value index; `nil` for inputs and constants.
  public func producers() -> [Int?] {
    var producers = [Int?](repeating: nil, count: values.count)
    for (index, node) in nodes.enumerated() {
      for output in node.outputs { producers[output.index] = index }
    }
    return producers
  }

  /// Which nodes some values depend on, by node index.
  public func ancestors(of values: [ValueID]) -> [Bool] {
    var reaches = [Bool](repeating: false, count: self.values.count)
    for value in values { reaches[value.index] = true }
    var needed = [Bool](repeating: false, count: nodes.count)
    for (index, node) in nodes.enumerated().reversed() where node.outputs.contains(where: { reaches[$0.index] }) {
      needed[index] = true
      for case let input? in node.inputs { reaches[input.index] = true }
    }
    return needed
  }
}

/// Why a list of values and nodes is no network.
public struct NetworkError: Error, Hashable, CustomStringConvertible {
  /// The node or value at fault.
  public let place: String
  /// What is wrong there: expected, found.
  public let problem: String

  /// An error at a place.
  public init(_ place: String, _ problem: String) {
    self.place = place
    self.problem = problem
  }

  /// Place and problem.
  public var description: String { "\(place): \(problem)" }
}
