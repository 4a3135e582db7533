import Channels
import Foundation
import Networks
import ProgramRuns
import SwiftProtobuf
import Testing

@testable import ONNX

/// Rules of every operator: what is pruned computes what the original computes whose layers read zeros.
struct SurgeryTests {
  @Test(arguments: SurgeryCase.all)
  func `a pruned model computes what the original computes with zeros for what is removed`(_ one: SurgeryCase) throws {
    let result = try one.prune()
    #expect(!result.removal.isEmpty)
    let batch = Int(one.shape[0] ?? 3)
    let masked = ModelFiles(model: try result.masked.serializedBytes(), path: "masked.onnx")
    let expected = try Surgery.run(masked, batch: batch)
    let found = try Surgery.run(result.pruned.files, batch: batch)
    #expect(found.shape == expected.shape)
    let scale = max(1, expected.elements.map(abs).max() ?? 1)
    let worst = zip(found.elements, expected.elements).map { abs($0 - $1) }.max() ?? .infinity
    #expect(worst <= one.tolerance * scale, "off by \(worst) of \(scale)")
  }

  @Test
  func `every operator that reads computed values has a rule`() {
    for opType in OperatorRegistry.supported where !["Shape", "Size"].contains(opType) {
      #expect(SurgeryRule.rule(for: opType) != nil, "\(opType)")
    }
  }

  @Test(.enabled(if: PythonPeer.python != nil), .timeLimit(.minutes(30)), arguments: SurgeryCase.standard)
  func `a pruned model is valid and onnxruntime computes the same with it`(_ one: SurgeryCase) throws {
    let answer = try #require(try SurgeryPeer.answers.get()[one.name])
    #expect(answer.error == nil)
    // float32 there: 7 digits of the largest result, over sums of some ten products.
    #expect(try #require(answer.difference) <= 2e-6)
  }
}
