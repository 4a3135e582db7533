public import Execution
import FoundationEssentials
public import MessagePassing
import Networks

/// All that a rank needs to compile and run one stage of a network: the structure of the whole, and the weights of the
/// stage.
///
/// So one rank alone reads the model, and no other one ever holds more than the weights of its own stage.
public struct StagePackage: Sendable {
  /// What the whole network is compiled for; constants that only other stages read are hollow.
  public let request: ExecutionRequest
  /// Where the network is cut.
  public let stages: NetworkStages
  /// Which stage it is.
  public let stage: Int

  /// The package of one stage.
  public init(_ request: ExecutionRequest, _ stages: NetworkStages, stage: Int) {
    self.request = stages.request(request, for: stage)
    self.stages = stages
    self.stage = stage
  }

  /// Compiles the stage.
  public func program(
    on backend: any StagedBackend, executorLimit: Int? = nil
  ) throws(ExecutionError) -> any StageProgram {
    try backend.program(for: request, stage: stage, of: stages, executorLimit: executorLimit)
  }

  /// The package as it goes over a wire between ranks of one program: the structure as text, then the constants.
  public var bytes: [UInt8] {
    let text = structure
    let constants = request.network.values.compactMap(\.constant)
    let size = constants.reduce(text.count) { $0 + $1.elements.byteCount + MemoryLayout<Int>.size }
    var writer = ByteWriter(capacity: size + MemoryLayout<Int>.size)
    writer.put(text)
    for constant in constants {
      switch constant.elements {
      case .float(let elements): writer.put(elements)
      case .double(let elements): writer.put(elements)
      case .integer(let elements): writer.put(elements)
      }
    }
    return writer.bytes
  }

  /// All but the constants, as text.
  private var structure: [UInt8] {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let text = try? encoder.encode(Structure(self)) else {
      preconditionFailure("\(request.network.name) has something that cannot be written as text")
    }
    return [UInt8](text)
  }

  /// Sends the package to another rank, which gets it with `init(from:on:)`; no constant is copied for that.
  public func send(to rank: Int, on world: any Communicator) throws(CommunicationError) {
    try world.sendAll(structure, to: rank, tag: StagePackage.tag)
    for constant in request.network.values.lazy.compactMap(\.constant) where !constant.isHollow {
      switch constant.elements {
      case .float(let elements): try world.sendAll(elements, to: rank, tag: StagePackage.tag)
      case .double(let elements): try world.sendAll(elements, to: rank, tag: StagePackage.tag)
      case .integer(let elements): try world.sendAll(elements, to: rank, tag: StagePackage.tag)
      }
    }
  }

  /// Waits for the package that another rank sends.
  /// - Throws: `ExecutionError` when it is none; `CommunicationError`.
  public init(from rank: Int, on world: any Communicator) throws {
    let structure = try Structure(text: try world.receiveAll(from: rank, tag: StagePackage.tag))
    var constants: [ConstantTensor.Elements] = []
    for value in structure.values where value.kind != .computed {
      switch value.kind {
      case _ where value.isHollow: constants.append(value.noElements)
      case .double: constants.append(.double(try world.receiveAll(from: rank, tag: StagePackage.tag)))
      case .integer: constants.append(.integer(try world.receiveAll(from: rank, tag: StagePackage.tag)))
      case .float, .computed: constants.append(.float(try world.receiveAll(from: rank, tag: StagePackage.tag)))
      }
    }
    try self.init(structure, constants)
  }

  /// Tells packages from other messages.
  private static let tag = 5

  /// The package that some bytes are.
  /// - Throws: `ExecutionError` when they are none: the sender runs another program.
  public init(bytes: [UInt8]) throws(ExecutionError) {
    var reader = ByteReader(bytes)
    let structure = try Structure(text: try reader.array())
    var constants: [ConstantTensor.Elements] = []
    for value in structure.values where value.kind != .computed {
      switch value.kind {
      case .double: constants.append(.double(try reader.array()))
      case .integer: constants.append(.integer(try reader.array()))
      case .float, .computed: constants.append(.float(try reader.array()))
      }
    }
    guard reader.isAtEnd else { throw ByteReader.wrong }
    try self.init(structure, constants)
  }

  private init(_ structure: Structure, _ constants: [ConstantTensor.Elements]) throws(ExecutionError) {
    request = try structure.request(constants)
    stages = try NetworkStages(request, cuts: structure.cuts)
    stage = structure.stage
    guard stages.nodes.indices.contains(stage) else { throw ByteReader.wrong }
  }
}

