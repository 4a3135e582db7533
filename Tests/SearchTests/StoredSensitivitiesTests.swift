import ArrayFiles
import Channels
import Foundation
import ProgramRuns
import Search
import Sensitivity
import Testing

/// The sensitivities of a search, read back for the network that they are of.
struct StoredSensitivitiesTests {
  /// The arrays that a search of the network would write, all zero.
  private static func arrays(_ structure: ChannelStructure) -> [(name: String, array: NumPyArray)] {
    structure.layers.map { ($0.weight, NumPyArray(.doubles([Double](repeating: 0, count: $0.outputs)))) }
      + structure.groups.map { ("group/\($0.id)", NumPyArray(.doubles([Double](repeating: 0, count: $0.unitCount)))) }
  }

  @Test func `sensitivities of another network are refused`() throws {
    let structure = try BranchedNetwork().structure
    let folder = try TemporaryFolder()
    let path = folder.file("s.npz")
    func error(_ change: (inout [(name: String, array: NumPyArray)]) -> Void) throws -> String? {
      var arrays = Self.arrays(structure)
      change(&arrays)
      try NumPyArchive.write(arrays, to: path)
      do {
        _ = try StoredSensitivities(reading: path, for: structure)
        return nil
      } catch {
        return "\(error)"
      }
    }
    #expect(try error { _ in } == nil)
    let first = structure.layers[0]
    #expect(
      try error { $0.removeFirst() }
        == "\(path): has no array '\(first.weight)', which the network asks for: these are the sensitivities of another network"
    )
    #expect(
      try error { $0.append(("group/99", NumPyArray(.doubles([1])))) }
        == "\(path): has an array 'group/99', which the network does not ask for: these are the sensitivities of another network"
    )
    #expect(
      try error { $0[0].array = NumPyArray(.doubles([1, 2])) }
        == "\(path): '\(first.weight)' has shape [2], expected [\(first.outputs)]: these are the sensitivities of another network"
    )
    #expect(
      try error { $0[0].array = NumPyArray(.doubles([Double](repeating: .nan, count: first.outputs))) }
        == "\(path): '\(first.weight)' is nan at 0, expected a finite number")
    #expect(throws: (any Error).self) { try StoredSensitivities(reading: folder.file("none.npz"), for: structure) }
  }

  @Test func `without stored sensitivities the L2 norm decides, and to ask for them is an error`() throws {
    let branched = try BranchedNetwork()
    #expect(ChannelCriterion.standard(isStored: true) == .sensitivity)
    #expect(ChannelCriterion.standard(isStored: false) == .l2)
    let l2 = try ChannelCriterion.l2.scores(of: branched.network, branched.structure, stored: nil)
    #expect(try l2 == ChannelScores(.l2, of: branched.network, branched.structure))
    #expect(try ChannelCriterion.l1.scores(of: branched.network, branched.structure, stored: nil) != l2)
    let error = #expect(throws: SearchError.self) {
      try ChannelCriterion.sensitivity.scores(of: branched.network, branched.structure, stored: nil)
    }
    #expect(error?.kind == .cannotBeRead)
    #expect(StoredSensitivities.beside("/nowhere/ratios.json") == nil)
  }
}
