import Execution
import ExecutorContract
import Networks
import Pipelining
import Testing

@Suite struct StagePackageTests {
  @Test(arguments: OperatorProblem.all(seed: 8))
  func `a stage's package is the same behind its bytes`(_ problem: OperatorProblem) throws {
    let count = problem.request.network.nodes.count > 1 ? 2 : 1
    let stages = try NetworkStages(problem.request, count: count)
    for stage in 0..<count {
      let package = StagePackage(problem.request, stages, stage: stage)
      let found = try StagePackage(bytes: package.bytes)
      #expect("\(found.request)" == "\(package.request)")
      #expect(found.stages == stages && found.stage == stage)
    }
  }

  @Test func `only the constants of the stage are sent`() throws {
    let request = PipelineTests.problem.request
    let whole = StagePackage(request, NetworkStages(whole: request.network), stage: 0).bytes.count
    let stages = try NetworkStages(request, count: 2)
    let parts = (0..<2).map { StagePackage(request, stages, stage: $0).bytes.count }
    let empty = StagePackage(NetworkStages.structure(of: request), NetworkStages(whole: request.network), stage: 0)
    // Both hold the structure.
    #expect(abs(parts[0] + parts[1] - whole - empty.bytes.count) < 200)
  }

  @Test func `bytes that are no package are refused and never trap`() throws {
    let request = PipelineTests.problem.request
    let bytes = StagePackage(request, NetworkStages(whole: request.network), stage: 0).bytes
    #expect(throws: ExecutionError.self) { try StagePackage(bytes: []) }
    #expect(throws: ExecutionError.self) { try StagePackage(bytes: bytes + [0]) }
    #expect(throws: ExecutionError.self) { try StagePackage(bytes: Array(bytes.dropLast())) }
    var random = SeededGenerator(seed: 1)
    for _ in 0..<300 {
      var changed = bytes
      changed[Int.random(in: 0..<4000, using: &random)] = UInt8.random(in: 0...255, using: &random)
      _ = try? StagePackage(bytes: changed)
    }
  }
}

@Suite struct StageMessageTests {
  static let result = StageResult(
    losses: [0.5, -1], outputs: [[1, 2, .nan], []], products: [(3, [1, -0.0]), (0, [])], inputGradients: [[7]],
    gradients: [])
  static let targets: [Targets] = [.none, .classes([3, -1]), .dense([0.25]), .drawn([0.5, 0.75]), .ranked(4)]
  static let kinds: [ExecutionError.Kind] = [.unsupported, .badData, .notFinite, .failed, .tooLarge(least: 77)]
  static let messages: [StageMessage] =
    targets.map { StageMessage(batch: 9, .values([1, 2, 3], sampleCount: 2, targets: $0)) }
    + kinds.map { StageMessage(batch: 1, .failure(ExecutionError($0, "conv1 ü", "is wrong", sample: 5))) }
    + [
      StageMessage(batch: 2, .failure(ExecutionError(.failed, "", ""))),
      StageMessage(batch: .max, .gradients([255, 0], results: [result, result])),
    ]

  @Test(arguments: messages.indices)
  func `a message is the same behind its bytes`(_ index: Int) throws {
    let message = Self.messages[index]
    #expect("\(try StageMessage(bytes: message.bytes))" == "\(message)")
  }

  @Test(arguments: messages.indices)
  func `bytes that end too early, go on too long or are changed are refused or read, and never trap`(_ index: Int)
    throws
  {
    let bytes = Self.messages[index].bytes
    for count in bytes.indices {
      #expect(throws: ExecutionError.self) { try StageMessage(bytes: Array(bytes.prefix(count))) }
    }
    #expect(throws: ExecutionError.self) { try StageMessage(bytes: bytes + [0]) }
    var random = SeededGenerator(seed: UInt64(index))
    for _ in 0..<2000 {
      var changed = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        changed[Int.random(in: changed.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      _ = try? StageMessage(bytes: changed)
    }
  }
}
