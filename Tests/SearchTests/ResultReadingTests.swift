import Channels
import Configuration
import Logging
import MessagePassing
import ONNXFormat
import OneDNN
import ProgramRuns
import ReferenceData
import Search
import Sensitivity
import Testing

/// What a search leaves, read back as what is to be removed.
@Suite(.timeLimit(.minutes(30)))
struct ResultReadingTests {
  @Test func `the files of a search give its removal back, the ratios alone with its sensitivities too`() throws {
    let folder = try TemporaryFolder()
    let text = try DemoNetwork.configuration(output: folder.file("out"), changes: [("calibration.samples", "32")])
    let path = try folder.write(text, as: "config.json")
    let outcomes = try InProcess.run(ranks: 1) { world in
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      return try SearchRun(
        on: world, backend: OneDNNBackend(), format: ONNXFormat(), logger: logger, progress: { _ in }
      ).execute(path)
    }
    let outcome = try #require(outcomes[0])
    let structure = try DemoSearch.structure()
    let costs = try CostModel(structure, bits: structure.layers.map { _ in LayerBits(activation: 8, weight: 8) })
    let ratios = folder.file("out/ratios.json")
    let stored = try #require(StoredSensitivities.beside(ratios))
    #expect(stored == folder.file("out/sensitivities.npz"))
    let scores = try StoredSensitivities(reading: stored, for: structure).scores
    #expect(scores.layers.map(\.count) == structure.layers.map(\.outputs))

    let listed = try RemovalRequest(RatioFile.read(ratios), for: structure, costs, scores: { scores })
    for (layer, result) in zip(structure.layers, outcome.ratios.layers) {
      let going = layer.outputUnits.indices.filter { channel in
        layer.outputUnits[channel].map { listed.removed[$0.group].contains($0.unit) } ?? false
      }
      #expect(going == result.prunedChannels)
    }
    var tree = try JSONValue(parsing: Array(folder.contents(of: "out/ratios.json")), file: "ratios.json")
    guard case .array(let layers) = tree["layers"] else { return }
    tree["layers"] = .array(
      layers.map { layer in
        var alone = layer
        alone["pruned_channels"] = nil
        return alone
      })
    let alone = try RatioFile(parsing: Array(tree.text().utf8), file: "alone.json")
    #expect(try RemovalRequest(alone, for: structure, costs, scores: { scores }).removed == listed.removed)
  }
}
