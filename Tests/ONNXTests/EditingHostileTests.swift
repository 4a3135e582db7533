import Foundation
import Networks
import Testing

@testable import ONNX

/// Damaged files: an error or a result, never a trap.
struct EditingHostileTests {
  private static func sound() throws -> ModelFiles {
    let external = try EditingExternalTests.model()
    let graph = Wire.fields(try EditingWireTests.model()[...]).first { $0.number == 7 }
    let fields = Wire.fields(external.model).filter { $0.number != 7 }.flatMap(\.whole)
    let both =
      Array(graph?.content ?? [])
      + (Wire.fields(external.model).first { $0.number == 7 }.map { Array($0.content) } ?? [])
    return ModelFiles(model: fields + Wire.field(7, both), external: external.external, path: "damaged.onnx")
  }

  /// Does everything to a file that this part of the package does.
  private func survives(_ bytes: [UInt8], _ external: [String: [UInt8]]) -> Int {
    let files = ModelFiles(model: bytes, external: external, path: "damaged.onnx")
    var passed = 0
    func attempt(_ body: () throws -> Void) { do { try body(); passed += 1 } catch {} }
    attempt { _ = try files.applying(ModelEdits()) }
    for change: (inout ModelEdits) -> Void in [
      { $0.tensors["v"] = ModelBuilder.floatTensor("v", dims: [1]) }, { $0.nodes[1] = [] },
      { $0.tensors["k"] = ModelBuilder.floatTensor("", dims: [1]) }, { $0.removedInitializers = ["w1"] },
      { $0.extents = ["h": [1: 3], "y": [0: 1]] },
      { $0.tensors["scale"] = ModelBuilder.floatTensor("", dims: [400], (0..<400).map { Float($0) }) },
    ] {
      var edits = ModelEdits()
      change(&edits)
      attempt { _ = try files.applying(edits).outputs(named: "out.onnx") }
    }
    attempt { _ = try files.outputs(named: "out.onnx") }
    attempt { _ = try files.obstacles(toReplacing: ["first", "second", "held", "conv1", "conv2"]) }
    attempt {
      _ = try files.replacing([LayerParameters(node: "second", weight: [1, 2, 3, 4, 5, 6, 7, 8], bias: [1, 2])])
    }
    attempt {
      for tensor in try files.proto.graph.tensors {
        attempt { _ = try tensor.taking([0: [0]], files: external) }
        attempt { _ = try tensor.takingBlocks(outputs: [[0], [1]], inputs: [[0], [0]], files: external) }
        attempt { _ = try tensor.replacing(values: [1]) }
        attempt { _ = try tensor.rawBytes() }
      }
    }
    return passed
  }

  @Test(.timeLimit(.minutes(30)))
  func `no prefix of a model traps`() throws {
    let files = try Self.sound()
    let bytes = Array(files.model)
    #expect(survives(bytes, files.external) > 15)
    for count in 0..<bytes.count { _ = survives(Array(bytes[..<count]), files.external) }
  }

  @Test(.timeLimit(.minutes(30)))
  func `no damaged byte of a model traps`() throws {
    let seed = UInt64(20_261_122)
    print("damaged bytes of edited models: seed \(seed)")
    var random = SeededGenerator(state: seed)
    let files = try Self.sound()
    let bytes = Array(files.model)
    var passed = 0
    for _ in 0..<2000 {
      var damaged = bytes
      for _ in 0..<Int(random.next() % 3) + 1 {
        damaged[Int(random.next() % UInt64(bytes.count))] ^= UInt8(truncatingIfNeeded: random.next() | 1)
      }
      passed += survives(damaged, files.external)
    }
    print("\(passed) edits of 2000 damaged files still work")
  }
}