extension ConstantTensor.Elements {
  fileprivate var byteCount: Int {
    if case .float = self { count * MemoryLayout<Float>.stride } else { count * MemoryLayout<Double>.stride }
  }
}

/// A request without the elements of its network's constants.
private struct Structure: Codable {
  /// A value: its shape, and for a constant the kind of its elements.
  struct Value: Codable {
    enum Kind: String, Codable { case computed, float, double, integer }

    let name: String
    let shape: [Int]
    let kind: Kind
    let isHollow: Bool

    /// What a hollow constant of this kind holds.
    var noElements: ConstantTensor.Elements {
      switch kind {
      case .double: .double([])
      case .integer: .integer([])
      case .float, .computed: .float([])
      }
    }
  }

  struct Node: Codable {
    let name: String
    let opType: String
    let operation: Networks.Operation
    let inputs: [Int?]
    let outputs: [Int]
  }

  struct Observed: Codable {
    let value: Int
    let axis: Int
  }

  let name: String
  let batchSize: Int
  let values: [Value]
  let nodes: [Node]
  let inputs: [Int]
  let outputs: [Int]
  let loss: String?
  let reported: [Int]
  let observed: [Observed]
  let inputGradients: Bool
  let cuts: [Int]
  let stage: Int

  init(_ package: StagePackage) {
    let network = package.request.network
    name = network.name
    batchSize = network.batchSize
    values = network.values.map { value in
      let kind: Value.Kind =
        switch value.constant?.elements {
        case .float: .float
        case .double: .double
        case .integer: .integer
        case nil: .computed
        }
      return Value(
        name: value.name, shape: value.shape.dimensions, kind: kind, isHollow: value.constant?.isHollow ?? false)
    }
    nodes = network.nodes.map { node in
      Node(
        name: node.name, opType: node.opType, operation: node.operation, inputs: node.inputs.map { $0?.index },
        outputs: node.outputs.map(\.index))
    }
    inputs = network.inputs.map(\.index)
    outputs = network.outputs.map(\.index)
    loss = package.request.loss?.rawValue
    reported = package.request.outputs.map(\.index)
    observed = package.request.observed.map { Observed(value: $0.value.index, axis: $0.channelAxis) }
    inputGradients = package.request.inputGradients
    cuts = package.stages.nodes.dropFirst().map(\.lowerBound)
    stage = package.stage
  }

  /// The structure that some text tells.
  init(text: [UInt8]) throws(ExecutionError) {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let structure = try? decoder.decode(Structure.self, from: Data(text)) else { throw ByteReader.wrong }
    self = structure
  }

  /// The request with its constants, of the values that are some, in their order.
  func request(_ constants: [ConstantTensor.Elements]) throws(ExecutionError) -> ExecutionRequest {
    var constants = constants[...]
    var values: [Networks.Value] = []
    for value in self.values {
      guard let shape = Shape(checking: value.shape) else { throw ByteReader.wrong }
      guard value.kind != .computed else {
        values.append(Networks.Value(name: value.name, shape: shape))
        continue
      }
      guard let elements = constants.popFirst(),
        let constant = ConstantTensor(shape, elements, isHollow: value.isHollow)
      else { throw ByteReader.wrong }
      values.append(Networks.Value(name: value.name, constant: constant))
    }
    let known = values.indices
    guard reported.allSatisfy(known.contains), observed.allSatisfy({ known.contains($0.value) }),
      loss.map({ Loss(rawValue: $0) != nil }) ?? true
    else { throw ByteReader.wrong }
    let network: Network
    do {
      network = try Network(
        name: name, batchSize: batchSize, values: values,
        nodes: nodes.map { node in
          Networks.Node(
            name: node.name, opType: node.opType, operation: node.operation,
            inputs: node.inputs.map { $0.map { ValueID($0) } }, outputs: node.outputs.map { ValueID($0) })
        }, inputs: inputs.map { ValueID($0) }, outputs: outputs.map { ValueID($0) })
    } catch {
      throw ExecutionError(.failed, name, "the network that was sent is none: \(error)")
    }
    return ExecutionRequest(
      network: network, loss: loss.flatMap { Loss(rawValue: $0) },
      observed: observed.map { ObservedValue(ValueID($0.value), channelAxis: $0.axis) },
      inputGradients: inputGradients, outputs: reported.map { ValueID($0) })
  }
}
