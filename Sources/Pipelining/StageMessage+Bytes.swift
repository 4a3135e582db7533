public import Execution

/// Messages as bytes in this machine's order: a number for each kind, then its parts, every array behind its length.
extension StageMessage {
  /// The message as it goes over a wire between ranks of one program.
  public var bytes: [UInt8] {
    let size =
      switch content {
      case .values(let values, _, _): values.count
      case .gradients(let gradients, _): gradients.count
      case .failure: 0
      }
    var writer = ByteWriter(capacity: size + 256)
    writer.put(batch)
    switch content {
    case .values(let values, let sampleCount, let targets):
      writer.put(0)
      writer.put(sampleCount)
      writer.put(targets)
      writer.put(values)
    case .gradients(let gradients, let results):
      writer.put(1)
      writer.put(results.count)
      for result in results { writer.put(result) }
      writer.put(gradients)
    case .failure(let error):
      writer.put(2)
      writer.put(error)
    }
    return writer.bytes
  }

  /// The message that some bytes say.
  /// - Throws: `ExecutionError` when they are none: the neighbour runs another program.
  public init(bytes: [UInt8]) throws(ExecutionError) {
    var reader = ByteReader(bytes)
    batch = try reader.number()
    switch try reader.number() {
    case 0:
      let sampleCount = try reader.number()
      let targets = try reader.targets()
      content = .values(try reader.array(), sampleCount: sampleCount, targets: targets)
    case 1:
      let results = try reader.list { reader throws(ExecutionError) in try reader.result() }
      content = .gradients(try reader.array(), results: results)
    case 2: content = .failure(try reader.error())
    default: throw ByteReader.wrong
    }
    guard reader.isAtEnd else { throw ByteReader.wrong }
  }
}

extension ByteWriter {
  fileprivate mutating func put(_ targets: Targets) {
    switch targets {
    case .none: put(0)
    case .classes(let classes):
      put(1)
      put(classes)
    case .dense(let values):
      put(2)
      put(values)
    case .drawn(let numbers):
      put(3)
      put(numbers)
    case .ranked(let rank):
      put(4)
      put(rank)
    }
  }

  fileprivate mutating func put(_ result: StageResult) {
    put(result.losses)
    put(result.outputs.count)
    for output in result.outputs { put(output) }
    put(result.products.count)
    for (observed, values) in result.products {
      put(observed)
      put(values)
    }
    put(result.inputGradients.count)
    for gradient in result.inputGradients { put(gradient) }
  }

  fileprivate mutating func put(_ error: ExecutionError) {
    switch error.kind {
    case .unsupported: put(0)
    case .badData: put(1)
    case .notFinite: put(2)
    case .failed: put(3)
    case .tooLarge(let least):
      put(4)
      put(least)
    }
    put(error.place)
    put(error.problem)
    put(error.sample ?? -1)
  }
}

extension ByteReader {
  fileprivate mutating func targets() throws(ExecutionError) -> Targets {
    switch try number() {
    case 0: .none
    case 1: .classes(try array())
    case 2: .dense(try array())
    case 3: .drawn(try array())
    case 4: .ranked(try number())
    default: throw ByteReader.wrong
    }
  }

  fileprivate mutating func result() throws(ExecutionError) -> StageResult {
    let losses: [Double] = try array()
    let outputs: [[Float]] = try list { reader throws(ExecutionError) in try reader.array() }
    let products: [(observed: Int, values: [Double])] = try list { reader throws(ExecutionError) in
      (try reader.number(), try reader.array())
    }
    let inputGradients: [[Double]] = try list { reader throws(ExecutionError) in try reader.array() }
    return StageResult(
      losses: losses, outputs: outputs, products: products, inputGradients: inputGradients, gradients: [])
  }

  fileprivate mutating func error() throws(ExecutionError) -> ExecutionError {
    let kind: ExecutionError.Kind
    switch try number() {
    case 0: kind = .unsupported
    case 1: kind = .badData
    case 2: kind = .notFinite
    case 3: kind = .failed
    case 4: kind = .tooLarge(least: try number())
    default: throw ByteReader.wrong
    }
    let (place, problem, sample) = (try text(), try text(), try number())
    return ExecutionError(kind, place, problem, sample: sample < 0 ? nil : sample)
  }
}
