import ArrayFiles
import Channels
import Configuration
import Execution
import Foundation
import MessagePassing
import Networks
import OneDNN
import ProgramRuns
import ReferenceData
import Testing
import WorkSharing

@testable import Search

/// How much the loss grows where one layer computes in fewer bits.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct QuantizationTableTests {
  private static func table(
    _ demo: SubjectCase, ranks: Int = 1, workers: Int = 1, memoryLimit: Int? = nil, widths: [Int], layers: [Int]
  ) throws -> (table: QuantizationTable, evaluations: Int) {
    let told = ToldPhases()
    let results = try InProcess.run(ranks: ranks) { world -> QuantizationTable? in
      let phases = RunPhases(telling: world.rank == 0 ? told.tell : nil)
      let measurement = QuantizationMeasurement(
        evaluation: try demo.evaluation(world, workers: workers, memoryLimit: memoryLimit, phases: phases),
        structure: demo.preparation.structure)
      return try measurement.table(widths: widths, layers: layers)
    }
    #expect(results.dropFirst().allSatisfy { $0 == nil })
    return (try #require(results[0]), told.totals(of: "bits").reduce(0, +))
  }

  @Test func `within less memory there are fewer workers, and the same table`() throws {
    let demo = try SubjectCase.demo(samples: 27)
    func memory(_ limit: Int) throws -> EvaluationMemory {
      try InProcess.run(ranks: 1) { try demo.evaluation($0, workers: 1000, memoryLimit: limit).memory }[0]
    }
    let error = #expect(throws: SearchError.self) { try memory(1 << 20) }
    let text = try #require(error?.description)
    #expect(text.contains("--memory-limit: 1 MiB"))
    // What the message asks for is enough, and no more than that is.
    let least = try #require(text.split(separator: " ").dropLast().last.flatMap { Int($0) })
    #expect(try memory(least << 20).workerCount >= 1)
    #expect(throws: SearchError.self) { try memory((least - 1) << 20) }
    let some = try memory((least + 20) << 20).workerCount
    #expect(some > 1 && some < 1000)
    let (free, tight) = (
      try Self.table(demo, workers: 2, widths: [2], layers: [0, 2, 3]),
      try Self.table(demo, workers: 2, memoryLimit: least << 20, widths: [2], layers: [0, 2, 3])
    )
    #expect(free.table == tight.table)
  }

  @Test func `the table has the same bytes for 1, 2 and 3 ranks, and is read back`() throws {
    let demo = try SubjectCase.demo(samples: 27)
    let layers = [0, 2, 3]
    var first: Data?
    let structure = demo.preparation.structure.layers
    for (ranks, workers) in [(1, 1), (2, 1), (3, 1), (1, 2)] {
      let folder = try TemporaryFolder()
      let (table, evaluations) = try Self.table(demo, ranks: ranks, workers: workers, widths: [2, 8], layers: layers)
      #expect(evaluations == 1 + 3 * 2 * 2)
      let path = folder.file(QuantizationTable.fileName)
      try table.write(to: path, structure)
      #expect(try QuantizationTable(reading: path, structure) == table)
      #expect(table.weight.indices.filter { !table.weight[$0].isEmpty } == layers)
      let bytes = try folder.contents(of: QuantizationTable.fileName)
      #expect(bytes == first ?? bytes, "\(ranks) ranks")
      first = bytes
    }
  }

  @Test func `ranges are those of what layers read, over all samples`() throws {
    let demo = try SubjectCase.demo(samples: 27)
    let network = demo.subject.network
    let structure = demo.preparation.structure.layers
    let layers = Array(structure.indices)
    let ranges = try InProcess.run(ranks: 2) { world in
      try QuantizationMeasurement(evaluation: try demo.evaluation(world), structure: demo.preparation.structure)
        .inputRanges(of: layers)
    }
    #expect(ranges[0] == ranges[1])
    for (layer, range) in zip(layers, ranges[0]) {
      let node = try #require(network.nodes.first { $0.name == structure[layer].name })
      let value = try #require(node.inputs[0])
      var elements: [Float] = []
      if network.inputs.contains(value) {
        let data = try demo.subject.data.matched(to: network, loss: .agreement)
        elements = try data.batch(0..<27, size: 27).inputs[0]
      } else {
        let model = try demo.subject.model(of: .original, loss: nil, outputs: [value])
        let executor = try model.makeExecutor()
        for run in (0..<27).runs(of: model.runSize) { elements += try model.run(run, on: executor).outputs[0] }
      }
      #expect(range.lowerBound == elements.min())
      #expect(range.upperBound == elements.max())
    }
    // The images are normalised, behind a ReLU nothing is negative.
    #expect(ranges[0][0].lowerBound < 0)
    #expect(ranges[0][1].lowerBound == 0)
  }

  @Test func `layers whose widths are given by hand are not measured`() throws {
    let names = try SubjectCase.demo().preparation.structure.layers.map(\.identity)
    func layers(_ bits: String) throws -> [Int] {
      try SubjectCase.demo([("solver.method", #""greedy""#), ("bits", bits)]).configuration
        .layersWithSearchedBits(names)
    }
    let all = Array(names.indices)
    #expect(try layers(#"{"search": [4, 8]}"#) == all)
    #expect(try layers(#"{"search": [4, 8], "layers": {"stage1.0.conv2": {"weight": 8}}}"#).count == all.count - 1)
    #expect(try layers(#"{"layers": {"stage1.0.conv2": {"weight": 8}}}"#) == [])
  }

  @Test func `a file that is no table of the network is refused`() throws {
    let layers = try SubjectCase.demo().preparation.structure.layers
    let folder = try TemporaryFolder()
    let path = folder.file("q.npz")
    let name = layers[0].name
    let sound: [(name: String, array: NumPyArray)] = [
      ("widths", NumPyArray(.int64s([4, 8]))), ("weight/\(name)", NumPyArray(.doubles([1, 0]))),
      ("activation/\(name)", NumPyArray(.doubles([2, 0]))),
    ]
    func error(_ change: (inout [(name: String, array: NumPyArray)]) -> Void) throws -> String? {
      var arrays = sound
      change(&arrays)
      try NumPyArchive.write(arrays, to: path)
      do {
        _ = try QuantizationTable(reading: path, layers)
        return nil
      } catch {
        return "\(error)"
      }
    }
    let ending = ": this is no quantisation table of the network"
    #expect(try error { _ in } == nil)
    #expect(try error { $0.removeFirst() } == "\(path): has no array 'widths'\(ending)")
    #expect(try error { $0[0].array = NumPyArray(.int64s([8, 4])) }?.contains("expected ascending widths") == true)
    #expect(try error { $0[0].array = NumPyArray(.int64s([1, 4])) }?.contains("expected ascending widths") == true)
    #expect(try error { $0[0].array = NumPyArray(.doubles([4, 8])) }?.contains("expected integers in a row") == true)
    #expect(
      try error { $0.removeLast() } == "\(path): has only one of 'weight/\(name)' and 'activation/\(name)'\(ending)")
    #expect(
      try error { $0[1].array = NumPyArray(.doubles([1])) }
        == "\(path): 'weight/\(name)' has shape [1], expected [2]\(ending)"
    )
    #expect(
      try error { $0[1].array = NumPyArray(.doubles([1, .nan])) }
        == "\(path): 'weight/\(name)' is nan at 1, expected a finite number")
    #expect(
      try error { $0.append(("weight/none", NumPyArray(.doubles([1, 2])))) }
        == "\(path): has an array 'weight/none', which the network does not ask for\(ending)")
  }

  @Test(.enabled(if: ReferenceData.isPresent))
  func `at 16 bits nothing is lost, and the fewer bits the more`() throws {
    let reference = try SubjectCase.reference(
      "resnet20",
      [
        "calibration": """
        {"inputs": "\(ReferenceData.path("data/calib_images.npy"))", "labels": "\(ReferenceData.path("data/calib_labels.npy"))",
         "batch_size": 32}
        """
      ])
    let layers = Array(reference.preparation.structure.layers.indices)
    let (table, _) = try Self.table(reference, workers: 2, widths: [2, 3, 4, 8, 16], layers: layers)
    // The mean loss is 0.19; at 16 bits a layer's numbers move by about 1 part in 100 000.
    for row in table.weight + table.activation { #expect(row[4].magnitude < 1e-5) }
    let sums = [table.weight, table.activation].map { rows in (0..<5).map { width in rows.reduce(0) { $0 + $1[width] } }
    }
    for sum in sums {
      #expect(sum[0] > sum[1])
      #expect(sum[1] > sum[2])
      #expect(sum[2] > 10 * abs(sum[3]))
      #expect(abs(sum[3]) > abs(sum[4]))
    }
  }
}
