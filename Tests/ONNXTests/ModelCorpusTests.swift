import Foundation
import SwiftProtobuf
import Testing

@testable import ONNX

/// The small models of these tests are what `scripts/fuzz` starts from.
struct ModelCorpusTests {
  private static let folder = ProcessInfo.processInfo.environment["PRUNE_CLUSTER_FUZZ_CORPUS"]

  @Test(.enabled(if: folder != nil))
  func `every model case is a start for fuzzing`() throws {
    let folder = URL(fileURLWithPath: try #require(Self.folder))
    // Renamed when it is whole: who finds the folder finds all models.
    let draft = folder.appendingPathExtension("\(ProcessInfo.processInfo.processIdentifier)")
    let place = draft.appendingPathComponent("model")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    let models =
      try RuntimeCase.all.map { try $0.model.bytes }
      + SurgeryCase.all.map { one -> [UInt8] in try one.proto.serializedBytes() }
    // The largest are so by their weights alone, and take the time of many small ones.
    for (number, model) in models.enumerated() where model.count < 16 << 10 {
      try Data(model).write(to: place.appendingPathComponent("case-\(number).onnx"))
    }
    try? FileManager.default.removeItem(at: folder)
    try FileManager.default.moveItem(at: draft, to: folder)
  }
}
