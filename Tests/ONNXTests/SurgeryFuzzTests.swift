import Channels
import Networks
import SwiftProtobuf
import Testing

@testable import ONNX

/// Damaged models on their way through import, analysis and surgery: an error or a model, never a trap.
struct SurgeryFuzzTests {
  /// Removes every other unit that may go; whether that came to a model.
  private func survives(_ bytes: [UInt8]) -> Bool {
    do {
      let files = ModelFiles(model: bytes, path: "damaged.onnx")
      let surgery = try ModelSurgery(try ONNXModel(files: files), files: files)
      let structure = ChannelStructure(of: surgery.network)
      let removed = structure.groups.map { group in
        group.isPrunable ? Set(stride(from: 0, to: group.unitCount - 1, by: 2)) : []
      }
      guard let removal = try? ChannelRemoval(removed, from: structure) else { return false }
      let pruned = try surgery.pruned(removal.parts, gathers: [])
      _ = try pruned.files.outputs(named: "pruned.onnx")
      return true
    } catch {
      return false
    }
  }

  @Test(.timeLimit(.minutes(30)), arguments: SurgeryCase.all)
  func `no damaged byte makes surgery trap`(_ one: SurgeryCase) throws {
    let seed = UInt64(20_261_121)
    var random = SeededGenerator(state: seed)
    let bytes = [UInt8](try one.proto.serializedData())
    for _ in 0..<60 {
      var damaged = bytes
      for _ in 0...random.next() % 3 {
        damaged[Int(random.next() % UInt64(bytes.count))] ^= UInt8(truncatingIfNeeded: random.next() | 1)
      }
      _ = survives(damaged)
    }
  }
}
